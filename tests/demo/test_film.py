from __future__ import annotations

import logging
from pathlib import Path

import av
import pytest

from pet_stream.demo.film import (
    GOP_PICTURES,
    LOOP_PICTURES,
    RATE_FPS,
    Film,
    cache_folder,
    film_path,
    load_film,
    save_film,
)
from pet_stream.demo.film_maker import ProgressBar
from pet_stream.demo.scene import read_picture_number
from pet_stream.media.h264 import (
    NalUnitType,
    ParameterSets,
    SliceHeader,
    nal_unit_type,
    parse_slice_header,
    split_annex_b,
)

from ..footage import decode


def slice_headers(film: Film) -> list[SliceHeader]:
    """Of the first slice of each picture."""
    parameter_sets = ParameterSets()
    headers = []
    for picture in film:
        nal_units = split_annex_b(picture.data)
        parameter_sets.update(nal_units)
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
        sets = ParameterSets()
        sets.update(nal_units)
        sps = sets.sps_for(0)
        assert sps is not None
        assert (sps.width, sps.height, sps.profile_level_id) == (1280, 720, "42c01f")


def test_it_has_about_two_megabits_a_second(film: Film) -> None:
    size = sum(len(picture.data) for picture in film)
    assert 1.7e6 < size * 8 * RATE_FPS / LOOP_PICTURES < 2.4e6


def test_each_decoded_picture_shows_its_number(film: Film) -> None:
    """Two rounds, so that the seam is decoded as well."""
    rounds = [*film[-GOP_PICTURES:], *film[: 2 * GOP_PICTURES]]
    shown = [number_in(frame) for frame in decode(picture.data for picture in rounds)]
    assert shown == [*range(LOOP_PICTURES - GOP_PICTURES, LOOP_PICTURES), *range(2 * GOP_PICTURES)]


def number_in(frame: av.VideoFrame) -> int | None:
    return read_picture_number(bytes(frame.planes[0]), frame.planes[0].line_size)


def test_a_film_is_kept_with_its_detections(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "film"
    save_film(film[:28], path)
    assert load_film(path) == film[:28]
    assert [entry.name for entry in path.parent.iterdir()] == ["film"]


def test_a_missing_film_is_none(tmp_path: Path) -> None:
    assert load_film(tmp_path / "film") is None


@pytest.mark.parametrize("size", [0, 10, 5000, -1])
def test_a_damaged_film_is_none_and_said(
    film: Film, tmp_path: Path, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "film"
    save_film(film[:14], path)
    path.write_bytes(path.read_bytes()[:size])
    with caplog.at_level(logging.WARNING):
        assert load_film(path) is None
    assert "can't be used" in caplog.text


@pytest.mark.parametrize(
    ("value", "expected"),
    [("/var/cache/me", "/var/cache/me/pet_stream"), ("", None), ("relative", None)],
)
def test_the_cache_is_where_xdg_says(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: str | None
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder() == Path(expected or "/home/me/.cache/pet_stream")
    assert film_path(cache_folder()).suffix == ".film"


class Output:
    """Keeps what is written."""

    def __init__(self, *, is_terminal: bool) -> None:
        self.text = ""
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize(
    ("is_terminal", "lines", "returns"), [(True, 1, 101), (False, 5, 0)], ids=["terminal", "log"]
)
def test_the_progress_bar_fits_its_output(is_terminal: bool, lines: int, returns: int) -> None:
    output = Output(is_terminal=is_terminal)
    progress = ProgressBar("Drawing", output)  # type: ignore[arg-type]
    for step in range(421):
        progress(step / 420)
    assert output.text.count("\n") == lines
    assert output.text.count("\r") == returns
    assert "100 %" in output.text
