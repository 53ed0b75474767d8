"""Downloads that nobody reads do not take the server's threads, whichever server it is."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attacks.http_clients import ask, connect, many
from tests.browser.processes import Process
from tests.server_process import ADDRESS, CHECKOUT, SERVERS
from tests.waiting import TIMEOUT_S, wait_until

SIZE_BYTES = 64 * 1024 * 1024
NAME = "recording_large.h264"
PATH = f"/api/recordings/{NAME}"
GET = f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    with (folder / NAME).open("xb") as file:
        file.truncate(SIZE_BYTES)
    return folder


@pytest.fixture
def host(
    request: pytest.FixtureRequest, tmp_path: Path, recordings: Path, segment_name: str
) -> Iterator[Host]:
    """Served by 8 threads of gunicorn, or by as many of app.run as there are requests."""
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "HOME": str(tmp_path),
        "FLASK_PET_STREAM_SHM": segment_name,
        "FLASK_PET_STREAM_RECORD_PATH": str(recordings),
    }
    name, max_downloads = request.param
    process = Process([sys.executable, "-m", *SERVERS[name]], env=environment, cwd=CHECKOUT)
    try:
        address = process.wait_for_line(ADDRESS, TIMEOUT_S)[1]
        yield Host(int(address.rpartition(":")[2]), process.pid, max_downloads)
    finally:
        process.stop()
    assert "Traceback" not in process.log, process.log


@dataclass(frozen=True)
class Host:
    port: int
    pid: int
    max_downloads: int

    def metric(self, name: str) -> int:
        status, page = ask(self.port, "/metrics")
        assert status == 200
        found = re.search(rf"^pet_stream_{name} (\d+)".encode(), page, re.MULTILINE)
        assert found is not None
        return int(found[1])


@pytest.mark.parametrize("host", [("gunicorn", 5), ("app.run", 32)], indirect=True)
def test_downloads_that_nobody_reads_keep_nobody_out(host: Host) -> None:
    with many(host.max_downloads, host.port, GET, receive_buffer=4096):
        wait_until(lambda: host.metric("downloads") == host.max_downloads)
        status, answer = ask(host.port, PATH)  # those before may still be read
        assert status == 503
        assert b'"code":"busy"' in answer
        assert b"\r\nRetry-After: 5\r\n" in answer
        assert ask(host.port, "/health")[0] == 200
        # they are not, so that who wants to read gets a place of theirs
        wait_until(lambda: ask(host.port, PATH, "Range: bytes=0-9")[0] == 206)
        assert host.metric("downloads_ended_total") >= 1
        assert host.metric("downloads_refused_total") >= 1
    wait_until(lambda: host.metric("downloads") == 0)


@pytest.mark.parametrize("host", [("gunicorn", 5), ("app.run", 32)], indirect=True)
def test_resets_leave_neither_places_nor_descriptors(host: Host) -> None:
    for method in (b"GET", b"HEAD"):
        for _ in range(20):
            with connect(host.port, GET.replace(b"GET", method), receive_buffer=4096) as client:
                client.recv(100)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_until(lambda: host.metric("downloads") == 0)
    wait_until(lambda: not _open_recordings(host.pid))
    assert host.metric("downloads_refused_total") == 0


def _open_recordings(pid: int) -> list[str]:
    targets = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            targets.append(os.readlink(link))
    return [target for target in targets if target.endswith(NAME)]
