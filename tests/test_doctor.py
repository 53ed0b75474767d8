from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import shutil
import socket
import threading
import time
from collections import namedtuple
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from flask import Flask

from pet_stream import doctor
from pet_stream.camera_diagnosis import diagnose_camera
from pet_stream.doctor import (
    check_dependencies,
    check_folder,
    check_names,
    check_port,
    run_doctor,
)
from pet_stream.feed.ring_writer import RingWriter
from pet_stream.finding import Finding, Level
from pet_stream.ingest.segment import POSIX_FOLDER
from pet_stream.media import ring
from pet_stream.serving import WebServer

from .apps import mounted_app
from .footage import encode

WATCH_S = 1.2


class Daemon:
    """Writes the given access units round and round until it is closed."""

    def __init__(
        self,
        name: str,
        units: Sequence[bytes],
        *,
        fps: float = 60,
        clock_offset_ns: int = 0,
        size: tuple[int, int] = (320, 240),
        picture_format: int = ring.FORMAT_H264,
        first: int = 0,
    ) -> None:
        """`first`: the unit to begin with, as a camera that was started long ago."""
        units = [*units[first:], *units[:first]]
        self._writer = RingWriter(name)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(units, 1 / fps, clock_offset_ns, size, picture_format)
        )
        self._thread.start()

    def _run(
        self,
        units: Sequence[bytes],
        interval_s: float,
        clock_offset_ns: int,
        size: tuple[int, int],
        picture_format: int,
    ) -> None:
        for number, unit in enumerate(itertools.cycle(units)):
            self._writer.write(
                unit,
                frame_number=number,
                captured_at_ns=time.monotonic_ns() + clock_offset_ns,
                width=size[0],
                height=size[1],
                picture_format=picture_format,
            )
            if self._stop.wait(interval_s):
                return

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._writer.close()


@contextlib.contextmanager
def daemon(name: str, units: Sequence[bytes], **options: object) -> Iterator[None]:
    with contextlib.closing(Daemon(name, units, **options)):  # type: ignore[arg-type]
        yield


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
        ({}, {"clock_offset_ns": 10**18}, "camera clock", Level.WARNING, "neither on"),
        ({}, {"picture_format": 0}, "camera", Level.PROBLEM, "JPEG, not H.264"),
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
        "jpeg",
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


def test_bytes_that_are_no_h264_are_said(segment_name: str) -> None:
    with daemon(segment_name, [bytes([7, n]) * 100 for n in range(5)]):
        findings = by_check(diagnose_camera(segment_name, WATCH_S))
    assert "not H.264 in Annex B" in findings["camera"].message


def test_a_camera_on_the_wall_clock_is_well(segment_name: str) -> None:
    offset_ns = time.time_ns() - time.monotonic_ns()
    with daemon(segment_name, encode(pictures=28), clock_offset_ns=offset_ns):
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
        (b"", 1000, "has 1000 bytes, expected"),
        (b"\xff" * 4 + b"junk" * 50, ring.SEGMENT_BYTES, "no slot in it looks like a picture"),
    ],
    ids=["empty", "small", "foreign"],
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


def test_what_is_installed_is_well() -> None:
    findings = list(check_dependencies())
    assert {finding.level for finding in findings} == {Level.OK}
    assert "aiortc" in findings[0].message


def test_a_missing_dependency_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "DISTRIBUTIONS", ("flask", "no-such-distribution"))
    [finding] = check_dependencies()
    assert "pip install no-such-distribution" in finding.advice


def test_a_taken_port_is_said(free_port: int) -> None:
    assert check_port("127.0.0.1", free_port).level is Level.OK
    with socket.create_server(("127.0.0.1", free_port)):
        finding = check_port("127.0.0.1", free_port)
    assert finding.level is Level.PROBLEM
    assert str(free_port) in finding.message


@pytest.mark.parametrize(
    ("allowed", "level"), [(None, Level.WARNING), ("*", Level.WARNING), ([], Level.OK)]
)
def test_a_host_that_answers_under_any_name_is_said(
    tmp_path: Path, allowed: object, level: Level
) -> None:
    server = WebServer("127.0.0.1", 0)
    with mounted_app(tmp_path, ALLOWED_HOSTS=allowed) as app:
        server.start(app)
        [finding] = check_names("0.0.0.0", server.port)
        server.stop()
    assert (finding.check, finding.level) == ("host names", level)


def test_of_what_is_not_ours_no_names_are_asked(free_port: int) -> None:
    assert list(check_names("127.0.0.1", free_port)) == []
    server = WebServer("127.0.0.1", free_port)
    server.start(Flask("other", static_folder=None))
    assert list(check_names("127.0.0.1", free_port)) == []
    server.stop()


def test_a_folder_that_is_there_or_can_be_made_is_well(tmp_path: Path) -> None:
    for folder, words in ((tmp_path, "can be written"), (tmp_path / "a" / "b", "will be made")):
        findings = list(check_folder(folder))
        assert [finding.level for finding in findings] == [Level.OK, Level.OK]
        assert words in findings[0].message
        assert "hours" in findings[1].message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_a_folder_that_is_none_is_said(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    [finding] = check_folder(tmp_path / folder)
    assert "is not a folder" in finding.message


def test_a_folder_that_can_not_be_written_is_said() -> None:
    [finding] = check_folder(Path("/proc"))
    assert "can't be written" in finding.message


@pytest.mark.parametrize(
    ("free_bytes", "level"), [(10**7, Level.PROBLEM), (10**9, Level.WARNING), (10**10, Level.OK)]
)
def test_little_space_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_bytes: int, level: Level
) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**11, 0, free_bytes))
    assert list(check_folder(tmp_path))[1].level is level


@pytest.fixture
def arguments(segment_name: str, free_port: int, tmp_path: Path) -> argparse.Namespace:
    return argparse.Namespace(
        shm=segment_name,
        host="127.0.0.1",
        port=free_port,
        record_path=str(tmp_path),
        seconds=WATCH_S,
        json=False,
    )


def test_all_is_well_is_exit_code_0(
    arguments: argparse.Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    with daemon(arguments.shm, encode(pictures=28)):
        assert run_doctor(arguments) == 0
    assert capsys.readouterr().out.endswith("\nAll is well.\n")


def test_a_problem_is_exit_code_1_with_advice(
    arguments: argparse.Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_doctor(arguments) == 1
    output = capsys.readouterr().out
    assert "PROBLEM  shared memory: There is no shared memory" in output
    assert "\n         → Start the camera daemon" in output
    assert output.endswith("\n1 problem, 0 warnings.\n")


def test_json_is_for_programs(
    arguments: argparse.Namespace, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments.json = True
    assert run_doctor(arguments) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert {"check", "level", "message", "advice"} == set(report["findings"][0])
    assert [f["level"] for f in report["findings"]].count("problem") == 1
