"""`pet-stream feed` as a real process, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pet_stream.ingest.segment import POSIX_FOLDER
from tests.waiting import TIMEOUT_S

from ..browser.processes import Process
from ..feed.media_files import write_h264
from ..footage import encode

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_h264(tmp_path / "film.mp4", encode(320, 240, fps=30, gop=15, pictures=15), fps=30)


def command(film: Path, segment_name: str) -> list[str]:
    program = [sys.executable, "-m", "pet_stream.command_line"]
    return [*program, "feed", str(film), "--shm", segment_name]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it(number: signal.Signals, film: Path, segment_name: str) -> None:
    process = Process([*command(film, segment_name), "--loop"], env=dict(os.environ), cwd=CHECKOUT)
    try:
        process.wait_for_line("passed through", TIMEOUT_S)
    finally:
        exit_code = process.stop(number)
    assert exit_code == 0, process.log
    assert "pictures written" in process.log
    assert "Traceback" not in process.log
    assert not (POSIX_FOLDER / segment_name.lstrip("/")).exists()


def test_it_writes_the_layout_that_is_asked_for(film: Path, segment_name: str) -> None:
    arguments = [*command(film, segment_name), "--loop", "--layout", "six-slots"]
    process = Process(arguments, env=dict(os.environ), cwd=CHECKOUT)
    try:
        process.wait_for_line("passed through", TIMEOUT_S)
        size = (POSIX_FOLDER / segment_name.lstrip("/")).stat().st_size
    finally:
        process.stop(signal.SIGTERM)
    assert size == 18_662_976


def test_it_ends_with_its_source(film: Path, segment_name: str) -> None:
    result = subprocess.run(
        command(film, segment_name),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    assert "15 pictures written" in result.stderr
