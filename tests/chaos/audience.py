"""Viewers of both kinds, who come back by themselves as our pages do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Callable
from typing import Any

from simple_websocket import ConnectionClosed, ConnectionError

from pet_stream.event_loop import EventLoopThread
from tests.waiting import TIMEOUT_S
from tests.webrtc.viewer import Viewer
from tests.websocket.client import WebSocket, header_of

BACK_S = 0.3
"""A page tries again after this."""
SILENCE_S = 3.5
"""A page that gets nothing for this long begins anew."""
KEPT = 20_000


class SocketViewer:
    """Watches over a WebSocket, in a thread of its own."""

    def __init__(self, url: Callable[[], str]) -> None:
        self.picture_count = self.visit_count = 0
        self.seen_ns = 0
        """When its newest picture was taken, of CLOCK_MONOTONIC."""
        self.latencies_ms: deque[float] = deque(maxlen=KEPT)
        """From capture to arrival."""
        self._url = url
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="viewer over WebSockets")
        self._thread.start()

    def take_latencies(self) -> list[float]:
        """Returns those since the last call."""
        taken = list(self.latencies_ms)
        self.latencies_ms.clear()
        return taken

    def close(self) -> None:
        self._is_over.set()
        self._thread.join(TIMEOUT_S)

    def _watch(self) -> None:
        while not self._is_over.is_set():
            with contextlib.suppress(
                ConnectionClosed, ConnectionError, OSError, AssertionError, TimeoutError
            ):
                self._visit()
            self._is_over.wait(BACK_S)

    def _visit(self) -> None:
        with WebSocket(f"{self._url().replace('http', 'ws', 1)}/api/stream/h264") as page:
            self.visit_count += 1
            while not self._is_over.is_set():
                message = page.receive(SILENCE_S)
                if isinstance(message, bytes):
                    captured_us = header_of(message)[2]
                    self.seen_ns = captured_us * 1000
                    self.picture_count += 1
                    self.latencies_ms.append((time.monotonic_ns() - self.seen_ns) / 1e6)


class PeerViewer:
    """Watches over WebRTC. `loop` serves it."""

    def __init__(self, url: Callable[[], str], loop: EventLoopThread) -> None:
        self.picture_count = self.visit_count = 0
        self.seen_ns = 0
        """When its newest picture has come, of CLOCK_MONOTONIC."""
        self._url = url
        self._loop = loop
        self._is_over = False
        self._task: asyncio.Task[Any] = loop.call(self._start(), TIMEOUT_S)

    def take_latencies(self) -> list[float]:
        """None: it does not hear when its pictures were taken."""
        return []

    def close(self) -> None:
        async def end() -> None:
            self._is_over = True
            await asyncio.wait({self._task}, timeout=TIMEOUT_S)

        self._loop.call(end(), TIMEOUT_S)

    async def _start(self) -> asyncio.Task[Any]:
        return self._loop.spawn(self._watch(), "viewer over WebRTC")

    async def _watch(self) -> None:
        while not self._is_over:
            viewer = Viewer()
            try:
                await self._visit(viewer)
            except (OSError, ValueError, KeyError, TimeoutError, asyncio.TimeoutError):
                pass  # refused, or gone
            finally:
                await viewer.close()
            await asyncio.sleep(BACK_S)

    async def _visit(self, viewer: Viewer) -> None:
        offer = await viewer.offer()
        answer = await asyncio.to_thread(self._post, offer)
        await viewer.accept(answer["sdp"])
        self.visit_count += 1
        heard_s = time.monotonic()
        while not self._is_over and viewer.state not in ("closed", "failed"):
            await asyncio.sleep(0.05)
            if viewer.units:
                heard_s = time.monotonic()
                self.picture_count += len(viewer.units)
                self.seen_ns = time.monotonic_ns()
                for kept in (viewer.units, viewer.timestamps, viewer.sender_reports):
                    kept.clear()
                del viewer.packets[:-1]
            elif time.monotonic() - heard_s > SILENCE_S:
                return

    def _post(self, sdp: str) -> dict[str, str]:
        request = urllib.request.Request(
            f"{self._url()}/api/webrtc/offer",
            json.dumps({"type": "offer", "sdp": sdp}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=SILENCE_S) as response:
            answer: dict[str, str] = json.load(response)
            return answer
