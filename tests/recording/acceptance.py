"""Kills, truncations, holes and a day of recording.

`python -m tests.recording.acceptance` makes the long runs (`make soak-recording`), the tests short
ones.
"""

from __future__ import annotations

import logging
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from pet_stream.broadcaster import Broadcaster
from pet_stream.event_loop import EventLoopThread
from pet_stream.library.library import Library
from pet_stream.media.gop_memory import GopMemory
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings

from ..footage import encode
from ..library.test_crash import check_kill
from ..library.test_crash_recovery import truncate_and_repair, zero_and_repair
from ..waiting import TIMEOUT_S, wait_until
from .playback import GOP, Camera, access_unit
from .test_mp4_container import timed

KILLS = 50
TRUNCATIONS = 200
HOLES = 200
HOURS = 24.0
BATCH = 2 * 1000 // GOP * GOP
"""Pictures between two looks of the writer."""


def kill(folder: Path, count: int) -> None:
    random_ = random.Random(count)
    for _ in range(count):
        file_format = random_.choice(["mp4", "h264"])
        check_kill(folder / "killed", file_format, random_.randrange(GOP, 100 * GOP))


def truncate(folder: Path, count: int) -> None:
    folder.mkdir(exist_ok=True)
    units = timed([access_unit(data) for data in encode(pictures=4 * GOP)])
    truncate_and_repair(folder, units, count, seed=count)


def leave_holes(folder: Path, count: int) -> None:
    folder.mkdir(exist_ok=True)
    units = timed([access_unit(data) for data in encode(pictures=8 * GOP)])
    zero_and_repair(folder, units, count, seed=count)


def record_for(folder: Path, hours: float, max_file_s: float) -> list[int]:
    """Record so many hours of the camera's clock, fed as fast as the disk takes them; the memory of
    this process in bytes after each file."""
    broadcaster = Broadcaster(memory=GopMemory(30, 32_000_000))
    encoded = encode(width=64, height=64, pictures=2 * GOP)
    camera = Camera(broadcaster, [access_unit(data) for data in encoded])
    event_loop = EventLoopThread("day")
    event_loop.start()
    settings = RecorderSettings(max_file_s=max_file_s, queue_s=10_000)
    recorder = Recorder(
        broadcaster=broadcaster, folder=folder, file_format="mp4", settings=settings
    )
    event_loop.call(recorder.start("day"), TIMEOUT_S)
    resident_bytes: list[int] = []
    published: list[int] = [0]
    while published[0] < hours * 3600 * 30:
        published[0] += len(camera.publish(BATCH))
        wait_until(lambda: recorder.status.frame_count >= published[0])
        if recorder.status.file_count > len(resident_bytes):
            resident_bytes.append(_resident_bytes())
    stopped = event_loop.call(recorder.stop(), TIMEOUT_S)
    event_loop.stop()
    assert (stopped.frame_count, stopped.dropped_count) == (published[0], 0)
    (row,) = Library(folder).recordings()
    duration_s = Library(folder).details(row).duration_s
    assert duration_s is not None
    assert abs(duration_s - published[0] / 30) < 1, duration_s
    return resident_bytes


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    logging.disable(logging.WARNING)  # each repair says so
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun = time.monotonic()
        kill(folder, KILLS)
        print(f"{KILLS} kills in mid-recording: every file plays ({_since(begun)})")
        begun = time.monotonic()
        truncate(folder / "cut", TRUNCATIONS)
        print(f"{TRUNCATIONS} truncations: every whole fragment plays ({_since(begun)})")
        begun = time.monotonic()
        leave_holes(folder / "holes", HOLES)
        print(f"{HOLES} holes of zeros: every fragment without one plays ({_since(begun)})")
        begun = time.monotonic()
        resident_bytes = record_for(folder / "day", HOURS, max_file_s=3600)
        growth = resident_bytes[-1] - resident_bytes[2]
        print(
            f"{HOURS:g} hours recorded: {resident_bytes[-1] / 1e6:.1f} MB of memory, "
            f"{growth / 1e6:+.1f} MB since the third hour ({_since(begun)})"
        )
    return 0 if growth < 4_000_000 else 1


def _since(begun: float) -> str:
    return f"{time.monotonic() - begun:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
