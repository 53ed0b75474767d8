"""Reads in the background what is not known of the recordings yet."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import Future

from ..errors import StorageError
from .housekeeping import Housekeeper
from .library import Library
from .listing import Recording

logger = logging.getLogger(__name__)

BATCH = 50
"""Then other work of housekeeping has its turn."""
SAVE_EVERY_S = 60.0


class FactReader:
    """Reads one recording after the other in the housekeeping thread, the newest first, and then
    keeps what they say (`facts`). Any thread may ask for that."""

    def __init__(self, library: Library, housekeeper: Housekeeper) -> None:
        self._library = library
        self._housekeeper = housekeeper
        self._lock = threading.Lock()
        self._work: Future[None] | None = None
        self._unread: deque[Recording] = deque()  # housekeeping's
        self._save_at_s = 0.0

    def read_soon(self) -> None:
        """Read what is not known yet, unless that is being done."""
        with self._lock:
            if self._work is None or self._work.done():
                self._work = self._housekeeper.submit(self._begin)

    def _begin(self) -> None:
        rows = self._library.recordings()
        self._unread = deque(
            row
            for row in rows
            if not row.is_running and self._library.facts.known_details(row) is None
        )
        self._go_on()

    def _go_on(self) -> None:
        for _ in range(min(BATCH, len(self._unread))):
            self._library.facts.read(self._unread.popleft())
        if self._unread:
            with self._lock:
                self._work = self._housekeeper.submit(self._go_on)
        else:
            self._save()

    def _save(self) -> None:
        facts = self._library.facts
        if not facts.has_news or time.monotonic() < self._save_at_s:
            return
        self._save_at_s = time.monotonic() + SAVE_EVERY_S
        try:
            facts.save(self._library.listed().files)
        except (OSError, StorageError) as exc:
            logger.info("what was read of the recordings can't be kept: %s", exc)
