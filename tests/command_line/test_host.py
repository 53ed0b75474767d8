from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pet_stream.accounts.accounts import Accounts
from pet_stream.command_line.defaults import KEEP_FREE_MB, MAX_RECORDING_MINUTES, RUN_DEFAULTS
from pet_stream.command_line.host import create_host
from pet_stream.config import Config


def config_of_run(**settings: object) -> dict[str, Any]:
    app, _ = create_host(settings, RUN_DEFAULTS)
    return app.config


def test_run_keeps_some_of_the_disk_free_and_ends_what_is_forgotten() -> None:
    config = config_of_run()
    assert config["PET_STREAM_KEEP_FREE_MB"] == KEEP_FREE_MB
    assert config["PET_STREAM_MAX_RECORDING_MINUTES"] == MAX_RECORDING_MINUTES
    assert 2 * config["PET_STREAM_MIN_FREE_MB"] < KEEP_FREE_MB


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_PET_STREAM_KEEP_FREE_MB", "0")
    monkeypatch.setenv("FLASK_PET_STREAM_MAX_RECORDING_MINUTES", "1.5")
    config = Config.from_mapping(config_of_run())
    assert (config.keep_free_mb, config.max_recording_minutes) == (0, 1.5)


def test_a_demo_and_a_host_app_delete_nothing() -> None:
    app, _ = create_host({})
    for config in (Config.from_mapping(app.config), Config.from_mapping({})):
        assert (config.keep_free_mb, config.max_recording_minutes) == (0, 0)


def test_what_the_host_itself_says_needs_a_right_too(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    app, stream = create_host(
        {
            "PET_STREAM_AUTH": "builtin",
            "PET_STREAM_ACCOUNTS": path,
            "PET_STREAM_RECORD_PATH": tmp_path,
            "PET_STREAM_AUTOSTART": False,
        }
    )
    accounts = Accounts(path)
    tokens = {
        right: {"Authorization": f"Bearer {accounts.add_token('Script', [right], by='test')}"}
        for right in ("view", "metrics")
    }
    client = app.test_client()
    assert client.get("/api/status").get_json()["code"] == "sign_in"
    assert client.get("/api/status", headers=tokens["metrics"]).status_code == 403
    assert "camera" in client.get("/api/status", headers=tokens["view"]).get_json()
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.get("/api/status", headers=foreign).get_json()["code"] == "origin"
    assert client.get("/").status_code == 302
    stream.stop()
