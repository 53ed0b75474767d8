"""The camera publishes itself to Janus, which serves the viewers: what that costs us, and whether
it comes back.

    python -m tests.publishing.sfu [--viewers 20] [--seconds 10] [--away 60]

As root, in a network namespace that ends with it. Prints a line for each step; ends with 1 if one
fails.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import urllib.request
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from aiortc import RTCSessionDescription

from benchmarks.peers.namespace import ADDRESS, enter
from pet_stream.event_loop import EventLoopThread
from tests.browser.processes import Process
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import TIMEOUT_S, wait_until
from tests.webrtc.viewer import Viewer

from .janus import Janus, running, whip_front

CHECKOUT = Path(__file__).resolve().parents[2]
TOKEN = "a-token"
FPS = 30


class Subscriber(Viewer):
    """Watches by way of Janus, which offers."""

    def __init__(self) -> None:
        super().__init__(hosts=(ip_network(f"{ADDRESS}/32"),))

    async def answer(self, offer: str) -> str:
        await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self._connection.setLocalDescription()
        return self._connection.localDescription.sdp


class Room:
    """Viewers of what Janus has."""

    def __init__(self, janus: Janus) -> None:
        self._janus = janus
        self._loop = EventLoopThread("viewers")
        self._loop.start()
        self.viewers: list[Subscriber] = []

    def enter(self, count: int) -> None:
        for _ in range(count):
            handle, offer = self._janus.subscribe()
            viewer = self.call(self._make())
            self.viewers.append(viewer)
            self._janus.accept(handle, self.call(viewer.answer(offer)))

    def shown(self) -> list[int]:
        return [len(viewer.units) for viewer in self.viewers]

    def leave(self) -> None:
        for viewer in self.viewers:
            self.call(viewer.close())
        self.viewers.clear()

    def close(self) -> None:
        self.leave()
        self._loop.stop()

    def call(self, coroutine: Any) -> Any:
        return self._loop.call(coroutine, TIMEOUT_S)

    async def _make(self) -> Subscriber:
        await asyncio.sleep(0)
        return Subscriber()


class Server:
    """Ours, in a process of its own."""

    def __init__(self, folder: Path, segment: str, url: str) -> None:
        settings = {
            "PUBLISH": json.dumps([{"url": url, "token": TOKEN}]),
            "ICE_HOSTS": json.dumps([f"{ADDRESS}/32"]),
            "AUTH": "off",
            "DETECTIONS_SHM": "None",
        }
        environment = {f"FLASK_PET_STREAM_{name}": value for name, value in settings.items()}
        command = [sys.executable, "-m", "pet_stream.command_line", "run", "--port", "0"]
        self._process = Process(
            [*command, "--shm", segment, "--record-path", str(folder / "recordings")],
            env={**os.environ, **environment, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(CHECKOUT)},
            cwd=folder,
        )
        port = self._process.wait_for_line(r"http://127\.0\.0\.1:(\d+)", TIMEOUT_S)[1]
        self._url = f"http://127.0.0.1:{port}"

    @property
    def state(self) -> str:
        with urllib.request.urlopen(f"{self._url}/health", timeout=TIMEOUT_S) as answer:
            return str(json.load(answer)["publications"][0]["state"])

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cost(self, seconds: float) -> float:
        """Per cent of a core."""
        before = self.cpu_s()
        time.sleep(seconds)
        return 100 * (self.cpu_s() - before) / seconds

    def stop(self) -> None:
        self._process.stop()


def run(viewer_count: int, seconds: float, away_s: float) -> None:
    segment = f"/pet_test_{os.getpid()}_sfu"
    with tempfile.TemporaryDirectory() as name, running(ADDRESS) as janus:
        folder = Path(name)
        write_source(
            folder / "scene",
            encode(640, 360, fps=FPS, gop=14, pictures=56, bit_rate=600_000),
        )
        with (
            Camera(segment, source=folder / "scene", fps=FPS),
            whip_front(janus, TOKEN) as url,
        ):
            server, room = Server(folder, segment, url), Room(janus)
            try:
                _run(server, janus, room, viewer_count, seconds, away_s)
            finally:
                room.close()
                server.stop()


def _run(
    server: Server, janus: Janus, room: Room, viewer_count: int, seconds: float, away_s: float
) -> None:
    wait_until(lambda: server.state == "live")
    alone = server.cost(seconds)
    print(f"published, nobody watches: {alone:.1f} % of a core")
    room.enter(viewer_count)
    wait_until(lambda: min(room.shown()) > 0)
    before = room.shown()
    watched = server.cost(seconds)
    pace = [(now - then) / seconds for now, then in zip(room.shown(), before, strict=True)]
    print(f"{viewer_count} watch by way of Janus: {watched:.1f} % of a core, the same for us;")
    print(f"each gets {min(pace):.1f} to {max(pace):.1f} pictures a second")
    assert min(pace) > 0.9 * FPS, "pictures are missing"
    room.leave()
    for seconds_away in (0.0, away_s):
        janus.kill()
        wait_until(lambda: server.state != "live")
        time.sleep(seconds_away)
        janus.start()
        began_s = time.monotonic()
        wait_until(lambda: server.state == "live")
        print(
            f"Janus killed, {seconds_away:g} s away: live {time.monotonic() - began_s:.1f} s later"
        )
        room.enter(1)
        wait_until(lambda: min(room.shown()) > FPS)
        room.leave()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--away", type=float, default=60)
    options = parser.parse_args()
    enter("tests.publishing.sfu", sys.argv[1:])
    run(options.viewers, options.seconds, options.away)


if __name__ == "__main__":
    main()
