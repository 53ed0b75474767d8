"""The program does its work with no more system calls than its unit file allows."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pet_stream.service.program import GUNICORN_OPTIONS
from tests.browser.processes import Process
from tests.certificates import trusting
from tests.process.notify_socket import NotifySocket
from tests.server_process import CHECKOUT
from tests.waiting import TIMEOUT_S, wait_until
from tests.webrtc.viewer import Viewer

UNITS = CHECKOUT / "deploy/systemd"
NO_CAPABILITIES = (
    ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"]
    if os.geteuid() == 0
    else []
)


def sandbox(unit: str) -> list[str]:
    """What runs the command behind it as that unit would."""
    return [*NO_CAPABILITIES, sys.executable, "-m", "tests.service.sandbox", str(UNITS / unit)]


FORBIDDEN = """
import os, socket
attempts = [
    lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
    lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
    lambda: os.chown(".", os.geteuid(), os.getegid()),
]
for number, attempt in enumerate(attempts):
    try:
        attempt()
    except OSError:
        pass
    else:
        raise SystemExit(f"attempt {number} was allowed")
socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()
os.setpriority(os.PRIO_PROCESS, 0, 10)
"""


def test_the_sandbox_forbids_what_it_should() -> None:
    command = [*sandbox("pet-stream.service"), sys.executable, "-c", FORBIDDEN]
    result = subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert result.returncode == 0, result.stderr


IN_FOLDER = """
import os, sys
from pet_stream.command_line import main
os.chdir(sys.argv.pop(1))
main()
"""
OPTIONS = ("--no-open", "--port", "0", "--tls-self-signed")


class Service:
    def __init__(self, process: Process, url: str, trusts: ssl.SSLContext) -> None:
        self.process = process
        self._url = url
        self._trusts = trusts

    def ask(self, path: str, body: Mapping[str, object] | None = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._url + path, data, headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=self._trusts) as answer:
            content: bytes = answer.read()
            return content

    def json(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        return json.loads(self.ask(path, body))


@pytest.fixture
def notify(tmp_path: Path) -> Iterator[NotifySocket]:
    with NotifySocket(tmp_path / "notify") as listener:
        yield listener


@pytest.fixture
def service(tmp_path: Path, notify: NotifySocket) -> Iterator[Service]:
    """The demo, which is also a camera, in a folder of its own."""
    folder = tmp_path / "state"
    folder.mkdir()
    process = Process(
        [
            *sandbox("pet-stream-demo.service"),
            *(sys.executable, "-c", IN_FOLDER, str(folder), "demo", *OPTIONS),
        ],
        env={**os.environ, "NOTIFY_SOCKET": notify.name, "PYTHONUNBUFFERED": "1"},
        cwd=CHECKOUT,
    )
    try:
        url = process.wait_for_line(r"(https://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
        trusts = trusting(folder / "pet_stream_tls.pem")
        yield Service(process, url, trusts)
    finally:
        process.stop(signal.SIGKILL)


@pytest.mark.slow
def test_it_streams_records_and_ends_in_the_sandbox(
    service: Service, notify: NotifySocket, tmp_path: Path
) -> None:
    assert "READY" in notify.receive()
    wait_until(lambda: service.json("/health")["camera"]["state"] == "live")
    assert service.ask("/api/snapshot.jpg").startswith(b"\xff\xd8")
    assert service.json("/api/recording/start", {})["status"] == "recording"

    async def watch() -> None:
        viewer = Viewer()
        try:
            offer = {"type": "offer", "sdp": await viewer.offer()}
            answer = await asyncio.to_thread(service.json, "/api/webrtc/offer", offer)
            await viewer.accept(answer["sdp"])
            await asyncio.wait_for(viewer.has(30), TIMEOUT_S)
        finally:
            await viewer.close()

    asyncio.run(watch())
    stopped = service.json("/api/recording/stop", {})
    assert stopped["frame_count"] > 14
    assert service.process.stop(signal.SIGTERM) == 0
    assert notify.receive_until(lambda message: "STOPPING" in message)
    assert (tmp_path / "state/recordings" / stopped["filename"]).is_file()
    log = service.process.log
    assert not [line for line in log.splitlines() if "WARNING" in line or "ERROR" in line], log


@pytest.mark.slow
def test_a_hosts_app_under_gunicorn_is_ready_in_the_sandbox(
    notify: NotifySocket, tmp_path: Path
) -> None:
    command = ("gunicorn", *GUNICORN_OPTIONS, "--bind", "127.0.0.1:0", "tests.web_monitor:app")
    process = Process(
        [*sandbox("web-monitor.service"), sys.executable, "-m", *command],
        env={
            **os.environ,
            "HOME": str(tmp_path),
            "NOTIFY_SOCKET": notify.name,
            "FLASK_PET_STREAM_RECORD_PATH": str(tmp_path / "recordings"),
        },
        cwd=CHECKOUT,
    )
    try:
        url = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)", TIMEOUT_S)[1]
        assert "READY" in notify.receive()
        with urllib.request.urlopen(url + "/health", timeout=TIMEOUT_S) as answer:
            assert "not_started" not in json.load(answer)["reason_codes"]
        assert process.stop(signal.SIGTERM) == 0, process.log
    finally:
        process.stop(signal.SIGKILL)
    assert "ERROR" not in process.log
