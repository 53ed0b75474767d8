"""Makes a small host app: what `web_monitor.py` is on the board, as far as `run` needs it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flask import Flask, redirect
from werkzeug.wrappers import Response

from .. import PetStream
from ..errors import PetStreamError
from ..rights import Right
from ..web.access import check_host, check_page
from ..web.errors import answer_error
from ..web.urls import relative_url
from .defaults import HOST_DEFAULTS


def create_host(
    settings: Mapping[str, object], defaults: Mapping[str, object] = HOST_DEFAULTS
) -> tuple[Flask, PetStream]:
    """Returns an app with a page and an API of its own, and pet_stream mounted beside them.

    Settings come from `settings`, else from the environment (FLASK_PET_STREAM_…), else from the
    file, else from `defaults`. Raises ConfigError.
    """
    app = Flask(__name__, static_folder=None)
    app.config.from_prefixed_env()
    app.config.update(settings)
    stream = PetStream(app, defaults=defaults)
    app.before_request(check_host)
    app.register_error_handler(PetStreamError, answer_error)
    started_at_s = time.monotonic()

    @app.get("/")
    def index() -> Response:
        return redirect(relative_url("pet_stream.dashboard"))

    @app.get("/api/status")
    def status() -> dict[str, Any]:
        parts = app.extensions["pet_stream"]
        check_page()
        parts.authority.grant(Right.VIEW)
        camera = parts.camera_status
        return {
            "host": "pet-stream",
            "uptime_s": round(time.monotonic() - started_at_s, 1),
            "camera": {"state": camera.state, "reason": camera.reason, "segment": camera.segment},
        }

    return app, stream
