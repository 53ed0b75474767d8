"""`pet-stream doctor`: what it prints, and its exit code."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pet_stream.command_line import main
from pet_stream.ingest.segment import POSIX_FOLDER
from tests.waiting import wait_until

from ..browser.processes import Process
from ..doctor.daemon import daemon
from ..footage import encode

CHECKOUT = Path(__file__).parents[2]
WATCH_S = 1.2


Doctor = Callable[..., int]


@pytest.fixture
def doctor(segment_name: str, free_port: int, tmp_path: Path) -> Doctor:
    """Runs it here with more arguments; returns its exit code."""

    def run(*arguments: str) -> int:
        with pytest.raises(SystemExit) as exit_info:
            main(
                [
                    *("doctor", "--shm", segment_name, "--port", str(free_port)),
                    *("--record-path", str(tmp_path), "--seconds", str(WATCH_S), *arguments),
                ]
            )
        assert isinstance(exit_info.value.code, int)
        return exit_info.value.code

    return run


def test_all_is_well_is_exit_code_0(
    doctor: Doctor, segment_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with daemon(segment_name, encode(pictures=28)):
        assert doctor() == 0
    assert capsys.readouterr().out.endswith("\nAll is well.\n")


def test_what_is_not_said_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    free_port: int,
    segment_name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FLASK_PET_STREAM_SHM", segment_name)
    monkeypatch.setenv("FLASK_PET_STREAM_RECORD_PATH", str(tmp_path))
    with pytest.raises(SystemExit):
        main(["doctor", "--port", str(free_port), "--seconds", "0.5"])
    output = capsys.readouterr().out
    assert f"There is no shared memory {segment_name}" in output
    assert f"{tmp_path} can be written" in output


def test_a_problem_is_exit_code_1_with_advice(
    doctor: Doctor, capsys: pytest.CaptureFixture[str]
) -> None:
    assert doctor() == 1
    output = capsys.readouterr().out
    assert "PROBLEM  shared memory: There is no shared memory" in output
    assert "\n         → Start the camera daemon" in output
    assert output.endswith("\n\n1 problem, 0 warnings.\n")


def test_json_is_for_programs(doctor: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor("--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert {"check", "level", "message", "advice"} == set(report["findings"][0])
    assert [f["level"] for f in report["findings"]].count("problem") == 1


def test_ctrl_c_ends_it_without_a_word(segment_name: str, free_port: int, tmp_path: Path) -> None:
    with daemon(segment_name, encode(pictures=28)):
        process = Process(
            [
                *(sys.executable, "-m", "pet_stream.command_line", "doctor", "--seconds", "60"),
                *("--shm", segment_name, "--port", str(free_port), "--record-path", str(tmp_path)),
            ],
            env=dict(os.environ),
            cwd=CHECKOUT,
        )
        try:
            wait_until(lambda: watches(process.pid, segment_name))
        finally:
            exit_code = process.stop(signal.SIGINT)
    assert (exit_code, process.log) == (130, "")


def watches(pid: int, segment_name: str) -> bool:
    """Whether the process has the segment open."""
    segment = POSIX_FOLDER / segment_name.lstrip("/")
    descriptors = Path(f"/proc/{pid}/fd").iterdir()
    return any(os.path.realpath(path) == str(segment) for path in descriptors)
