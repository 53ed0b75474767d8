"""The commands that an operator uses while `demo` runs, and after it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from pet_stream.command_line.failures import ExitCode
from tests.waiting import TIMEOUT_S, wait_until

from .conftest import PetStreamCommand
from .test_hosting import CHECKOUT, StartCommand, start_command

__all__ = ["start_command"]


@pytest.mark.slow
def test_a_running_server_is_asked_exported_and_saved(
    start_command: StartCommand,
    pet_stream: PetStreamCommand,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    settings = tmp_path / "pet.toml"
    settings.write_text(
        f'record_path = "{tmp_path / "recordings"}"\npause_file = "{tmp_path / "pause.json"}"\n'
        f'accounts = "{tmp_path / "accounts.json"}"\nkeep_days = 1\nmin_free_mb = 0\n'
    )
    monkeypatch.setenv("PET_STREAM_CONFIG", str(settings))
    process = start_command("demo", "--port", "0", "--auth", "builtin", "--no-open")
    url = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
    made = pet_stream("token", "Operator", "--right", "view", "--right", "record", "--json")
    token = json.loads(made.stdout)["token"]
    monkeypatch.setenv("PET_STREAM_URL", url)

    assert pet_stream("snapshot", "-").exit_code == ExitCode.REFUSED
    monkeypatch.setenv("PET_STREAM_TOKEN", token)
    wait_until(lambda: pet_stream("status").exit_code == ExitCode.WELL)
    assert pet_stream("snapshot", "-").stdout_bytes.startswith(b"\xff\xd8")

    for what in ("start", "stop"):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{url}/api/recording/{what}", b"{}", headers)
        urllib.request.urlopen(asked, timeout=TIMEOUT_S).close()
    [row] = json.loads(pet_stream("recordings", "list", "--json").stdout)["recordings"]
    assert (row["state"], row["gaps"]) == ("complete", 0)
    assert pet_stream("recordings", "export", row["name"], tmp_path).exit_code == ExitCode.WELL
    assert (tmp_path / row["name"]).stat().st_size == row["size_bytes"]

    saved = tmp_path / "saved.tar.gz"
    assert pet_stream("recordings", "prune").exit_code == ExitCode.IN_USE
    assert pet_stream("backup", saved).exit_code == ExitCode.WELL
    assert pet_stream("restore", saved, "--yes").exit_code == ExitCode.IN_USE
    assert process.stop(signal.SIGTERM) == 0
    assert pet_stream("restore", saved, "--yes").exit_code == ExitCode.WELL
    result = subprocess.run(
        [sys.executable, "-m", "pet_stream.command_line", "status", "--json"],
        capture_output=True,
        timeout=TIMEOUT_S,
        cwd=CHECKOUT,
        env={**os.environ},
        check=False,
    )
    assert result.returncode == ExitCode.UNREACHABLE
    assert json.loads(result.stdout)["code"] == "unreachable"
