"""An aiortc server as its examples show it, with pet_stream's reader in front."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from typing import Any

import aioice.ice
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from pet_stream.broadcaster import Broadcaster
from pet_stream.event_loop import EventLoopThread
from pet_stream.ingest.shm_reader import ShmReader
from pet_stream.media.access_unit import AccessUnit
from pet_stream.process.stop_signals import StopSignals

from .options import serve

ANSWER_TIMEOUT_S = 20.0
CAPACITY = 60


class AiortcServer:
    """An aiortc server as its examples show it: one track per viewer, everything else stock.

    It reads the camera with pet_stream's reader, so that only the sending differs.
    """

    def __init__(
        self, options: argparse.Namespace, make_track: Callable[[], MediaStreamTrack]
    ) -> None:
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [options.host]
        self.event_loop = EventLoopThread("server")
        self.broadcaster = Broadcaster()
        self._reader = ShmReader(options.shm, self.broadcaster, "server")
        self._make_track = make_track
        self._connections: set[RTCPeerConnection] = set()

    def run(self, host: str, consume: Callable[[AccessUnit], None]) -> None:
        """Serve until SIGTERM; `consume` gets each access unit, on the loop."""
        app = Flask(__name__)
        app.add_url_rule("/api/webrtc/offer", view_func=self._handle_offer, methods=["POST"])

        def drain() -> None:
            for unit in subscription.take():
                consume(unit)

        with StopSignals() as stop_signals:
            self.event_loop.start()
            subscription = self.broadcaster.subscribe(
                "bench", CAPACITY, lambda: self.event_loop.call_soon(drain), is_urgent=True
            )
            self._reader.start()
            serve(app, host, stop_signals)
            self._reader.stop()
            self.event_loop.call(self._close_all(), ANSWER_TIMEOUT_S)
            self.event_loop.stop()

    async def _close_all(self) -> None:
        await asyncio.gather(*(connection.close() for connection in set(self._connections)))

    def _handle_offer(self) -> ResponseReturnValue:
        offer = request.get_json()
        answer = self.event_loop.call(self._answer(offer["sdp"]), ANSWER_TIMEOUT_S)
        return jsonify(type="answer", sdp=answer)

    async def _answer(self, sdp: str) -> str:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._connections.add(connection)

        @connection.on("connectionstatechange")
        async def on_state() -> None:
            if connection.connectionState in ("failed", "closed"):
                await connection.close()
                self._connections.discard(connection)

        track = self._make_track()
        connection.addTrack(track)
        capabilities = RTCRtpSender.getCapabilities("video")
        assert capabilities is not None
        for transceiver in connection.getTransceivers():
            transceiver.setCodecPreferences(
                [c for c in capabilities.codecs if c.mimeType in ("video/H264", "video/rtx")]
            )
        await connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        return connection.localDescription.sdp


class FedTrack(MediaStreamTrack):
    """A track that the loop feeds; keeps a few items when its sender is slow, then drops."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._queue: asyncio.Queue[Any] = asyncio.Queue(maxsize=CAPACITY)

    def put(self, item: Any) -> None:
        if not self._queue.full():
            self._queue.put_nowait(item)

    async def recv(self) -> Any:
        return await self._queue.get()
