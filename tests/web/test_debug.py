"""Profiles, threads and memory of the running process, for who may operate it."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix

from pet_stream.logs.repeats import Repeats
from pet_stream.profiling.stacks import ShortPaths
from pet_stream.profiling.threads import thread_stacks
from pet_stream.web.nearness import users_of_socket
from pet_stream.web_server import WebServer
from tests.apps import mounted_app, stream_of
from tests.attacks.http_clients import ask, connect
from tests.waiting import TIMEOUT_S, wait_until

PATHS = (
    "/api/debug/profile?seconds=0.1",
    "/api/debug/threads",
    "/api/debug/memory",
    "/api/debug/warnings",
)


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    """Of our own server, which serves `app` to nobody but this machine."""
    server = WebServer("127.0.0.1", 0)
    server.start(app)
    yield server.port
    server.stop()


def get(port: int, path: str, *headers: str) -> tuple[int, dict[str, object]]:
    status, answer = ask(port, path, *headers)
    return status, json.loads(answer.partition(b"\r\n\r\n")[2])


def test_a_profile_is_a_file_for_speedscope(client: FlaskClient) -> None:
    client.get("/health")  # starts
    answer = client.get("/api/debug/profile?seconds=0.2")
    assert answer.status_code == 200
    assert ".speedscope.json" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    names = {profile["name"].split(" · ")[0] for profile in answer.get_json()["profiles"]}
    assert {"pet-stream-camera", "pet-stream-loop"} <= names


@pytest.mark.parametrize("seconds", ["0", "-1", "61", "nan", "inf", "x", "", "1e9"])
def test_a_profile_has_a_bound(client: FlaskClient, seconds: str) -> None:
    answer = client.get(f"/api/debug/profile?seconds={seconds}")
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")


def test_whoever_asks_for_the_head_only_waits_for_no_profile(client: FlaskClient) -> None:
    assert client.head("/api/debug/profile").status_code == 200


def is_sampling() -> bool:
    """Whether a thread of this process makes a profile now."""
    return "profiling/sampler.py" in json.dumps(thread_stacks(ShortPaths()))


def test_one_profile_at_a_time_and_none_for_who_has_hung_up(app: Flask, port: int) -> None:
    request = b"GET /api/debug/profile?seconds=60 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connect(port, request):
        wait_until(is_sampling)
        status, answer = get(port, PATHS[0])
        assert (status, answer["code"]) == (503, "busy")
        assert stream_of(app).profile_turns.refused_count == 1
    wait_until(lambda: not is_sampling())
    assert get(port, PATHS[0])[0] == 200


def test_a_profile_ends_with_the_stream(app: Flask, port: int) -> None:
    app.test_client().get("/health")  # starts
    outcome: list[int] = []

    def profile() -> None:
        outcome.append(ask(port, "/api/debug/profile?seconds=60")[0])

    thread = threading.Thread(target=profile)
    thread.start()
    wait_until(is_sampling)
    stream_of(app).stop()
    thread.join(TIMEOUT_S)
    assert outcome == [200]


def test_threads_and_tasks_are_told(client: FlaskClient) -> None:
    client.get("/health")  # starts
    answer = client.get("/api/debug/threads").get_json()
    [camera] = [row for row in answer["threads"] if row["name"] == "pet-stream-camera"]
    assert "pet_stream/ingest/shm_reader.py" in [call["file"] for call in camera["stack"]]
    assert isinstance(answer["tasks"], list)


def test_memory_is_traced_from_the_first_look_until_the_stop(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/api/debug/memory").get_json()["top"] == []
    assert client.get("/api/debug/memory").get_json()["top"]
    assert "pet-stream-memory" in [thread.name for thread in threading.enumerate()]


def test_the_last_warnings_are_told(app: Flask) -> None:
    stream, client = stream_of(app), app.test_client()
    stream.own_log.repeats = Repeats(window_s=0.2)
    client.get("/health")  # starts
    logger = logging.getLogger("pet_stream.tests.debug")
    for _ in range(3):
        logger.warning("the same again, with pst_secret")

    def texts() -> list[str]:
        rows = client.get("/api/debug/warnings").get_json()["warnings"]
        return [row["text"] for row in rows if row["logger"] == logger.name]

    wait_until(lambda: len(texts()) == 2)
    assert texts() == [
        "the same again, with pst_… … and 2 more in the last minute",
        "the same again, with pst_…",
    ]


def test_a_program_on_this_machine_may_operate_what_is_open_to_all(port: int) -> None:
    for path in PATHS:
        assert ask(port, path)[0] == 200, path
    assert get(port, "/pet-stream/api/session")[1]["rights"] == [
        *("view", "replay", "record", "manage", "operate", "metrics")
    ]


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For: 127.0.0.1",
        "Forwarded: for=127.0.0.1",
        "X-Real-IP: 127.0.0.1",
        "X-Forwarded-Proto: https",
        "Via: 1.1 proxy",
    ],
)
def test_a_proxy_on_this_machine_may_not(port: int, header: str) -> None:
    for path in PATHS:
        status, answer = get(port, path, header)
        assert (status, answer["code"]) == (403, "not_allowed")
        assert "only programs on this machine" in str(answer["error"])


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("192.168.1.30", "localhost"),
        ("::ffff:192.168.1.30", "localhost"),
        ("", "localhost"),  # a Unix socket: a proxy's
        ("127.0.0.1", "camera.local"),
        ("127.0.0.1", "rebind.example"),  # a stranger's page, in a browser on this machine
        ("127.0.0.1", "192.168.1.20"),
    ],
)
def test_others_may_not(client: FlaskClient, address: str, host: str) -> None:
    for path in PATHS:
        answer = client.get(path, base_url=f"http://{host}", environ_base={"REMOTE_ADDR": address})
        assert answer.status_code == 403, path
    session = client.get(
        "/pet-stream/api/session", base_url=f"http://{host}", environ_base={"REMOTE_ADDR": address}
    )
    assert "operate" not in session.get_json()["rights"]


def test_an_address_that_a_proxy_has_told_does_not_count(app: Flask) -> None:
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    assert app.test_client().get("/api/debug/threads").status_code == 403


def test_where_people_sign_in_an_address_gives_no_right(tmp_path: Path) -> None:
    with mounted_app(tmp_path, AUTH="builtin", ACCOUNTS=tmp_path / "accounts.json") as app:
        assert [app.test_client().get(path).status_code for path in PATHS] == [401] * len(PATHS)


OURS = "   7: 0100007F:D2F0 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  {} 0 1 1"
SERVERS = "   8: 0100007F:1F90 0100007F:D2F0 01 00000000:00000000 00:00000000 00000000  0 0 1 1"
MAPPED = (
    "   9: 0000000000000000FFFF00000100007F:D2F0 0000000000000000FFFF00000100007F:1F90 01 "
    "00000000:00000000 00:00000000 00000000  {} 0 1 1"
)


@pytest.mark.parametrize(
    ("lines", "users"),
    [
        ([], set()),
        ([SERVERS], set()),
        ([SERVERS, OURS.format(33)], {33}),
        ([OURS.format(1000), MAPPED.format(33)], {1000, 33}),
        ([OURS.format(33).replace(" 01 ", " 06 ")], set()),
        ([OURS.format(33).replace("1F90", "1F91")], set()),
    ],
)
def test_the_user_of_the_other_end_is_found(lines: list[str], users: set[int]) -> None:
    assert users_of_socket(lines, 0xD2F0, 0x1F90) == users


def test_the_kernel_tells_the_user_of_a_real_connection(port: int) -> None:
    with connect(port) as client:
        lines = Path("/proc/net/tcp").read_text().splitlines()
        assert users_of_socket(lines, client.getsockname()[1], port) == {os.getuid()}
