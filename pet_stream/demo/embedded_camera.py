"""Starts the embedded camera and ends it."""

from __future__ import annotations

import logging
import os
import select
import subprocess
import sys
import threading
from pathlib import Path

from ..errors import SourceError
from ..feed.owned_segment import remove_orphans

logger = logging.getLogger(__name__)

NAME_PREFIX = "/pet_stream_demo_"
"""Never a real camera's."""

_START_TIMEOUT_S = 10.0
_STOP_TIMEOUT_S = 1.5
_PACKAGE_FOLDER = Path(__file__).parents[2]
_PROGRAM = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from pet_stream.demo.camera import main; sys.exit(main(sys.argv[1:]))"
)


class EmbeddedCamera:
    """The camera process, in segments named after this process. Owned by one thread."""

    def __init__(self, film_file: Path) -> None:
        self.ring_name = f"{NAME_PREFIX}{os.getpid()}"
        self.detections_name = f"{self.ring_name}_detections"
        self._film_file = film_file
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until its segments exist. Raises SourceError."""
        for name in remove_orphans(NAME_PREFIX):
            logger.info("removed %s, left behind by a demo that was killed", name)
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", _PROGRAM, str(_PACKAGE_FOLDER)),
                *(self.ring_name, self.detections_name, str(self._film_file)),
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
            logger.warning("the embedded camera did not end by itself")
            process.kill()
            process.wait()
        process.stdout.close()
        remove_orphans(self.ring_name)

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        status = process.wait()
        if process is self._process:
            logger.error("the embedded camera ended unexpectedly (status %d)", status)
