"""What viewers leave behind in a server, and what an hour of them does to its memory.

    python -m benchmarks.soak --connects 1000 --minutes 60        (make soak-viewers, both)

Prints a table of each part and ends with 1 if anything was left. The tests make short runs.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from .camera import WRITINGS, open_camera, temporary_folder
from .children import Child, Server, running
from .process import memory_mb
from .runs import say
from .window import Row, measure

VIEWERS = 10
WARM_UP_CONNECTS = 20
"""Until everything that is made once is made."""
BATCH = 50
BATCH_TIMEOUT_S = 120.0
ADD_TIMEOUT_S = 60.0
SETTLE_S = 4.0
"""A viewer whose goodbye got lost is noticed by then, and a connection to the page is closed."""
MAX_GROWTH_KB_PER_CONNECT = 1.0
MAX_GROWTH_MB_PER_HOUR = 1.0


@dataclass(frozen=True, slots=True)
class Left:
    """What a server holds when nobody is connected, the garbage collected."""

    connects: int
    descriptors: int
    threads: int
    tasks: int
    timers: int
    objects: int
    """All that Python's garbage collector knows."""
    rss_mb: float


def connect_again_and_again(connects: int, folder: Path, log: IO[str]) -> list[Left]:
    """One viewer after the other; what was left at the start and after each batch."""
    options = "--record-path", str(folder), "--no-replay"
    with (
        open_camera(WRITINGS["once"]) as camera,
        running(Server("ours", camera.segment, *options, log=log)) as server,
        running(Child("benchmarks.viewers", server.offer_url, log=log)) as crowd,
    ):
        crowd.ask(BATCH_TIMEOUT_S, do="reconnect", count=WARM_UP_CONNECTS)
        left = [_left(server, 0)]
        while (done := left[-1].connects) < connects:
            count = min(BATCH, connects - done)
            crowd.ask(BATCH_TIMEOUT_S, do="reconnect", count=count)
            left.append(_left(server, done + count))
            say(str(left[-1]))
    return left


def watch(minutes: int, viewers: int, folder: Path, log: IO[str]) -> list[Row]:
    """One row a minute, with the memory at its end."""
    writing = WRITINGS["once"]
    rows = []
    with (
        open_camera(writing) as camera,
        running(Server("ours", camera.segment, "--record-path", str(folder), log=log)) as server,
        running(Child("benchmarks.viewers", server.offer_url, log=log)) as crowd,
    ):
        crowd.ask(ADD_TIMEOUT_S, do="add", count=viewers)
        for minute in range(minutes):
            row = measure(
                server, crowd, camera, writing, system="ours", viewers=viewers, seconds=60
            )
            rows.append(row)
            say(
                f"minute {minute + 1}: RSS {row.rss_mb:.2f} MB, CPU {row.cpu_percent:.2f} %, "
                f"missing {row.missing_pictures}, lost {row.lost_packets}, {_kept(server)}"
            )
    return rows


def growth_per_connect_kb(left: Sequence[Left]) -> float:
    """In the second half: an allocator takes its time to have all it needs."""
    settled = left[len(left) // 2 :]
    return _slope([item.connects for item in settled], [1024 * item.rss_mb for item in settled])


def growth_per_hour_mb(rows: Sequence[Row]) -> float:
    """In the second half, too."""
    settled = [row.rss_mb for row in rows[len(rows) // 2 :]]
    return 60 * _slope(range(len(settled)), settled)


def what_is_left(left: Sequence[Left]) -> dict[str, int]:
    """By how much each count rose from the start to the end, where it did."""
    first, last = asdict(left[0]), asdict(left[-1])
    names = ("descriptors", "threads", "tasks", "timers")
    return {name: last[name] - first[name] for name in names if last[name] > first[name]}


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    return statistics.linear_regression(x, y).slope if len(x) > 1 else 0.0


def _left(server: Server, connects: int) -> Left:
    time.sleep(SETTLE_S)
    return Left(
        connects=connects,
        descriptors=len(os.listdir(f"/proc/{server.pid}/fd")),
        rss_mb=memory_mb(server.pid)[0],
        **_kept(server),
    )


def _kept(server: Server) -> dict[str, int]:
    kept: dict[str, int] = json.loads(server.request("GET", "/bench/kept"))
    return kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--connects", type=int, default=0)
    parser.add_argument("--minutes", type=int, default=0)
    parser.add_argument("--viewers", type=int, default=VIEWERS, help="who watch all the time")
    arguments = parser.parse_args()
    is_clean = True
    with temporary_folder() as folder:
        if arguments.connects:
            left = connect_again_and_again(arguments.connects, Path(folder), sys.stderr)
            growth_kb, risen = growth_per_connect_kb(left), what_is_left(left)
            print(left[0], left[-1], sep="\n")
            print(
                f"{arguments.connects} connects: {risen or 'nothing'} left, {growth_kb:.2f} kB each"
            )
            is_clean &= not risen and growth_kb < MAX_GROWTH_KB_PER_CONNECT
        if arguments.minutes:
            rows = watch(arguments.minutes, arguments.viewers, Path(folder), sys.stderr)
            growth_mb = growth_per_hour_mb(rows)
            print(
                f"{arguments.minutes} minutes, {arguments.viewers} viewers: RSS "
                f"{rows[0].rss_mb:.1f} to {rows[-1].rss_mb:.1f} MB, {growth_mb:+.2f} MB an hour; "
                f"{sum(row.missing_pictures for row in rows)} pictures missing, "
                f"{sum(row.lost_packets for row in rows)} packets lost"
            )
            is_clean &= growth_mb < MAX_GROWTH_MB_PER_HOUR
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
