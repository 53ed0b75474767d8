"""A small host of its own: what `web_monitor.py` is on the board, as far as a demo needs it."""

from __future__ import annotations

import time
from typing import Any

from flask import Flask, redirect, url_for
from werkzeug.wrappers import Response

from .. import PetStream


def create_host(settings: dict[str, object]) -> tuple[Flask, PetStream]:
    """An app with a page and an API of its own, and pet_stream mounted beside them.

    Settings come from the environment (FLASK_PET_STREAM_…), then from `settings`. Raises
    ConfigError.
    """
    app = Flask(__name__, static_folder=None)
    app.config.from_prefixed_env()
    app.config.update(settings)
    stream = PetStream(app)
    started_at_s = time.monotonic()

    @app.get("/")
    def index() -> Response:
        return redirect(url_for("pet_stream.dashboard"))

    @app.get("/api/status")
    def status() -> dict[str, Any]:
        camera = app.extensions["pet_stream"].reader.status
        return {
            "host": "pet-stream",
            "uptime_s": round(time.monotonic() - started_at_s, 1),
            "camera": {"state": camera.state, "reason": camera.reason, "segment": camera.segment},
        }

    return app, stream
