"""The package's reading of real streams, next to FFmpeg's own (its trace_headers filter)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import av.logging
import pytest
from av.bitstream import BitStreamFilterContext

from pet_stream.media.h264 import (
    SLICE_TYPES,
    NalUnitType,
    ParameterSets,
    SequenceParameterSet,
    nal_unit_type,
    parse_pps,
    parse_slice_header,
    parse_sps,
    split_annex_b,
)
from tests.footage import decode, encode, without_parameter_sets, write_source
from tests.media.syntax import Cropping, Hrd, Sps, Vui

ENCODES: dict[str, dict[str, Any]] = {
    "baseline": {},
    "baseline, 1080p": {"width": 1920, "height": 1080, "pictures": 4},
    "main, odd size": {"width": 322, "height": 242, "profile": "main", "bframes": 2},
    "high, small": {"width": 34, "height": 18, "profile": "high"},
    "high, slices": {"width": 640, "height": 360, "profile": "high", "slices": 5},
    "high, scaling lists in the PPS": {"profile": "high", "x264": ("cqm=jvt",)},
    "high 4:2:2": {
        "width": 322,
        "height": 242,
        "profile": "high422",
        "pixel_format": "yuv422p",
    },
    "high 4:4:4": {
        "width": 322,
        "height": 242,
        "profile": "high444",
        "pixel_format": "yuv444p",
    },
    "interlaced": {
        "width": 720,
        "height": 568,
        "profile": "main",
        "x264": ("interlaced=1", "bff=1"),
    },
    "long frame_num": {"gop": 600, "pictures": 60, "profile": "main", "x264": ("ref=16",)},
    "HRD in the VUI": {
        "bit_rate": 600_000,
        "x264": ("nal-hrd=cbr", "vbv-maxrate=600", "vbv-bufsize=600"),
    },
    "whole VUI": {
        "x264": ("sar=4/3", "overscan=show", "videoformat=pal", "colorprim=bt709", "chromaloc=1"),
    },
    "another id": {"x264": ("sps-id=5",)},
    "IDR after IDR": {"gop": 1, "pictures": 4},
    "delimiters": {"aud": True, "slices": 2},
}


@pytest.mark.parametrize("name", ENCODES)
def test_reads_parameter_sets_and_slice_headers_as_ffmpeg_does(name: str) -> None:
    units = encode(**ENCODES[name])
    parameter_sets = ParameterSets()
    ours: list[dict[str, int | None]] = []
    for unit in units:
        nal_units = split_annex_b(unit)
        parameter_sets = parameter_sets.including(nal_units)
        ours += [
            ours_of(nal_unit, parameter_sets)
            for nal_unit in nal_units
            if nal_unit_type(nal_unit) in (*SLICE_TYPES, NalUnitType.SPS, NalUnitType.PPS)
        ]
    theirs = [elements for elements in traced(units) if elements["nal_unit_type"] in (1, 5, 7, 8)]
    assert len(ours) == len(theirs) >= len(units)
    for our, their in zip(ours, theirs, strict=True):
        assert our == {key: their.get(key) for key in our}


@pytest.mark.parametrize("name", ENCODES)
def test_reads_the_size_that_ffmpeg_decodes(name: str) -> None:
    units = encode(**ENCODES[name])
    sps = sps_of(units[0])
    frame = decode(units[:1])[0]
    assert (sps.width, sps.height) == (frame.width, frame.height)


HAND_MADE = {
    "scaling lists": Sps(
        profile_idc=100, scaling_lists=((1, -9), (0,) * 16, *[None] * 4, (0, -8), (2,) + (0,) * 63)
    ),
    "three colour planes": Sps(
        profile_idc=244,
        chroma_format_idc=3,
        separate_colour_plane=True,
        scaling_lists=((1,) + (0,) * 15, *[None] * 10, (3,) + (0,) * 63),
        log2_max_frame_num=16,
    ),
    "picture order count type 1": Sps(poc_type=1, poc_offsets=(3, -4, 5), gaps_allowed=True),
    "fields, cropped": Sps(poc_type=0, frame_mbs_only=False, cropping=Cropping(1, 2, 3, 4)),
    "two HRDs": Sps(
        sps_id=31,
        vui=Vui(
            aspect_ratio=(255, 4, 3),
            colours=(1, 1, 1),
            timing=(1, 60),
            nal_hrd=Hrd(((100, 200), (300, 400))),
            vcl_hrd=Hrd(((0, 0),)),
            max_num_reorder_frames=3,
        ),
    ),
}


@pytest.mark.parametrize("name", HAND_MADE)
def test_ffmpeg_agrees_about_hand_made_parameter_sets_too(name: str) -> None:
    """What no encoder at hand writes; so the writer of the other tests is checked as well."""
    nal_unit = HAND_MADE[name].nal_unit()
    our = ours_of(nal_unit, ParameterSets())
    *_, their = traced([*encode(pictures=1), b"\0\0\0\1" + nal_unit])
    assert our == {key: their.get(key) for key in our}


def sps_of(unit: bytes) -> SequenceParameterSet:
    return next(parse_sps(n) for n in split_annex_b(unit) if nal_unit_type(n) == NalUnitType.SPS)


def ours_of(nal_unit: bytes, parameter_sets: ParameterSets) -> dict[str, int | None]:
    """What the package reads, under the standard's names."""
    kind = nal_unit_type(nal_unit)
    if kind == NalUnitType.SPS:
        sps = parse_sps(nal_unit)
        return {
            "nal_unit_type": 7,
            "profile_idc": sps.profile_idc,
            **{f"constraint_set{n}_flag": sps.constraint_flags >> (7 - n) & 1 for n in range(6)},
            "level_idc": sps.level_idc,
            "seq_parameter_set_id": sps.seq_parameter_set_id,
            "log2_max_frame_num_minus4": sps.log2_max_frame_num - 4,
            "gaps_in_frame_num_allowed_flag": sps.gaps_in_frame_num_allowed,
            "frame_mbs_only_flag": sps.frame_mbs_only,
            "max_num_reorder_frames": sps.max_num_reorder_frames,
        }
    if kind == NalUnitType.PPS:
        pps = parse_pps(nal_unit)
        return {
            "nal_unit_type": 8,
            "pic_parameter_set_id": pps.pic_parameter_set_id,
            "seq_parameter_set_id": pps.seq_parameter_set_id,
        }
    header = parse_slice_header(nal_unit, parameter_sets)
    return {
        "nal_unit_type": 5 if header.is_idr else 1,
        "nal_ref_idc": header.nal_ref_idc,
        "first_mb_in_slice": header.first_mb_in_slice,
        "pic_parameter_set_id": header.pic_parameter_set_id,
        "frame_num": header.frame_num,
        "idr_pic_id": header.idr_pic_id,
    }


