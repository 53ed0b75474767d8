"""What `run` shows of its log, and in which form."""

from __future__ import annotations

import json
import signal
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from pet_stream.command_line import main
from tests.waiting import TIMEOUT_S

from .test_hosting import StartCommand, start_command

__all__ = ["start_command"]


def test_each_line_of_the_log_is_json_where_that_is_asked_for(
    start_command: StartCommand, segment_name: str, tmp_path: Path
) -> None:
    process = start_command(
        *("run", "--shm", segment_name, "--record-path", str(tmp_path), "--port", "0"),
        *("--log-format", "json", "--log-level", "warning", "--log-level", "pet_stream.web=info"),
    )
    match = process.wait_for_line(r"^\{.*camera offline.*\}$", TIMEOUT_S)
    line = json.loads(match[0])
    assert line["level"] == "WARNING"
    assert line["logger"] == "pet_stream.ingest.shm_reader"
    assert line["thread"] == "pet-stream-camera"
    age = datetime.now(timezone.utc) - datetime.fromisoformat(line["time"])
    assert 0 <= age.total_seconds() < TIMEOUT_S
    process.stop(signal.SIGTERM)
    lines = [json.loads(text) for text in process.output if text.startswith("{")]
    assert {line["level"] for line in lines} == {"WARNING"}  # `reading …` is INFO


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--log-level", "loud"), "not a level such as info"),
        (("--log-level", "aiortc=debug"), "not a level such as info"),
        (("--log-format", "xml"), "'xml' is not one of"),
    ],
)
def test_a_wrong_option_is_told(arguments: tuple[str, ...], words: str) -> None:
    result = CliRunner().invoke(main, ["run", *arguments])
    assert result.exit_code == 2
    assert words in result.output


def test_json_without_its_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("pythonjsonlogger")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pythonjsonlogger", None)
    result = CliRunner().invoke(main, ["run", "--log-format", "json"])
    assert result.exit_code == 2
    assert "pip install 'pet_stream[json-log]'" in result.output


def test_no_password_stands_in_the_log(
    start_command: StartCommand, segment_name: str, free_port: int
) -> None:
    url = f"rtsp://admin:hunter2@127.0.0.1:{free_port}/live"
    process = start_command("feed", url, "--shm", segment_name)
    process.wait_for_line(r"rtsp://…@127\.0\.0\.1.*trying again", TIMEOUT_S)
    process.stop(signal.SIGTERM)
    assert "hunter2" not in process.log
