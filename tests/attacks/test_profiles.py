"""Strangers, and too many at once, who want to look into the process."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from pet_stream.profiling.stacks import ShortPaths
from pet_stream.profiling.threads import thread_stacks
from pet_stream.web_server import WebServer
from tests.apps import mounted_app, stream_of
from tests.waiting import wait_until

from .http_clients import ask, connect

REQUEST = b"GET /api/debug/profile?seconds=60 HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path) as app:
        yield app


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    server = WebServer("127.0.0.1", 0)
    server.start(app)
    yield server.port
    server.stop()


def samplers() -> int:
    """How many threads make a profile now."""
    stacks = [json.dumps(row) for row in thread_stacks(ShortPaths())]
    return sum("profiling/sampler.py" in stack for stack in stacks)


def test_many_at_once_make_one_profile_and_none_when_they_have_gone(app: Flask, port: int) -> None:
    with ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(connect(port, REQUEST))
        wait_until(lambda: stream_of(app).profile_turns.refused_count == 19)
        assert samplers() <= 1
        assert ask(port, "/livez")[0] == 200
    wait_until(lambda: samplers() == 0)
    assert ask(port, "/api/debug/profile?seconds=0.1")[0] == 200


def test_many_looks_at_the_memory_are_answered_or_refused(port: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        statuses = Counter(
            pool.map(lambda _: ask(port, "/api/debug/memory")[0], range(24)),
        )
    assert statuses[200]
    assert statuses[200] + statuses[503] == 24


@pytest.mark.parametrize("path", ["profile?seconds=0.1", "threads", "memory", "warnings"])
def test_a_strangers_page_in_a_browser_on_this_machine_sees_nothing(port: int, path: str) -> None:
    for headers in (
        ("Origin: http://evil.example", "Sec-Fetch-Site: cross-site"),
        ("Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"),
        ("X-Forwarded-For: 127.0.0.1",),
        ("Via: 1.1 nginx",),
    ):
        assert ask(port, f"/api/debug/{path}", *headers)[0] == 403, headers
