"""What `run` and `demo` do when nothing else helps: they end, so that a service manager starts them
anew. A host's process is never ended."""

from __future__ import annotations

import os
import signal

from ..supervision.part import PartState
from .failures import Failure


class LastStep:
    """The watcher's thread takes it, the main thread looks whether it was taken."""

    def __init__(self) -> None:
        self._failed: PartState | None = None

    def take(self, part: PartState) -> None:
        """End this process in order, if nobody sees a picture without `part`."""
        if part.is_vital and self._failed is None:
            self._failed = part
            os.kill(os.getpid(), signal.SIGTERM)  # the main thread waits for it

    def check(self) -> None:
        """Raises Failure if the process ends for that reason."""
        if self._failed is not None:
            raise Failure(f"{self._failed.reason}, and starting it again did not help", "failed")
