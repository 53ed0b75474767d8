"""Flask apps with pet_stream mounted, for tests that run in this process."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from flask import Flask

from pet_stream import PetStream
from pet_stream.metrics.collector import HasRegistry
from pet_stream.profiling.limits import ProfileLimits
from pet_stream.stream import Stream
from pet_stream.web.authority import Authorize
from pet_stream.websocket.time_limits import TimeLimits
from pet_stream.websocket.video_outbox import LagLimits
from tests.description_check import hold_to_description
from tests.waiting import TIMEOUT_S

NO_CAMERA = f"/pet_test_{os.getpid()}_absent"


PATIENT = TimeLimits(silence_s=10 * TIMEOUT_S, stalled_s=10 * TIMEOUT_S)
UNHURRIED = LagLimits(lag_s=TIMEOUT_S)
"""A busy machine ends no WebSocket, and costs no viewer a picture."""


def mount(
    app: Flask,
    folder: Path,
    *,
    metrics: HasRegistry | None = None,
    authorize: Authorize | None = None,
    **settings: object,
) -> PetStream:
    """Mount in `app`, with recordings in `folder` and, unless `SHM` says so, without a camera."""
    app.config["TESTING"] = True
    defaults = {
        "SHM": NO_CAMERA,
        "RECORD_PATH": folder / "recordings",
        "PAUSE_FILE": folder / "pause.json",
        "ICE_HOSTS": ["127.0.0.1"],
    }
    for name, value in {**defaults, **settings}.items():
        app.config[f"PET_STREAM_{name}"] = value
    return PetStream(app, metrics=metrics, authorize=authorize)


@contextmanager
def mounted_app(folder: Path, **settings: Any) -> Iterator[Flask]:
    """An app of its own, not started; stopped at the end."""
    app = Flask("host", static_folder=None)
    stream = mount(app, folder, **settings)
    hold_to_description(app)
    stream_of(app).connections.limits = PATIENT
    stream_of(app).video_viewers.limits = UNHURRIED
    stream_of(app).profile_limits = ProfileLimits(default_s=0.1)
    try:
        yield app
    finally:
        stream.stop()
        stream_of(app).grants.stop()  # requests may have begun that without a start


def stream_of(app: Flask) -> Stream:
    return cast(Stream, app.extensions["pet_stream"])


def thread_names() -> list[str]:
    """Of our threads that stay, sorted."""
    names = (thread.name for thread in threading.enumerate())
    passing = "pet-stream-housekeeping"
    return sorted(name for name in names if name.startswith("pet-stream") and name != passing)
