"""The commands of docs/players-elsewhere.md, as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pet_stream.accounts.accounts import Accounts
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.test_docs import DOCS
from tests.waiting import TIMEOUT_S, wait_until
from tests.websocket.client import served

PAGE = (DOCS / "players-elsewhere.md").read_text()
COMMANDS = [
    command
    for command in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    if not command.startswith("# not tested\n")
]
YAML = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def environment(segment_name: str, footage: Path, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Of a shell, with a camera where people sign in."""
    accounts = Accounts(tmp_path / "accounts.json")
    token = accounts.add_token("Kitchen", ["view"], by="test")
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(
            tmp_path, SHM=segment_name, AUTH="builtin", ACCOUNTS=tmp_path / "accounts.json"
        ) as app,
        served(app) as address,
    ):
        wait_until(lambda: stream_of(app).reader.status.state == "live")
        yield {**os.environ, "CAMERA": address.replace("ws://", "http://"), "TOKEN": token}


@pytest.mark.slow
def test_every_command_does_what_the_page_says(environment: dict[str, str], tmp_path: Path) -> None:
    assert len(COMMANDS) == 4
    said = [
        subprocess.run(
            ["sh", "-euc", command],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        ).stdout
        for command in COMMANDS
    ]
    assert '"url":"http://127.0.0.1' in said[0].replace(" ", "")
    assert (tmp_path / "copy.mp4").stat().st_size > 1000
    assert (tmp_path / "still.png").read_bytes().startswith(b"\x89PNG")
    assert "codec_name=h264" in said[-1]


@pytest.mark.parametrize("text", YAML)
def test_yaml_can_be_read(text: str) -> None:
    assert yaml.safe_load(text)
