"""Starts the embedded camera's process and ends it."""

from __future__ import annotations

import logging
import os
import select
import subprocess
import sys
import threading
from pathlib import Path

from ..errors import SegmentBusy, SegmentError, SourceError
from ..feed.owned_segment import remove_orphan, remove_orphans
from ..ingest.segment import POSIX_FOLDER
from ..media.segment_url import parse_segment_url

logger = logging.getLogger(__name__)

NAME_PREFIX = "/pet_stream_demo_"
REAL_NAME_PREFIX = "/pet_camera_"
"""How the names of the daemons' segments begin: a demo never writes these."""

_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 1.5
_PACKAGE_FOLDER = Path(__file__).parents[2]
_PROGRAM = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from pet_stream.demo.camera import main; sys.exit(main(sys.argv[1:]))"
)


class EmbeddedCamera:
    """The camera process and its segments. Owned by one thread."""

    def __init__(self, url: str | None = None) -> None:
        """`url` names a segment that does not exist yet; None: one named after this process.

        Raises SegmentError for a name that a demo may not use.
        """
        self.ring_name = f"{NAME_PREFIX}{os.getpid()}" if url is None else _new_name(url)
        self.detections_name = f"{self.ring_name}_detections"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until its segments exist. Raises SourceError."""
        for name in remove_orphans(NAME_PREFIX):
            logger.info("removed %s, left behind by a demo that was killed", name)
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", _PROGRAM, str(_PACKAGE_FOLDER)),
                *(self.ring_name, self.detections_name),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a terminal's Ctrl-C is for the parent
        )
        output = self._process.stdout
        assert output is not None
        is_readable = select.select([output], [], [], _START_TIMEOUT_S)[0]
        if not is_readable or output.readline() != b"ready\n":
            self.stop()
            raise SourceError("the embedded camera did not start")
        threading.Thread(
            target=self._watch, args=(self._process,), name="demo-camera-watch", daemon=True
        ).start()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it, at the latest by SIGKILL, and remove what it could not. Idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            logger.warning("the embedded camera did not end by itself, and is killed")
            process.kill()
            process.wait()
        process.stdout.close()
        for name in (self.ring_name, self.detections_name):
            remove_orphan(name)

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        status = process.wait()
        if process is self._process:
            logger.error(
                "the embedded camera ended unexpectedly (status %d): start the demo again", status
            )


def _new_name(url: str) -> str:
    scheme, _, name = parse_segment_url(url).partition(":")
    if scheme != "posix":
        raise SegmentError(f"{url}: only POSIX segments (/name) can be written")
    if name.startswith(REAL_NAME_PREFIX):
        raise SegmentBusy(
            f"shared memory {name} is for the real camera: choose another name, or write there by "
            "pet-stream feed"
        )
    if (POSIX_FOLDER / name.lstrip("/")).exists():
        raise SegmentBusy(f"shared memory {name} exists already: choose another name")
    return name
