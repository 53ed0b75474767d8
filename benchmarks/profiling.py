"""What profiles cost: `python -m benchmarks.profiling`.

Ten viewers watch. Quiet windows and such with a profile take turns, then some in which memory is
traced and looked at every five seconds. Prints a table.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from .camera import WRITINGS, open_camera, temporary_folder
from .children import Child, Server, running
from .report import markdown_table
from .runs import ADD_TIMEOUT_S, SETTLE_S, say
from .window import Row, measure, percentile

LOOK_S = 5.0
LEAD_S = 1.0
"""The profile begins before the window, and ends after it."""


@contextmanager
def profiled(server: Server, seconds: float) -> Iterator[None]:
    asked = threading.Thread(target=_profile, args=(server, seconds + 2 * LEAD_S))
    asked.start()
    time.sleep(LEAD_S)
    yield
    asked.join()


@contextmanager
def traced(server: Server, _seconds: float) -> Iterator[None]:
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_S):
            server.request("GET", "/api/debug/memory")

    asked = threading.Thread(target=look)
    asked.start()
    time.sleep(LEAD_S)
    yield
    is_over.set()
    asked.join()


@contextmanager
def quiet(_server: Server, _seconds: float) -> Iterator[None]:
    yield


def _profile(server: Server, seconds: float) -> None:
    path = f"/api/debug/profile?seconds={seconds:g}"
    say(json.loads(server.request("GET", path, timeout_s=seconds + ADD_TIMEOUT_S))["name"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--viewers", type=int, default=10)
    arguments = parser.parse_args()
    rows: dict[str, list[Row]] = {"quiet": [], "profiled": [], "memory traced": []}
    writing = WRITINGS["once"]
    with (
        temporary_folder() as folder,
        open_camera(writing) as camera,
        running(Server("ours", camera.segment, "--record-path", folder, log=sys.stderr)) as server,
        running(Child("benchmarks.viewers", server.offer_url, log=sys.stderr)) as crowd,
    ):
        crowd.ask(ADD_TIMEOUT_S, do="add", count=arguments.viewers)
        time.sleep(SETTLE_S)
        row_of = partial(
            measure,
            server,
            crowd,
            camera,
            writing,
            system="ours",
            viewers=arguments.viewers,
            seconds=arguments.seconds,
        )
        turns = [("quiet", quiet), ("profiled", profiled)] * arguments.turns
        for name, meanwhile in [*turns, *[("memory traced", traced)] * arguments.turns]:
            with meanwhile(server, arguments.seconds):
                rows[name].append(row_of(note=name))
            say(f"{name}: CPU {rows[name][-1].cpu_percent:.2f} %, p95 {rows[name][-1].p95_ms} ms")
    print(markdown_table(("", "CPU % of a core", "p50 ms", "p95 ms"), map(_texts, rows.items())))
    return 0


def _texts(item: tuple[str, list[Row]]) -> tuple[str, ...]:
    name, rows = item
    medians = (
        percentile([getattr(row, field) for row in rows], 50)
        for field in ("cpu_percent", "p50_ms", "p95_ms")
    )
    return (name, *(f"{median:.1f}" for median in medians))


if __name__ == "__main__":
    sys.exit(main())
