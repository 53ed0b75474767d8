"""Under servers with few threads a page takes no thread that the host needs."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.http_clients import connect
from tests.server_process import APP, GUNICORN, Server, serving
from tests.waiting import TIMEOUT_S, wait_until

GTHREAD = (*GUNICORN, "--worker-class", "gthread", APP, "--threads")
WAITRESS = ("waitress", "--listen", "127.0.0.1:0")
UWSGI = ("tests.uwsgi_server", "--enable-threads")
TOO_FEW = {
    "gunicorn": ((*GUNICORN, APP), "--worker-class gthread --threads"),
    "gthread 1": ((*GTHREAD, "1"), "--threads"),
    "gthread 3": ((*GTHREAD, "3"), "--threads"),
    "waitress 2": ((*WAITRESS, "--threads", "2", APP), "waitress-serve --threads"),
    "uwsgi": (UWSGI, "uwsgi --processes 1 --threads"),
    "flask": (
        ("flask", "--app", "tests.web_monitor", "run", "--without-threads", "--port", "0"),
        "app.run(threaded=True)",
    ),
}
FEW = {
    "gthread 4": (*GTHREAD, "4"),
    "waitress": (*WAITRESS, APP),
    "uwsgi 4": (*UWSGI, "--threads", "4"),
}
EVENTS = "/api/stream/detections"
STATE = "/api/stream/ws"
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}
NAME = "recording_large.h264"
SIZE_BYTES = 64 * 1024 * 1024


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    with (folder / NAME).open("xb") as file:
        file.truncate(SIZE_BYTES)
    return folder


@contextlib.contextmanager
def open_events(server: Server) -> Iterator[bytes]:
    """Yields how the answer begins; it goes on."""
    request = f"GET {EVENTS} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connect(server.port, request.encode()) as client:
        yield client.recv(100)


def get(server: Server, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_S)
    with contextlib.closing(connection):
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()


def is_refused(answer: tuple[int, bytes]) -> bool:
    return answer[0] == 503 and b'"code":"too_few_threads"' in answer[1]


@pytest.mark.parametrize(("command", "advice"), TOO_FEW.values(), ids=TOO_FEW)
def test_what_lasts_is_refused_and_why_is_said(
    tmp_path: Path, segment_name: str, command: tuple[str, ...], advice: str
) -> None:
    with serving(command, tmp_path, segment_name) as server:
        for answer in (get(server, EVENTS), get(server, STATE, UPGRADE)):
            assert is_refused(answer)
            assert advice.encode() in answer[1]
        health = server.json("/health")
        (why,) = (reason for reason in health["reasons"] if advice in reason)
        assert "too_few_threads" in health["reason_codes"]
        wait_until(lambda: why in server.process.log)
        assert server.process.log.count(why) == 1


@pytest.mark.parametrize("command", FEW.values(), ids=FEW)
def test_of_four_threads_one_may_last(
    tmp_path: Path, segment_name: str, command: tuple[str, ...]
) -> None:
    with serving(command, tmp_path, segment_name) as server, open_events(server) as answer:
        assert b" 200 " in answer
        for _ in range(3):
            assert is_refused(get(server, EVENTS))
        health = server.json("/health")
        assert "too_few_threads" not in health["reason_codes"]
        assert "few_threads" in health["notice_codes"]
        assert ("no_websockets" in health["notice_codes"]) == (command[0] != "gunicorn")


@pytest.mark.parametrize("name", ["gunicorn", "flask"])
def test_a_download_has_the_only_thread_for_a_moment(
    tmp_path: Path, segment_name: str, recordings: Path, name: str
) -> None:
    request = f"GET /api/recordings/{NAME} HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with serving(TOO_FEW[name][0], tmp_path, segment_name) as server:
        status, part = get(server, f"/api/recordings/{NAME}", {"Range": "bytes=0-999999"})
        assert (status, len(part)) == (206, 1_000_000)
        with connect(server.port, request.encode(), receive_buffer=4096):
            assert server.json("/health")["version"]  # nobody reads: 2 s


def test_where_no_download_could_be_ended_there_is_none(
    tmp_path: Path, segment_name: str, recordings: Path
) -> None:
    with serving(UWSGI, tmp_path, segment_name) as server:
        assert is_refused(get(server, f"/api/recordings/{NAME}"))
