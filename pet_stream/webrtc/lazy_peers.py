"""Makes `Peers` when somebody wants to watch: importing aiortc takes 37 MB and 0.2 s or more."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..errors import Busy, NotFound
from ..lifecycle import Run, start_run

if TYPE_CHECKING:
    from .peers import Peers

logger = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""How long an offer waits for a thread that is importing already."""


class LazyPeers:
    """Calls `make`, which imports aiortc, once: in the background or for the first offer,
    whichever comes first. Any thread."""

    def __init__(
        self, make: Callable[[], Peers], thread_name: str, patience_s: float = PATIENCE_S
    ) -> None:
        self.made: Peers | None = None
        self._make = make
        self._thread_name = thread_name
        self._patience_s = patience_s
        self._lock = threading.Lock()  # held while importing: whoever comes second waits for it
        self._run: Run | None = None

    def get(self) -> Peers:
        """Return the viewers, made now if need be. Raises Busy if another thread is making them and
        is not done in time."""
        if self.made is None:
            if not self._lock.acquire(timeout=self._patience_s):
                raise Busy("Live view is just starting", retry_after_s=1)
            try:
                if self.made is None:
                    self.made = self._make()
            finally:
                self._lock.release()
        return self.made

    def existing(self) -> Peers:
        """Returns the viewers, if there ever was one. Raises NotFound."""
        if self.made is None:
            raise NotFound("No such viewer")
        return self.made

    def make_soon(self) -> None:
        """Make them in the background: somebody has opened a page and may press play."""
        if self.made is not None or self._run is not None:
            return
        try:
            self._run = start_run(self._thread_name, self._make_now)
        except Busy as exc:
            logger.warning("the first viewer waits longer, while aiortc is imported: %s", exc)

    def join(self, timeout_s: float) -> None:
        """Wait for the background thread, if there is one."""
        if self._run is not None:
            self._run.join(timeout_s)

    def _make_now(self, _run: Run) -> None:
        try:
            self.get()
        except Busy:
            pass  # an offer came first
        except ImportError:
            logger.exception("there is no live view by WebRTC: aiortc can't be imported")
