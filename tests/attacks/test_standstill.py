"""A server that stood still for seconds takes nobody for vanished."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from pet_stream.websocket.time_limits import TimeLimits
from tests.waiting import TIMEOUT_S

from ..apps import NO_CAMERA
from ..browser.processes import Process
from ..webrtc.viewer import Viewer
from ..websocket.client import WebSocket

CHECKOUT = Path(__file__).resolve().parents[2]


def ask(url: str, body: object = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        text = answer.read().decode()
    return json.loads(text) if text.startswith("{") else text


def vanished_count(url: str) -> float:
    lines = [
        line.split() for line in ask(f"{url}/metrics").splitlines() if "vanished_total" in line
    ]
    return sum(float(line[1]) for line in lines if line[0].startswith("pet_stream_"))


@pytest.mark.slow
def test_viewers_outlive_a_standstill_of_the_server(tmp_path: Path) -> None:
    settings = {"SHM": NO_CAMERA, "RECORD_PATH": str(tmp_path), "ICE_HOSTS": '["127.0.0.1"]'}
    environment = {f"FLASK_PET_STREAM_{name}": value for name, value in settings.items()}
    process = Process(
        [sys.executable, "-m", "pet_stream.command_line", "run", "--port", "0"],
        env={**os.environ, **environment},
        cwd=CHECKOUT,
    )
    try:
        url = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
        asyncio.run(watch(process, url))
    finally:
        process.stop(signal.SIGTERM)


async def watch(process: Process, url: str) -> None:
    viewer = Viewer()
    offer = {"type": "offer", "sdp": await viewer.offer()}
    answer = await asyncio.to_thread(ask, f"{url}/api/webrtc/offer", offer)
    await viewer.accept(answer["sdp"])
    await asyncio.wait_for(viewer.becomes("connected"), TIMEOUT_S)
    with WebSocket(f"{url}/api/stream/ws".replace("http", "ws", 1)) as page:
        await asyncio.to_thread(stand_still, process, page)
    assert await asyncio.to_thread(vanished_count, url) == 0
    health = await asyncio.to_thread(ask, f"{url}/health")
    assert health["webrtc_clients"] == 1
    assert viewer.state == "connected"
    await viewer.close()


def stand_still(process: Process, page: WebSocket) -> None:
    """For longer than a viewer may be silent, and then until everybody was looked after."""
    page.receive()
    os.kill(process.pid, signal.SIGSTOP)
    try:
        time.sleep(TimeLimits().silence_s + 0.5)
    finally:
        os.kill(process.pid, signal.SIGCONT)
    time.sleep(1.5)  # three looks
    page.send({"type": "ping", "t": 1})
    page.text("pong")
