"""Who may sign in, from the command line; and what `run` does on a network."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from pet_stream.accounts.accounts import Accounts
from pet_stream.command_line.hosting import first_invitation, settings_of
from pet_stream.web.accounts_authority import AccountsAuthority
from pet_stream.web.authority import OpenAuthority
from tests.waiting import TIMEOUT_S

from .test_hosting import CHECKOUT, StartCommand, start_command

__all__ = ["start_command"]

LINK = re.compile(r"(http://[^/ ]+)/cam/pet-stream/#invitation=(\S+)")


class Browser:
    """Keeps cookies."""

    def __init__(self, url: str) -> None:
        self._url = url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)

    def ask(self, path: str, body: dict[str, object] | None = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        try:
            with self._opener.open(self._url + path, data, timeout=TIMEOUT_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, json.load(exc)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.json"


@pytest.fixture
def accounts(path: Path) -> Accounts:
    return Accounts(path)


def pet_stream(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pet_stream.command_line", *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        cwd=CHECKOUT,
        env={**os.environ, "FLASK_PET_STREAM_ACCOUNTS": str(path), "PYTHONIOENCODING": "utf-8"},
        check=False,
    )


def test_a_link_of_the_command_line_signs_in(path: Path, accounts: Accounts) -> None:
    url = "https://cam.example/"
    result = pet_stream(path, "invite", "--role", "family", "--name", "Ben", "--url", url)
    assert result.returncode == 0, result.stderr
    assert "█" in result.stdout
    found = re.search(r"https://cam\.example/pet-stream/#invitation=(\S+)", result.stdout)
    assert found
    visitor = accounts.accept(found[1], device="Phone").visitor
    assert (visitor.name, visitor.role) == ("Ben", "family")
    listed = pet_stream(path, "people").stdout
    assert "Ben (family)" in listed
    assert "Phone, seen " in listed


def test_a_token_of_the_command_line_is_good(path: Path, accounts: Accounts) -> None:
    result = pet_stream(path, "token", "Prometheus", "--right", "metrics", "--days", "1")
    program = accounts.by_token(result.stdout.strip())
    assert program is not None
    assert (program.name, {right.value for right in program.rights}) == ("Prometheus", {"metrics"})
    assert pet_stream(path, "people", "--revoke", str(program.token_id)).returncode == 0
    assert accounts.by_token(result.stdout.strip()) is None


def test_programs_are_told_no_hash(path: Path, accounts: Accounts) -> None:
    invited = json.loads(pet_stream(path, "invite", "--name", "Ben", "--json").stdout)
    secret = invited["url"].partition("#invitation=")[2]
    accounts.accept(secret, device="Phone")
    token = json.loads(pet_stream(path, "token", "Script", "--right", "view", "--json").stdout)
    assert accounts.by_token(token["token"]) is not None
    told = pet_stream(path, "people", "--json").stdout
    listed = json.loads(told)
    assert [person["name"] for person in listed["people"]] == ["Ben"]
    assert [device["person_id"] for device in listed["devices"]] == [listed["people"][0]["id"]]
    assert [token["rights"] for token in listed["tokens"]] == [["view"]]
    assert "hash" not in told


def test_everything_can_be_revoked(path: Path, accounts: Accounts) -> None:
    anna = accounts.accept(accounts.invite("owner", name="Anna", by="test"), device="Phone")
    result = pet_stream(path, "people", "--revoke-all")
    assert "Anna (owner)" in result.stdout
    assert "Phone" not in result.stdout
    assert accounts.by_cookies({anna.cookie.name: anna.cookie.value}.get) is None


def test_a_link_leads_below_the_prefix(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_PET_STREAM_URL_PREFIX", "/cam")
    assert LINK.search(pet_stream(path, "invite").stdout)


def test_while_there_is_no_owner_the_terminal_makes_a_link(accounts: Accounts) -> None:
    authority = AccountsAuthority(accounts)
    accounts.accept(accounts.invite("family", by="test"), device="Phone")
    secret = first_invitation(authority)
    assert secret is not None
    assert accounts.accept(secret, device="Phone").visitor.role == "owner"
    assert first_invitation(authority) is None
    assert first_invitation(OpenAuthority(is_meant=True)) is None


@pytest.mark.parametrize(
    ("said", "auth"),
    [(None, "builtin"), ("null", "builtin"), (" None ", "builtin"), ("off", None)],
)
def test_on_a_network_only_off_is_off(
    monkeypatch: pytest.MonkeyPatch, said: str | None, auth: str | None
) -> None:
    monkeypatch.delenv("FLASK_PET_STREAM_AUTH", raising=False)
    if said is not None:
        monkeypatch.setenv("FLASK_PET_STREAM_AUTH", said)
    assert settings_of("0.0.0.0", {}).get("PET_STREAM_AUTH") == auth


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["invite", "--role", "root"], 2, "root"),
        (["invite", "--days", "0"], 2, "days"),
        (["invite", "--name", "a\tb" * 30], 1, "a name has 1 to 50 printable characters"),
        (["token", "Script"], 2, "--right"),
        (["token", "Script", "--right", "root"], 2, "root"),
        (["people", "--revoke", "nobody"], 1, "There is no nobody"),
    ],
)
def test_what_is_wrong_is_told(path: Path, arguments: list[str], status: int, text: str) -> None:
    result = pet_stream(path, *arguments)
    assert (result.returncode, result.stdout) == (status, "")
    assert text in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_can_not_be_read_is_told(path: Path) -> None:
    path.write_text("{")
    path.chmod(0o600)
    result = pet_stream(path, "people")
    assert (result.returncode, result.stderr) == (
        1,
        "pet-stream: The account file is not JSON\n",
    )


def test_on_a_network_the_terminal_shows_how_the_owner_signs_in(
    start_command: StartCommand, path: Path, tmp_path: Path
) -> None:
    environment = {
        "FLASK_PET_STREAM_ACCOUNTS": str(path),
        "FLASK_PET_STREAM_URL_PREFIX": "/cam",
    }
    arguments = ("demo", "--host", "0.0.0.0", "--port", "0", "--record-path", str(tmp_path / "r"))
    process = start_command(*arguments, "--no-open", **environment)
    here = process.wait_for_line(r"On this machine: +(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
    secret = process.wait_for_line(LINK.pattern, TIMEOUT_S)[2]
    browser, stranger = Browser(f"{here}/cam"), Browser(f"{here}/cam")
    assert browser.ask("/api/recordings")[0] == 401
    body: dict[str, object] = {"invitation": secret, "device": "Phone"}
    assert browser.ask("/pet-stream/api/session", body)[1]["role"] == "owner"
    assert browser.ask("/api/recordings")[0] == 200
    assert stranger.ask("/pet-stream/api/session", body)[0] == 401
    assert stranger.ask("/api/recording/stop", {})[0] == 401
    assert stranger.ask("/health")[1].keys() == {"status"}
    assert process.stop(signal.SIGTERM) == 0

    again = start_command(*arguments, "--no-open", **environment)
    again.wait_for_line("Ctrl-C stops it", TIMEOUT_S)
    assert "invitation" not in again.log
    again.stop(signal.SIGTERM)


def test_only_who_says_so_is_open_on_a_network(
    start_command: StartCommand, path: Path, tmp_path: Path
) -> None:
    process = start_command(
        *("demo", "--host", "0.0.0.0", "--port", "0", "--record-path", str(tmp_path / "r")),
        *("--no-open", "--auth", "off"),
        FLASK_PET_STREAM_ACCOUNTS=str(path),
    )
    here = process.wait_for_line(r"On this machine: +(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
    assert Browser(here).ask("/pet-stream/api/session")[1]["auth"] == "off"
    assert process.stop(signal.SIGTERM) == 0
    assert not path.exists()
