"""`pet-stream doctor`: what it prints, and its exit code."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from pet_stream.doctor.command import run_doctor

from ..footage import encode
from .daemon import daemon

WATCH_S = 1.2


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
