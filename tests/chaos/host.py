"""A host that says what it holds, and that can be hindered from inside.

python -m tests.chaos.host              served as `pet-stream run` does
gunicorn --threads 16 tests.chaos.host:app
"""

from __future__ import annotations

import logging
import os
import resource
import threading
import time

from flask import Flask, request

from benchmarks.systems.options import kept_objects
from pet_stream import PetStream
from pet_stream.process.stop_signals import StopSignals
from pet_stream.web_server import WebServer
from tests.apps import stream_of


def make_app() -> tuple[Flask, PetStream]:
    app = Flask("chaos", static_folder=None)
    stream = PetStream(app)

    @app.get("/chaos/kept")
    def kept() -> dict[str, int]:
        """What Python holds, and the process that answers."""
        return {"pid": os.getpid(), **kept_objects()}

    @app.post("/chaos/block")
    def block() -> str:
        """Have the event loop stand still."""
        stream_of(app).event_loop.call_soon(time.sleep, request.args.get("s", 1.0, float))
        return ""

    @app.post("/chaos/limit/<name>/<int:value>/<float:seconds>")
    def limit(name: str, value: int, seconds: float) -> str:
        """Have less of something for a while: `NOFILE`, `NPROC` or `AS`."""
        what = getattr(resource, f"RLIMIT_{name}")
        before = resource.getrlimit(what)
        timer = threading.Timer(seconds, resource.setrlimit, (what, before))
        timer.start()
        resource.setrlimit(what, (min(value, before[1]), before[1]))
        return ""

    @app.post("/chaos/fork")
    def fork() -> str:
        """Make a child as a host's own subprocess does, in the middle of everything."""
        child = os.fork()
        if not child:
            os._exit(0)
        os.waitpid(child, 0)
        return ""

    return app, stream


logging.basicConfig(level=logging.WARNING)
app, mounted = make_app()


def main() -> None:
    with StopSignals() as stop_signals:
        mounted.start()
        server = WebServer("127.0.0.1", 0)
        server.start(app, stream_of(app).connection_counts)
        print(f"Serving on http://127.0.0.1:{server.port}", flush=True)
        stop_signals.wait()
        server.stop()
        mounted.stop()


if __name__ == "__main__":
    main()
