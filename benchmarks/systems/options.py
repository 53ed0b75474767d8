"""What all servers under test have: options, and the web server of `pet-stream run`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import math
import threading
from collections.abc import Iterable
from typing import Any

from flask import Flask

from pet_stream.process.stop_signals import StopSignals
from pet_stream.web_server import WebServer


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shm", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--record-path", default=".")
    parser.add_argument(
        "--sender", choices=("fast", "packets", "transport", "stock"), default="fast"
    )
    parser.add_argument(
        "--no-sources", action="store_true", help="read a relay, not what it copies"
    )
    parser.add_argument("--no-replay", action="store_true", help="keep nothing of the past")
    parser.add_argument("--no-pacing", action="store_true", help="send a new viewer all at once")
    parser.add_argument("--busy-thread", action="store_true", help="one Python thread, 100 %% busy")
    return parser.parse_args()


def serve(app: Flask, host: str, stop_signals: StopSignals, processes: Iterable[int] = ()) -> None:
    """Serve until SIGTERM; prints the port when ready, and which `processes` do the work if it is
    not this one."""
    server = WebServer(host, 0)
    server.start(app)
    print("ready", server.port, *processes, flush=True)
    stop_signals.wait()
    server.stop()


def be_busy() -> None:
    """Pure Python that never waits, as a host with a hard job has it."""

    def count() -> None:
        number = 0
        while True:
            number = (number + 1) % 1_000_003

    threading.Thread(target=count, name="busy", daemon=True).start()


def kept_objects() -> dict[str, int]:
    """What Python holds, the garbage collected; of the threads one answers this."""
    gc.collect()
    objects = gc.get_objects()
    return {
        "threads": threading.active_count(),
        "tasks": sum(isinstance(item, asyncio.Task) for item in objects),
        "timers": sum(isinstance(item, asyncio.TimerHandle) for item in objects),
        "objects": len(objects),
    }


def force_step(name: str) -> None:
    """Have this process send as if a better way had failed; `fast` leaves it as it is."""
    from pet_stream.webrtc.sending.failed_steps import FailedSteps
    from pet_stream.webrtc.sending.sender import Step

    if name != "fast":
        FailedSteps.first_step = lambda *_: Step(name)  # type: ignore[method-assign]


def send_all_at_once() -> None:
    """Have this process send without pacing."""
    from pet_stream.webrtc.sending import congestion

    congestion_module: Any = congestion
    congestion_module.PACING_FACTOR = congestion_module.CONGESTED_PACING_FACTOR = math.inf
