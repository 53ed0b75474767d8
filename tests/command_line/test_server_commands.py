"""`status` and `snapshot` ask a real server."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from pet_stream.accounts.accounts import Accounts
from pet_stream.command_line.failures import ExitCode
from pet_stream.web_server import WebServer
from pet_stream.web_server.certificate import Certificate

from ..apps import mounted_app
from ..certificates import write_certificate
from .conftest import PetStreamCommand


@contextmanager
def serving(app: Flask, certificate: Certificate | None = None) -> Iterator[str]:
    """Yields the server's address."""
    server = WebServer("127.0.0.1", 0, certificate=certificate)
    server.start(app)
    try:
        yield f"{server.scheme}://127.0.0.1:{server.port}"
    finally:
        server.stop()


@contextmanager
def signing_in(folder: Path) -> Iterator[tuple[str, str]]:
    """Yields the address of a server where people sign in, and a token that may view."""
    path = folder / "accounts.json"
    token = Accounts(path).add_token("Script", ["view"], by="test")
    with (
        mounted_app(folder, AUTH="builtin", ACCOUNTS=path) as app,
        serving(app) as url,
    ):
        yield url, token


def test_status_says_what_is_wrong(pet_stream: PetStreamCommand, tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app, serving(app) as url:
        result = pet_stream("status", "--url", url + "/")
        as_json = pet_stream("status", "--json", PET_STREAM_URL=url)
    assert (result.exit_code, as_json.exit_code) == (ExitCode.TROUBLE, ExitCode.TROUBLE)
    assert "status      camera_offline\n" in result.output
    assert "viewers     0 of 10\n" in result.output
    assert "→ " in result.output
    assert json.loads(as_json.output)["status"] == "camera_offline"


def test_status_of_what_is_well_is_0(pet_stream: PetStreamCommand) -> None:
    app = Flask("well", static_folder=None)
    app.add_url_rule("/cam/health", view_func=lambda: {"status": "ok"})
    with serving(app) as url:
        result = pet_stream("status", "--url", f"{url}/cam")
    assert result.exit_code == ExitCode.WELL
    assert "set PET_STREAM_TOKEN" in result.output


def test_a_token_is_asked_for_and_used(pet_stream: PetStreamCommand, tmp_path: Path) -> None:
    with signing_in(tmp_path) as (url, token):
        stranger = pet_stream("status", "--url", url)
        program = pet_stream("status", "--url", url, PET_STREAM_TOKEN=token)
        refused = pet_stream("snapshot", "-", "--url", url, "--json")
        wrong = pet_stream("snapshot", "-", "--url", url, PET_STREAM_TOKEN="pst_wrong")
    assert "viewers" not in stranger.output
    assert "viewers     0 of 10" in program.output
    assert refused.exit_code == wrong.exit_code == ExitCode.REFUSED
    assert json.loads(refused.stdout) == {
        "error": "Sign in first (set PET_STREAM_TOKEN)",
        "code": "sign_in",
    }
    assert "this token has no right to it" in wrong.stderr
    assert "pst_wrong" not in wrong.output


def test_a_snapshot_is_saved_once(pet_stream: PetStreamCommand, tmp_path: Path) -> None:
    app = Flask("camera", static_folder=None)
    app.add_url_rule("/api/snapshot.jpg", view_func=lambda: b"\xff\xd8picture")
    path = tmp_path / "now.jpg"
    with serving(app) as url:
        saved = pet_stream("snapshot", path, "--url", url, "--json")
        again = pet_stream("snapshot", path, "--url", url)
        printed = pet_stream("snapshot", "-", "--url", url)
    assert json.loads(saved.output) == {"file": str(path), "bytes": 9}
    assert path.read_bytes() == printed.stdout_bytes == b"\xff\xd8picture"
    assert (again.exit_code, again.stderr) == (1, f"pet-stream: {path} is there already\n")


def test_without_a_picture_no_file_is_left(pet_stream: PetStreamCommand, tmp_path: Path) -> None:
    path = tmp_path / "now.jpg"
    with mounted_app(tmp_path) as app, serving(app) as url:
        result = pet_stream("snapshot", path, "--url", url)
        text = pet_stream("snapshot", path, "--url", f"{url}/health?")
    assert result.exit_code == ExitCode.TROUBLE
    assert text.exit_code == ExitCode.WRONG
    assert not path.exists()


def test_a_certificate_of_our_own_is_trusted_when_it_is_named(
    pet_stream: PetStreamCommand, tmp_path: Path
) -> None:
    path = tmp_path / "own.pem"
    write_certificate(path)
    der = ssl.PEM_cert_to_DER_cert(path.read_text().partition("-----BEGIN PRIVATE")[0])
    shown = hashlib.sha256(der).hexdigest().upper()
    pairs = ":".join(shown[i : i + 2] for i in range(0, 64, 2))
    with mounted_app(tmp_path) as app, serving(app, Certificate(path)) as url:

        def ask(*options: object) -> Any:
            return pet_stream("status", "--url", url, *options)

        assert ask().exit_code == ExitCode.UNREACHABLE
        assert "--fingerprint" in ask().stderr
        assert "viewers" in ask("--ca", path).stdout
        assert "viewers" in ask("--fingerprint", pairs).stdout
        other = ask("--fingerprint", "00" * 32)
    assert other.exit_code == ExitCode.UNREACHABLE
    assert "another fingerprint" in other.stderr


def test_http_is_sent_on_to_https_of_the_same_server(
    pet_stream: PetStreamCommand, tmp_path: Path
) -> None:
    path = tmp_path / "own.pem"
    write_certificate(path)
    with mounted_app(tmp_path) as app, serving(app, Certificate(path)) as url:
        result = pet_stream("status", "--url", url.replace("https", "http"), "--ca", path)
    assert "viewers     0 of 10" in result.output


@pytest.mark.parametrize(
    ("arguments", "environment", "text"),
    [
        (["--url", "ftp://cam"], {}, "not an address"),
        (["--url", "http://"], {}, "not an address"),
        (["--url", "http://cam:port"], {}, "not an address"),
        (["--url", "http://cam/?x"], {}, "not an address"),
        (["--url", "http://me:secret@cam"], {}, "PET_STREAM_TOKEN is for that"),
        (["--url", "http://cam/\nX: y"], {}, "not an address"),
        (["--fingerprint", "abc"], {}, "not the SHA-256 fingerprint"),
        (["--timeout", "0"], {}, "not between 0.1 and 600"),
        ([], {"PET_STREAM_TOKEN": "secret\r\nX: y"}, "not a token"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_sent(
    pet_stream: PetStreamCommand, arguments: list[str], environment: dict[str, str], text: str
) -> None:
    result = pet_stream("status", *arguments, **environment)
    assert result.exit_code == ExitCode.WRONG
    assert text in result.stderr
    assert "secret" not in result.stderr


def test_a_file_that_is_no_certificate_is_told(
    pet_stream: PetStreamCommand, tmp_path: Path
) -> None:
    result = pet_stream("status", "--url", "https://127.0.0.1:1", "--ca", tmp_path / "none")
    assert (result.exit_code, result.stderr) == (
        1,
        f"pet-stream: {tmp_path / 'none'} is no file of certificates\n",
    )


def test_nobody_there_is_3(pet_stream: PetStreamCommand, free_port: int) -> None:
    result = pet_stream("status", "--url", f"http://127.0.0.1:{free_port}")
    assert result.exit_code == ExitCode.UNREACHABLE
    assert result.stderr.count("\n") == 1
    assert "Connection refused" in result.stderr
