"""What is wrong with a camera."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from pet_stream.doctor.diagnosis import diagnose_camera
from pet_stream.doctor.finding import Finding, Level
from pet_stream.feed.ring_writer import RingWriter
from pet_stream.ingest.segment import POSIX_FOLDER
from pet_stream.media import ring
from pet_stream.media.ring import RingLayout

from ..camera.camera import Camera
from ..footage import encode, open_gops
from ..media.syntax import Sps, pps, slice_nal_unit
from .daemon import daemon

WATCH_S = 1.2


def by_check(findings: Sequence[Finding]) -> dict[str, Finding]:
    assert len({finding.check for finding in findings}) == len(findings)
    return {finding.check: finding for finding in findings}


def test_a_camera_that_is_well_gets_no_advice(segment_name: str) -> None:
    with daemon(segment_name, encode(pictures=28)):
        findings = diagnose_camera(segment_name, WATCH_S)
    found = by_check(findings)
    assert {finding.level for finding in findings} == {Level.OK}
    assert not any(finding.advice for finding in findings)
    assert "320×240, Constrained Baseline" in found["format"].message
    assert found["key frames"].message == "One every 14 pictures."
    assert "CLOCK_MONOTONIC" in found["camera clock"].message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("footage", "options", "check", "level", "words"),
    [
        (
            {"profile": "main", "bframes": 2},
            {},
            "B pictures",
            Level.PROBLEM,
            "Browsers don't play them",
        ),
        ({"headers": "none"}, {}, "parameter sets", Level.PROBLEM, "No SPS and PPS"),
        ({"gop": 135, "pictures": 135}, {}, "key frames", Level.WARNING, "One every "),
        ({"gop": 600, "pictures": 600}, {}, "key frames", Level.WARNING, "One in 5."),
        ({"gop": 600, "pictures": 600}, {"first": 1}, "key frames", Level.PROBLEM, "No key frame"),
        (
            {"profile": "high", "x264": ("interlaced=1",)},
            {},
            "format",
            Level.PROBLEM,
            "interlaced",
        ),
        (
            {"profile": "high444", "pixel_format": "yuv444p"},
            {},
            "format",
            Level.PROBLEM,
            "browsers don't play this profile",
        ),
        ({"width": 2048, "height": 1088}, {}, "format", Level.WARNING, "more than 1080p"),
        ({}, {"size": (640, 480)}, "format", Level.WARNING, "the slots say 640×480"),
        ({}, {"fps": 3}, "rate", Level.WARNING, "slow"),
        ({}, {"stamp": lambda _, ns: ns + 10**18}, "camera clock", Level.WARNING, "neither on"),
        ({}, {"stamp": lambda *_: 0}, "camera clock", Level.WARNING, "trusted: they are always 0."),
        (
            {},
            {"stamp": lambda n, ns: ns // 10**6 * 10**9},
            "camera clock",
            Level.WARNING,
            "trusted: they do not go with the time. Arrival times are used",
        ),
        (
            {},
            {"stamp": lambda n, ns: ns + 10**14 * (n % 10 == 9)},
            "camera clock",
            Level.WARNING,
            "can't be right",
        ),
        ({}, {"picture_format": 0}, "camera", Level.PROBLEM, "JPEG, not H.264"),
        ({}, {"picture_format": 4}, "camera", Level.PROBLEM, "H.265, not H.264"),
        ({}, {"picture_format": 7}, "camera", Level.PROBLEM, "format 7, not H.264"),
    ],
    ids=[
        "b-pictures",
        "no-parameter-sets",
        "long-gop",
        "endless-gop",
        "endless-gop-begun-long-ago",
        "interlaced",
        "4:4:4",
        "large",
        "other-size",
        "slow",
        "clock",
        "no clock",
        "clock in milliseconds",
        "wrong stamps",
        "jpeg",
        "h265",
        "unknown-format",
    ],
)
def test_what_is_wrong_with_a_camera_is_said_with_advice(
    segment_name: str,
    footage: dict[str, object],
    options: dict[str, object],
    check: str,
    level: Level,
    words: str,
) -> None:
    units = encode(**{"pictures": 28, **footage})  # type: ignore[arg-type]
    seconds = 5.5 if check in ("key frames", "rate") else WATCH_S
    with daemon(segment_name, units, **options):
        finding = by_check(diagnose_camera(segment_name, seconds))[check]
    assert finding.level is level
    assert words in finding.message
    assert finding.advice


@pytest.mark.parametrize(
    ("make_units", "level", "words"),
    [
        (lambda: open_gops(gop=14, pictures=70)[14:], Level.WARNING, "not over WebRTC"),
        (
            lambda: encode(gop=20, pictures=200, x264=("intra-refresh=1",))[1:],
            Level.PROBLEM,
            "browsers that join do not",
        ),
    ],
    ids=["I pictures", "gradual refresh"],
)
def test_recovery_points_in_place_of_key_frames_are_said(
    segment_name: str, make_units: Callable[[], list[bytes]], level: Level, words: str
) -> None:
    with daemon(segment_name, make_units()):
        findings = by_check(diagnose_camera(segment_name, WATCH_S))
    finding = findings["key frames"]
    assert finding.level is level
    assert words in finding.message
    assert "IDRs" in finding.advice
    assert "format" in findings, "the rest is checked, too"


@pytest.mark.slow
@pytest.mark.parametrize("layout", ring.RING_LAYOUTS.values(), ids=lambda layout: layout.name)
def test_a_camera_is_well_in_every_layout(segment_name: str, layout: RingLayout) -> None:
    with Camera(segment_name, layout=layout.name, gop=7):
        findings = diagnose_camera(segment_name, 0.6)
    found = by_check(findings)
    assert found["shared memory"].message.endswith(
        f"is a ring of {layout.slot_count} slots, layout {layout.name}."
    )
    assert found["parameter sets"].level is Level.OK


def test_headers_that_no_daemon_writes_are_said(segment_name: str) -> None:
    with daemon(segment_name, [b""]):
        findings = by_check(diagnose_camera(segment_name, WATCH_S))
    assert "no slot in it looks like a picture" in findings["shared memory"].message


def test_bytes_that_are_no_h264_are_said(segment_name: str) -> None:
    with daemon(segment_name, [bytes([7, n]) * 100 for n in range(5)]):
        findings = by_check(diagnose_camera(segment_name, WATCH_S))
    assert "their H.264 can't be read" in findings["camera"].message
    assert "start code" in findings["camera"].message
    assert "Annex B" in findings["camera"].advice


SPS, PPS, CUT_OFF_SPS = (b"\0\0\1" + n for n in (Sps().nal_unit(), pps(), b"\x67\x42\xc0"))
IDR, OTHER_P = (b"\0\0\1" + n for n in (slice_nal_unit(idr=True), slice_nal_unit(1, pps_id=1)))


@pytest.mark.parametrize(
    ("units", "words"),
    [
        ([CUT_OFF_SPS + PPS + IDR], "They are damaged: the SPS that came is malformed"),
        ([SPS + PPS + IDR, OTHER_P], "The camera has not sent the picture parameter set 1"),
    ],
)
def test_parameter_sets_that_are_of_no_use_are_said(
    segment_name: str, units: list[bytes], words: str
) -> None:
    with daemon(segment_name, units):
        finding = by_check(diagnose_camera(segment_name, WATCH_S))["parameter sets"]
    assert finding.level is Level.PROBLEM
    assert words in finding.message
    assert finding.advice


def test_a_camera_on_the_wall_clock_is_well(segment_name: str) -> None:
    offset_ns = time.time_ns() - time.monotonic_ns()
    with daemon(segment_name, encode(pictures=28), stamp=lambda _, ns: ns + offset_ns):
        finding = by_check(diagnose_camera(segment_name, WATCH_S))["camera clock"]
    assert (finding.level, "CLOCK_REALTIME" in finding.message) == (Level.OK, True)


@pytest.fixture
def idle_ring(segment_name: str) -> Iterator[RingWriter]:
    with contextlib.closing(RingWriter(segment_name)) as writer:
        yield writer


def test_a_camera_that_stands_still_is_said(idle_ring: RingWriter) -> None:
    assert "it is empty" in by_check(diagnose_camera(idle_ring.name, 0.2))["camera"].message
    idle_ring.write(b"x", frame_number=0, captured_at_ns=1, width=2, height=2)
    finding = by_check(diagnose_camera(idle_ring.name, 0.2))["camera"]
    assert (finding.level, "stands still" in finding.message) == (Level.PROBLEM, True)


def test_a_segment_that_is_missing_is_said_with_others_that_are_there(
    idle_ring: RingWriter,
) -> None:
    [finding] = diagnose_camera(f"{idle_ring.name}_missing", 1)
    assert finding.level is Level.PROBLEM
    assert "There is no shared memory" in finding.message
    assert "pet-stream feed" in finding.advice
    assert f"{idle_ring.name}" in finding.advice


@pytest.mark.parametrize(
    ("content", "size", "words"),
    [
        (b"", 0, "has 0 bytes, expected"),
        (b"", 1000, "has 1000 bytes, expected 18662976 or 93313448"),
        (b"", ring.FIRST_LAYOUT.segment_bytes + 1, "has 93313449 bytes, expected"),
        (
            b"\xff" * 4 + b"junk" * 50,
            ring.FIRST_LAYOUT.segment_bytes,
            "no slot in it looks like a picture",
        ),
    ],
    ids=["empty", "small", "large", "foreign"],
)
def test_a_foreign_segment_is_said(
    segment_name: str, content: bytes, size: int, words: str
) -> None:
    path = POSIX_FOLDER / segment_name[1:]
    with path.open("wb") as file:
        file.write(content)
        file.truncate(size)
    try:
        finding = diagnose_camera(segment_name, 0.2)[0]
    finally:
        path.unlink()
    assert finding.level is Level.PROBLEM
    assert words in finding.message
