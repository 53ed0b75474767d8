"""`profile` asks a real server, saves what it answers, and shows it."""

from __future__ import annotations

import json
import os
import stat
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from pet_stream.accounts.accounts import Accounts
from pet_stream.command_line.failures import ExitCode
from pet_stream.command_line.speedscope import SITE, OnceServer
from tests.apps import mounted_app
from tests.waiting import TIMEOUT_S, wait_until

from .conftest import PetStreamCommand
from .test_server_commands import serving


def test_a_profile_is_saved(pet_stream: PetStreamCommand, tmp_path: Path) -> None:
    path = tmp_path / "now.speedscope.json"
    with mounted_app(tmp_path) as app, serving(app) as url:
        arguments = ("--seconds", "0.2", "--output", path, "--json")
        saved = pet_stream("profile", url, *arguments)
        again = pet_stream("profile", "--url", url, *arguments)
        printed = pet_stream("profile", url, "--seconds", "0.1", "--output", "-")
    assert saved.exit_code == ExitCode.WELL, saved.output
    told = json.loads(saved.stdout)
    assert told == {"file": str(path), "bytes": path.stat().st_size}
    assert json.loads(path.read_text())["profiles"]
    assert "is there already" in again.output
    assert json.loads(printed.stdout)["profiles"]


def test_its_name_says_when_it_was(
    pet_stream: PetStreamCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with mounted_app(tmp_path) as app, serving(app) as url:
        result = pet_stream("profile", url, "--seconds", "0.1")
    assert result.exit_code == ExitCode.WELL, result.output
    assert list(tmp_path.glob("pet-stream-????????-??????.speedscope.json"))


def test_it_needs_the_right_to_operate(pet_stream: PetStreamCommand, tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    tokens = {right: accounts.add_token("x", [right], by="test") for right in ("view", "operate")}
    path = tmp_path / "now.json"
    with (
        mounted_app(tmp_path, AUTH="builtin", ACCOUNTS=tmp_path / "accounts.json") as app,
        serving(app) as url,
    ):
        arguments = ("profile", url, "--seconds", "0.1", "--output", path)
        refused = [
            pet_stream(*arguments),
            pet_stream(*arguments, PET_STREAM_TOKEN=tokens["view"]),
        ]
        assert not path.exists()
        allowed = pet_stream(*arguments, PET_STREAM_TOKEN=tokens["operate"])
    assert [result.exit_code for result in refused] == [ExitCode.REFUSED] * 2
    assert allowed.exit_code == ExitCode.WELL, allowed.output


@pytest.mark.parametrize("seconds", ["0", "61", "x"])
def test_seconds_have_bounds(pet_stream: PetStreamCommand, seconds: str) -> None:
    assert pet_stream("profile", "--seconds", seconds).exit_code == ExitCode.WRONG


BROWSER = """#!/bin/sh
exec python3 -c '
import sys, urllib.parse, urllib.request
site, _, fragment = sys.argv[1].partition("#")
url = urllib.parse.parse_qs(fragment)["profileURL"][0]
open(sys.argv[2], "wb").write(site.encode() + urllib.request.urlopen(url).read())
' "$1" "{}"
"""


def test_the_browser_shows_it(
    pet_stream: PetStreamCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, shown = tmp_path / "browser", tmp_path / "shown"
    browser.write_text(BROWSER.format(shown))
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    path = tmp_path / "now.json"
    with mounted_app(tmp_path) as app, serving(app) as url:
        arguments = ("profile", url, "--seconds", "0.1", "--output", path, "--open")
        result = pet_stream(*arguments)
    assert result.exit_code == ExitCode.WELL, result.output
    assert "did not fetch it" not in result.output
    page = f"{SITE}/".encode() + path.read_bytes()
    wait_until(lambda: shown.exists() and shown.read_bytes() == page)


def test_a_speedscope_of_this_machine_comes_first(
    pet_stream: PetStreamCommand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "speedscope"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/shown\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    path = tmp_path / "now.json"
    with mounted_app(tmp_path) as app, serving(app) as url:
        pet_stream("profile", url, "--seconds", "0.1", "--output", path, "--open")
    assert (tmp_path / "shown").read_text() == f"{path}\n"


def test_it_is_given_away_once_to_who_knows_its_name_and_to_no_other() -> None:
    with OnceServer(b"profile") as server:
        outcome: list[bool] = []
        thread = threading.Thread(target=lambda: outcome.append(server.serve(TIMEOUT_S)))
        thread.start()
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/", timeout=TIMEOUT_S)
        asked = urllib.request.Request(server.url, method="OPTIONS")
        with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == SITE
        with urllib.request.urlopen(server.url, timeout=TIMEOUT_S) as answer:
            assert answer.read() == b"profile"
            assert answer.headers["Access-Control-Allow-Origin"] == SITE
        thread.join(TIMEOUT_S)
        assert outcome == [True]


def test_nobody_is_waited_for_for_ever() -> None:
    with OnceServer(b"profile") as server:
        assert not server.serve(0.05)
