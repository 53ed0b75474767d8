"""A process that records until it is killed: `python -m tests.recording.recorder_process FOLDER
FORMAT [PICTURES]`.

Publishes real footage faster than any camera, without an end or as many PICTURES as told, and says
on standard output how many are recorded, again and again. `--once` says `owned` and ends with its
standard input instead.
"""

from __future__ import annotations

import math
import sys
import threading
from pathlib import Path

from pet_stream.broadcaster import Broadcaster
from pet_stream.event_loop import EventLoopThread
from pet_stream.library.archive import Archive
from pet_stream.library.library import Library
from pet_stream.library.retention import Retention
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings

from ..footage import encode
from ..waiting import TIMEOUT_S
from .playback import GOP, Camera, access_unit


def main(folder: Path, file_format: str, pictures: float, *, only_owns: bool) -> None:
    archive = Archive(Library(folder), Retention(), "killed")
    if only_owns:
        archive.claim()
        print("owned", flush=True)
        sys.stdin.read()
        return
    broadcaster = Broadcaster()
    camera = Camera(broadcaster, [access_unit(data) for data in encode(pictures=4 * GOP)])
    event_loop = EventLoopThread("killed")
    event_loop.start()
    recorder = Recorder(
        broadcaster=broadcaster,
        folder=folder,
        file_format=file_format,
        settings=RecorderSettings(sync_s=0.5),
        claim=archive.claim,
    )
    event_loop.call(recorder.start("killed"), TIMEOUT_S)
    pause = threading.Event()
    published = 0
    while True:
        if published < pictures:
            published += len(camera.publish(7))
        print(recorder.status.frame_count, recorder.status.bytes_written, flush=True)
        pause.wait(0.01)


if __name__ == "__main__":
    pictures = next(map(float, filter(str.isdigit, sys.argv[3:])), math.inf)
    main(Path(sys.argv[1]), sys.argv[2], pictures, only_owns="--once" in sys.argv)
