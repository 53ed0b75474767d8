"""GStreamer's webrtcbin, fed from the ring by feeder.c. Its viewers answer.

python -m benchmarks.systems.gstreamer --shm /name --host ADDRESS
"""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from pet_stream.process.stop_signals import StopSignals

from ..peers.feeder import PAYLOAD_TYPE, Feeder
from .options import parse_options, serve

RTP_PORT = 8190
"""In a network namespace of the run's own."""
PYTHON = "/usr/bin/python3"
"""Debian's, which has GStreamer's bindings."""


class Pipeline:
    """gstreamer_pipeline.py, spoken to over its standard input and output."""

    def __init__(self) -> None:
        program = Path(__file__).with_name("gstreamer_pipeline.py")
        self._process = subprocess.Popen(
            [PYTHON, str(program), str(RTP_PORT), str(PAYLOAD_TYPE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._one_at_a_time = threading.Lock()
        self.ask()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, **command: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._one_at_a_time:
            self._process.stdin.write(json.dumps(command) + "\n")
            return json.loads(self._process.stdout.readline())

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


def main() -> None:
    options = parse_options()
    app = Flask(__name__)
    pipeline, feeder = Pipeline(), Feeder(options.shm, RTP_PORT)

    @app.get("/offer")
    def offer() -> ResponseReturnValue:
        viewer = pipeline.ask(do="offer")
        return jsonify(type="offer", sdp=viewer["sdp"], answer=f"/answer/{viewer['id']}")

    @app.post("/answer/<int:viewer>")
    def answer(viewer: int) -> ResponseReturnValue:
        return jsonify(pipeline.ask(do="answer", id=viewer, sdp=request.get_json()["sdp"]))

    with StopSignals() as stop_signals:
        try:
            serve(app, options.host, stop_signals, processes=(pipeline.pid, feeder.pid))
        finally:
            feeder.stop()
            pipeline.stop()


if __name__ == "__main__":
    main()
