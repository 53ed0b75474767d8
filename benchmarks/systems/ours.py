"""pet_stream as `pet-stream run` serves it: a Flask app, the extension, Werkzeug's server.

python -m benchmarks.systems.ours --shm /name
"""

from __future__ import annotations

from flask import Flask

from pet_stream import PetStream
from pet_stream.process.stop_signals import StopSignals

from .options import (
    be_busy,
    force_step,
    kept_objects,
    parse_options,
    send_all_at_once,
    serve,
)

MAX_CLIENTS = 600


def main() -> None:
    options = parse_options()
    app = Flask(__name__)
    app.config.update(
        PET_STREAM_SHM=options.shm,
        PET_STREAM_DETECTIONS_SHM=None,
        PET_STREAM_RECORD_PATH=options.record_path,
        PET_STREAM_ICE_HOSTS=[options.host],
        PET_STREAM_MAX_CLIENTS=MAX_CLIENTS,
    )
    if options.no_sources:
        app.config["PET_STREAM_SOURCES"] = None
    if options.no_replay:
        app.config.update(PET_STREAM_REPLAY_SECONDS=0, PET_STREAM_PREROLL_SECONDS=0)
    stream = PetStream(app)

    @app.get("/")
    def index() -> str:
        return "<!doctype html><title>bench</title>"

    @app.get("/bench/kept")
    def kept() -> dict[str, int]:
        return kept_objects()

    if options.sender != "fast":
        force_step(options.sender)
    if options.no_pacing:
        send_all_at_once()
    with StopSignals() as stop_signals:
        if options.busy_thread:
            be_busy()
        stream.start()
        try:
            serve(app, options.host, stop_signals)
        finally:
            stream.stop()


if __name__ == "__main__":
    main()
