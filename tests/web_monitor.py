"""A host like web_monitor.py, to be served in every way that Flask apps are.

    python -m tests.web_monitor                          its own app.run(threaded=True)
    flask --app tests.web_monitor run --debug
    gunicorn tests.web_monitor:app

Settings come from FLASK_PET_STREAM_* in the environment; MOUNTS=last mounts pet_stream after the
host's own routes are defined, instead of before.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator

from flask import Flask, Response

from pet_stream import PetStream

OWN_PATHS = ("/", "/assets/app.js", "/api/status", "/api/camera_status")
"""Answer `own PATH`."""


def create_app(*, mounts_last: bool) -> Flask:
    logging.basicConfig(level=logging.INFO)
    app = Flask("web_monitor", static_folder=None)
    if not mounts_last:
        PetStream(app)
    add_own_routes(app)
    if mounts_last:
        PetStream(app)
    return app


def add_own_routes(app: Flask) -> None:
    for path in OWN_PATHS:
        rule = path.replace("app.js", "<path:name>")
        app.add_url_rule(rule, f"own {path}", lambda path=path, **_: f"own {path}")
    for path in ("/stream", "/api/status/stream", "/api/detections/stream"):
        app.add_url_rule(path, f"own {path}", _events)
    app.add_url_rule("/api/debug/switch-camera", "switch", lambda: "own", methods=["POST"])
    app.add_url_rule("/threads", "threads", _threads)


def _events() -> Response:
    def events() -> Iterator[str]:
        while True:
            yield "data: own\n\n"
            time.sleep(0.05)

    return Response(events(), mimetype="text/event-stream")


def _threads() -> dict[str, object]:
    return {"pid": os.getpid(), "names": sorted(thread.name for thread in threading.enumerate())}


app = create_app(mounts_last=os.environ.get("MOUNTS") == "last")

if __name__ == "__main__":
    app.run(host="127.0.0.1", port=0, threaded=True)
