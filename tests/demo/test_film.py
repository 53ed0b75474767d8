from __future__ import annotations

from pathlib import Path

import av
import pytest

from pet_stream.demo.film import FILM_FILE, RATE_FPS, Film, load_film
from pet_stream.errors import SourceError
from pet_stream.media.h264 import (
    NalUnitType,
    ParameterSets,
    SliceHeader,
    nal_unit_type,
    parse_slice_header,
    split_annex_b,
)
from tools.film.scene import GOP_PICTURES, LOOP_PICTURES, read_picture_number

from ..footage import decode

MAX_BYTES = 4_000_000


def slice_headers(film: Film) -> list[SliceHeader]:
    """Of the first slice of each picture."""
    parameter_sets = ParameterSets()
    headers = []
    for picture in film:
        nal_units = split_annex_b(picture.data)
        parameter_sets = parameter_sets.including(nal_units)
        first = next(n for n in nal_units if nal_unit_type(n) in (1, 5))
        headers.append(parse_slice_header(first, parameter_sets))
    return headers


def test_it_is_whole_gops_of_baseline(film: Film) -> None:
    headers = slice_headers(film)
    assert len(film) == LOOP_PICTURES
    assert [h.is_idr for h in headers] == [i % GOP_PICTURES == 0 for i in range(LOOP_PICTURES)]
    assert {h.slice_type for h in headers} == {0, 2}
    assert [h.frame_num for h in headers] == [i % GOP_PICTURES for i in range(LOOP_PICTURES)]


def test_idrs_in_a_row_differ_in_idr_pic_id_across_the_seam_too(film: Film) -> None:
    ids = [h.idr_pic_id for h in slice_headers(film) if h.is_idr]
    assert all(a != b for a, b in zip(ids, ids[1:] + ids[:1], strict=True))


def test_every_idr_carries_its_parameter_sets(film: Film) -> None:
    for picture in film[::GOP_PICTURES]:
        nal_units = split_annex_b(picture.data)
        kinds = [nal_unit_type(nal_unit) for nal_unit in nal_units]
        assert kinds[:2] == [NalUnitType.SPS, NalUnitType.PPS]
        sps = ParameterSets().including(nal_units).sps_by_pps.get(0)
        assert sps is not None
        assert (sps.width, sps.height, sps.profile_level_id) == (1280, 720, "42c01f")


def test_it_is_small_and_lasts_twenty_seconds(film: Film) -> None:
    assert FILM_FILE.stat().st_size <= MAX_BYTES
    assert len(film) / RATE_FPS > 20


def test_each_decoded_picture_shows_its_number(film: Film) -> None:
    """Beginning with the last GOP, so that the seam is decoded as well."""
    loop = [*film[-GOP_PICTURES:], *film]
    shown = [number_in(frame) for frame in decode(picture.data for picture in loop)]
    assert shown == [*range(LOOP_PICTURES - GOP_PICTURES, LOOP_PICTURES), *range(LOOP_PICTURES)]


def number_in(frame: av.VideoFrame) -> int | None:
    return read_picture_number(bytes(frame.planes[0]), frame.planes[0].line_size)


def test_a_missing_film_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="can't be read"):
        load_film(tmp_path / "film.zip")


@pytest.mark.parametrize("place", ["beginning", "access unit", "end"])
def test_a_damaged_film_is_said(tmp_path: Path, place: str) -> None:
    content = bytearray(FILM_FILE.read_bytes())
    content[{"beginning": 0, "access unit": len(content) // 2, "end": -20}[place]] ^= 1
    path = tmp_path / "film.zip"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="can't be read"):
        load_film(path)


@pytest.mark.parametrize("size", [0, 10, 1_000_000, -1])
def test_a_truncated_film_is_said(tmp_path: Path, size: int) -> None:
    path = tmp_path / "film.zip"
    path.write_bytes(FILM_FILE.read_bytes()[:size])
    with pytest.raises(SourceError, match="can't be read"):
        load_film(path)
