"""`pet-stream config`, alone and inside a host."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

from pet_stream.command_line import COMMANDS
from pet_stream.command_line.failures import ExitCode
from pet_stream.config import SETTINGS, Config
from pet_stream.config_file import parse_settings
from pet_stream.page_settings import PageSettings
from tests.waiting import TIMEOUT_S

from ..apps import mounted_app
from .conftest import PetStreamCommand

TURN = 'ice_servers = [{urls = "turn:turn.example", username = "u", credential = "hidden"}]'


def rows(text: str) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(text)["settings"]}


def test_each_setting_is_shown_with_its_origin(
    pet_stream: PetStreamCommand, tmp_path: Path
) -> None:
    file = tmp_path / "pet.toml"
    secret = 'turn_secret = "hidden 0123456789"'
    file.write_text(f"keep_days = 7\nmax_clients = 3\n{secret}\n{TURN}\n")
    result = pet_stream("config", "--json", "--config", file, FLASK_PET_STREAM_MAX_CLIENTS="4")
    assert result.exit_code == ExitCode.WELL
    found = rows(result.output)
    assert list(found) == [setting.name for setting in SETTINGS]
    told = {name: (row["value"], row["origin"], row["written"]) for name, row in found.items()}
    assert told["keep_days"] == (7, str(file), f"{file}: keep_days")
    assert told["max_clients"] == (4, "environment", "FLASK_PET_STREAM_MAX_CLIENTS")
    assert told["keep_free_mb"] == (500, "the app's default", "PET_STREAM_KEEP_FREE_MB")
    assert told["replay_mb"] == (32, "default", None)
    assert found["max_clients"]["expected"] == "a whole number from 1 to 1000"
    assert (found["max_clients"]["live"], found["shm"]["live"]) == (True, False)
    assert told["turn_secret"][0] == "…"
    assert "hidden" not in result.output


def test_what_is_printed_is_a_file_that_says_the_same(
    pet_stream: PetStreamCommand, tmp_path: Path
) -> None:
    said = 'detections_shm = "None"\nice_hosts = ["127.0.0.1"]\npause_schedule = ["22:00-07:00"]\n'
    file = tmp_path / "pet.toml"
    file.write_text(
        said + 'record_path = "/tmp/quote\\"d é"\nmetrics = false\nsync_seconds = 0.5\n'
    )
    result = pet_stream("config", PET_STREAM_CONFIG=str(file))
    printed = parse_settings(result.output.encode(), file)
    uncommented = result.output.replace("\n# ", "\n").removeprefix("# ")
    first = Config.from_sources([parse_settings(file.read_bytes(), file), printed])
    assert Config.from_sources([printed]) == first
    assert Config.from_sources([parse_settings(uncommented.encode(), file)]) == first


@pytest.mark.parametrize("command", ["config", "people", "doctor"])
def test_a_faulty_file_is_one_line(
    pet_stream: PetStreamCommand, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "pet.toml"
    file.write_text("max_clients = 0")
    result = pet_stream(command, "--config", file)
    assert result.exit_code == ExitCode.WRONG
    assert result.stderr.splitlines()[-1].startswith(f"pet-stream: {file}: max_clients = 0: ")


def flask_command(app: Flask, *arguments: str) -> Any:
    """As `flask --app … pet-stream`: by the entry point that the package declares."""
    from click.testing import CliRunner

    info = ScriptInfo(create_app=lambda: app)
    return CliRunner().invoke(FlaskGroup(), ["pet-stream", *arguments], obj=info)


def test_inside_a_host_its_settings_count(tmp_path: Path) -> None:
    with mounted_app(tmp_path, MAX_CLIENTS=7, ACCOUNTS=tmp_path / "hosts.json") as app:
        result = flask_command(app, "config", "--json")
        token = flask_command(app, "token", "Script", "--right", "view")
        refused = flask_command(app, "config", "--config", "other.toml")
        hidden = flask_command(app, "run")
        help_ = flask_command(app, "--help")
    assert rows(result.output)["max_clients"]["value"] == 7
    assert rows(result.output)["max_clients"]["origin"] == "app.config"
    assert (token.exit_code, (tmp_path / "hosts.json").exists()) == (0, True)
    assert (refused.exit_code, hidden.exit_code) == (ExitCode.WRONG, ExitCode.WRONG)
    _, commands = help_.output.split("Commands:\n")
    listed = [line.split()[0] for line in commands.splitlines()]
    assert listed == [name for name in COMMANDS if name not in ("demo", "run")]


def test_a_host_without_pet_stream_is_told() -> None:
    result = flask_command(Flask("other"), "config")
    assert (result.exit_code, result.stderr) == (
        1,
        "pet-stream: pet_stream is not mounted in this app\n",
    )


def test_flask_finds_the_command(tmp_path: Path) -> None:
    app = tmp_path / "host.py"
    app.write_text(
        "from flask import Flask\nfrom pet_stream import PetStream\n"
        "app = Flask(__name__)\napp.config['PET_STREAM_MAX_CLIENTS'] = 7\nPetStream(app)\n"
    )
    result = subprocess.run(
        [sys.executable, "-m", "flask", "--app", str(app), "pet-stream", "config"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "\nmax_clients = 7 " in result.stdout
    assert "app.config; default 10; a whole number from 1 to 1000; live" in result.stdout


def test_run_and_its_certificate_read_the_file(
    pet_stream: PetStreamCommand, tmp_path: Path
) -> None:
    from pet_stream.command_line.hosting import settings_of
    from pet_stream.command_line.tls import certificate_of

    file = tmp_path / "pet.toml"
    file.write_text(f'auth = "off"\naccounts = "{tmp_path}/people.json"\nice_hosts = []\n')
    assert settings_of("0.0.0.0", {"config": file}) == {"PET_STREAM_CONFIG": file}
    assert settings_of("127.0.0.1", {"config": file}) == {"PET_STREAM_CONFIG": file}
    certificate_of("127.0.0.1", None, None, True, file)
    assert [path.name for path in tmp_path.glob("*.pem")] == ["pet_stream_tls.pem"]


def test_what_owners_have_set_on_the_page_is_shown_with_its_folder(
    pet_stream: PetStreamCommand, tmp_path: Path
) -> None:
    PageSettings(tmp_path).change({"keep_days": 7})
    result = pet_stream("config", "--json", FLASK_PET_STREAM_RECORD_PATH=str(tmp_path))
    row = rows(result.output)["keep_days"]
    assert (row["value"], row["origin"], row["written"]) == (7, "the page", "keep_days")
    pruned = pet_stream("recordings", "prune", "--dry-run", "--record-path", tmp_path)
    assert pruned.exit_code == ExitCode.WELL
    assert "Nothing exceeds" in pruned.output
