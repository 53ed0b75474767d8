"""Janus with its streaming plugin, fed from the ring by feeder.c. Its viewers answer.

python -m benchmarks.systems.janus --shm /name --host ADDRESS
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from pet_stream.process.stop_signals import StopSignals
from tests.janus_server import JanusServer

from ..peers.feeder import PAYLOAD_TYPE, Feeder
from .options import parse_options, serve

API_PORT, RTP_PORT = 8188, 8190
"""In a network namespace of the run's own."""


class Janus(JanusServer):
    """Its streaming plugin, which offers."""

    def __init__(self, folder: Path, address: str) -> None:
        video = (
            f'{{ type = "video" mid = "v" label = "v" port = {RTP_PORT} pt = {PAYLOAD_TYPE} '
            'codec = "h264" fmtp = "packetization-mode=1;profile-level-id=42e01f" }'
        )
        camera = f'camera: {{\ntype = "rtp"\nid = 1\nmedia = ( {video} )\n}}\n'
        super().__init__(folder, address, API_PORT, "streaming", camera)

    def offer(self) -> tuple[str, str]:
        """Where its API has the viewer, and the offer."""
        handle = self.attach()
        self.say(handle, request="watch", id=1)
        return handle, self.next_description(handle)

    def answer(self, handle: str, sdp: str) -> None:
        self.say(handle, {"type": "answer", "sdp": sdp}, request="start")


def main() -> None:
    options = parse_options()
    app = Flask(__name__)
    folder = Path(tempfile.mkdtemp(prefix="pet_stream_bench_"))
    janus, feeder = Janus(folder, options.host), Feeder(options.shm, RTP_PORT)

    @app.get("/offer")
    def offer() -> ResponseReturnValue:
        handle, sdp = janus.offer()
        return jsonify(type="offer", sdp=sdp, answer=f"/answer{handle}")

    @app.post("/answer/<path:handle>")
    def answer(handle: str) -> ResponseReturnValue:
        janus.answer(f"/{handle}", request.get_json()["sdp"])
        return jsonify()

    with StopSignals() as stop_signals:
        try:
            janus.start()
            serve(app, options.host, stop_signals, processes=(janus.pid, feeder.pid))
        finally:
            feeder.stop()
            janus.kill()
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
