"""A process that records until it is killed: `python -m tests.recording.recorder_process FOLDER`.

Publishes real footage faster than any camera and says on standard output how many pictures are in
the file, again and again; `--once` says `owned` and ends with its standard input instead.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from pet_stream.broadcaster import Broadcaster
from pet_stream.event_loop import EventLoopThread
from pet_stream.recording.archive import Archive
from pet_stream.recording.library import Library
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.retention import Retention
from pet_stream.recording.settings import RecorderSettings

from ..footage import encode
from ..waiting import TIMEOUT_S
from .playback import GOP, Camera, access_unit


def main(folder: Path, file_format: str, *, only_owns: bool) -> None:
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
    while True:
        camera.publish(7)
        print(recorder.status.frame_count, recorder.status.bytes_written, flush=True)
        pause.wait(0.01)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], only_owns="--once" in sys.argv)
