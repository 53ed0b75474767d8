"""`run` behind a proxy that speaks HTTPS."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import click
import pytest

from pet_stream.command_line.hosting import settings_of
from pet_stream.command_line.proxy import Proxy, proxy
from tests.waiting import TIMEOUT_S

from .test_hosting import StartCommand, start_command

__all__ = ["start_command"]

FORWARDED = {"X-Forwarded-For": "192.168.1.30", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("text", "url", "host"),
    [
        ("https://cam.example.org", "https://cam.example.org/", "cam.example.org"),
        (
            "https://Cam.example.org:8443/cam/",
            "https://Cam.example.org:8443/cam/",
            "cam.example.org",
        ),
        ("http://192.0.2.7/a/b", "http://192.0.2.7/a/b/", "192.0.2.7"),
    ],
)
def test_a_url_names_its_host(text: str, url: str, host: str) -> None:
    assert (proxy(text).url, proxy(text).host) == (url, host)


@pytest.mark.parametrize(
    "text",
    [
        *("", "cam.example.org", "//cam.example.org", "ftp://cam", "https://", "https:///x"),
        *("https://a b/", "https://a/?b", "https://a/#b", "https://user@a/", "https://a:99999/"),
        *("https://[::1", "https://[::1]x/"),
    ],
)
def test_what_is_no_url_is_said(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not a URL"):
        proxy(text)


def test_only_a_proxy_on_this_machine_is_believed() -> None:
    with pytest.raises(click.UsageError, match="leave --host out"):
        settings_of("0.0.0.0", {}, Proxy("https://cam.example.org/"))


def test_people_sign_in_by_the_proxy_and_nobody_gets_in_without(
    start_command: StartCommand, segment_name: str, tmp_path: Path
) -> None:
    process = start_command(
        *("run", "--port", "0", "--shm", segment_name, "--record-path", str(tmp_path)),
        *("--public-url", "https://cam.example.org/cam/"),
        FLASK_PET_STREAM_ACCOUNTS=str(tmp_path / "accounts.json"),
    )
    here = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
    process.wait_for_line("Ctrl-C stops it", TIMEOUT_S)
    link = re.search(r"https://cam\.example\.org/cam/pet-stream/#invitation=(\S+)", process.log)
    assert link is not None
    assert "Only this machine" not in process.log

    def ask(path: str, body: object, **headers: str) -> tuple[int, Any, str]:
        """As the proxy passes it on, which strips /cam."""
        headers = {
            **{"Host": "cam.example.org", "Origin": "https://cam.example.org"},
            **{"Content-Type": "application/json", "X-Forwarded-Prefix": "/cam"},
            **FORWARDED,
            **headers,
        }
        request = urllib.request.Request(here + path, json.dumps(body).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return answer.status, json.load(answer), answer.headers.get("Set-Cookie", "")
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, json.load(exc), ""

    assert ask("/api/recording/stop", {})[0] == 401
    status, _, cookie = ask("/pet-stream/api/session", {"invitation": link[1]})
    assert status == 200
    assert cookie.startswith("__Host-pet_stream_")
    assert "Secure" in cookie
    cookie = cookie.partition(";")[0]
    assert ask("/api/recording/stop", {}, Cookie=cookie)[1]["code"] == "not_recording"
    foreign = ask("/api/recording/stop", {}, Cookie=cookie, Origin="https://evil.example")
    assert foreign[1]["code"] == "origin"
    assert ask("/api/recording/stop", {}, Cookie=cookie, Host="evil.example")[0] == 421
    process.stop()