def traced(units: list[bytes]) -> list[dict[str, int]]:
    """Every NAL unit's syntax elements by name, from FFmpeg."""
    level, skips = av.logging.get_level(), av.logging.get_skip_repeated()
    av.logging.set_level(av.logging.INFO)
    av.logging.set_skip_repeated(False)
    try:
        with av.open(io.BytesIO(b"".join(units)), format="h264") as container:
            trace = BitStreamFilterContext("trace_headers", container.streams.video[0])
            with av.logging.Capture() as captured:
                for unit in units:
                    trace.filter(av.Packet(unit))
    finally:
        av.logging.set_level(level)
        av.logging.set_skip_repeated(skips)
    return list(_elements(line for _, source, line in captured if source == "trace_headers"))


_ELEMENT = re.compile(r"\d+ +(\w+)(?:\[.*\])? +[01]* = (-?\d+)\n")


def _elements(lines: Iterable[str]) -> Iterator[dict[str, int]]:
    current: dict[str, int] = {}
    for line in lines:
        element = _ELEMENT.fullmatch(line)
        if element is None:
            continue
        if element[1] == "forbidden_zero_bit":
            if current:
                yield current
            current = {}
        current.setdefault(element[1], int(element[2]))
    if current:
        yield current


def test_footage_keeps_parameter_sets_where_it_is_asked_to(tmp_path: Path) -> None:
    def carriers(units: list[bytes]) -> list[int]:
        kinds = [[n[0] & 31 for n in split_annex_b(unit)] for unit in units]
        return [number for number, present in enumerate(kinds) if 7 in present]

    assert carriers(encode(gop=5, pictures=15)) == [0, 5, 10]
    assert carriers(encode(gop=5, pictures=15, headers="first")) == [0]
    assert carriers(encode(gop=5, pictures=15, headers="none")) == []
    unit = encode(gop=5, pictures=15, aud=True)[0]
    kinds = [n[0] & 31 for n in split_annex_b(unit)]
    left = [n[0] & 31 for n in split_annex_b(without_parameter_sets(unit))]
    assert left == [kind for kind in kinds if kind not in (7, 8)]

    write_source(tmp_path / "source", [b"ab", b"", b"c" * 300])
    assert (tmp_path / "source").read_bytes() == (
        b"\2\0\0\0ab" + b"\0\0\0\0" + b"\x2c\1\0\0" + b"c" * 300
    )
