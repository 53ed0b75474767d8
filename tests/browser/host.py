"""A host like web_monitor.py: routes, pages and streams of its own, and the two lines that mount
pet_stream. Settings come from FLASK_PET_STREAM_* in the environment.

    python -m tests.browser.host [PORT [ADDRESS]]     prints where it serves
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from flask import Flask, Response, jsonify, request
from flask.typing import ResponseReturnValue

from pet_stream import PetStream

app = Flask("web_monitor", static_folder=None)
app.config.from_prefixed_env()
stream = PetStream(app)


@app.get("/")
def index() -> str:
    return """<!doctype html><title>web monitor</title>
        <link rel="icon" href="data:,">
        <script type="module" src="/pet-stream/static/js/player.js"></script>
        <h1>A page of the host</h1>
        <pet-stream></pet-stream>"""


@app.get("/embedded")
def embedded() -> ResponseReturnValue:
    """A page of somebody's, put together by its URL."""
    head, player, policy = (request.args.get(name, "") for name in ("head", "player", "policy"))
    text = "<p>Some text below the picture.</p>" * 20
    icon = '<link rel="icon" href="data:,">'
    page = f"<!doctype html><head>{icon}{head}</head><h1>A page of somebody's</h1>{player}{text}"
    return page, {"Content-Security-Policy": policy} if policy else {}


@app.get("/assets/<path:name>")
def asset(name: str) -> ResponseReturnValue:
    return Response(f"/* the host's own {name} */", mimetype="text/javascript")


@app.get("/stream")
def mjpeg() -> ResponseReturnValue:
    def parts() -> Iterator[bytes]:
        while True:
            yield b"--frame\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xd9\r\n"
            time.sleep(0.1)

    return Response(parts(), mimetype="multipart/x-mixed-replace; boundary=frame")


@app.get("/api/status")
@app.get("/api/camera_status")
def status() -> ResponseReturnValue:
    return jsonify(host="web_monitor")


@app.get("/api/status/stream")
@app.get("/api/detections/stream")
def events() -> ResponseReturnValue:
    def lines() -> Iterator[str]:
        while True:
            yield "data: {}\n\n"
            time.sleep(0.1)

    return Response(lines(), mimetype="text/event-stream")


@app.post("/api/debug/switch-camera")
def switch_camera() -> ResponseReturnValue:
    return jsonify(ok=True)


if __name__ == "__main__":
    port, address = (*sys.argv[1:], *("0", "127.0.0.1")[len(sys.argv) - 1 :])
    app.run(host=address, port=int(port), threaded=True)
