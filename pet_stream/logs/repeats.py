"""Lets a line of the log through once a minute, with the number of those that came meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_S = 60.0
MAX_TEXTS = 10
"""Different texts from one place in a window; more warnings than that are only counted."""
MAX_PLACES = 1000
_MAX_CHARACTERS = 500
_COUNT = "repeats"
"""Of a record that tells of others: how many."""

Place = tuple[str, int]
"""The logger's name, and the line in the source."""


@dataclass(slots=True)
class _Window:
    """What came from one place since `began_s`."""

    began_s: float
    texts: set[int] = field(default_factory=set)
    """Their hashes."""
    withheld: int = 0
    last: str = ""
    level: int = logging.NOTSET


class Repeats(logging.Filter):
    """Put on a logger, it withholds lines from INFO on that say again what was said within
    `window_s`, and warnings of which one place has too many. Any thread.

    Call `tell` now and then: it says how many were withheld.
    """

    def __init__(
        self, window_s: float = WINDOW_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._window_s = window_s
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[Place, _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.INFO or hasattr(record, _COUNT):
            return True
        try:
            text = record.getMessage()
        except Exception:  # malformed: logging itself says so
            return True
        place, now_s = (record.name, record.lineno), self._clock()
        with self._lock:
            window = self._windows.get(place)
            is_over = window is not None and now_s - window.began_s >= self._window_s
            ended = self._windows.pop(place) if is_over else None
            passes = self._passes(place, text, record.levelno, now_s)
        if ended is not None:
            self._say(place, ended)
        return passes

    def tell(self, *, at_once: bool = False) -> None:
        """Say how many lines were withheld in windows that are over; `at_once`: in all."""
        now_s = self._clock()
        with self._lock:
            ended = {
                place: window
                for place, window in self._windows.items()
                if at_once or now_s - window.began_s >= self._window_s
            }
            for place in ended:
                del self._windows[place]
        for place, window in ended.items():
            self._say(place, window)

    def _passes(self, place: Place, text: str, level: int, now_s: float) -> bool:
        window = self._windows.get(place)
        if window is None:
            if len(self._windows) >= MAX_PLACES:
                return True
            window = self._windows[place] = _Window(now_s)
        is_new = hash(text) not in window.texts
        if is_new and len(window.texts) < MAX_TEXTS:
            window.texts.add(hash(text))
            return True
        if is_new and level < logging.WARNING:
            return True
        window.withheld += 1
        window.last, window.level = text[:_MAX_CHARACTERS], level
        return False

    def _say(self, place: Place, window: _Window) -> None:
        if window.withheld:
            logging.getLogger(place[0]).log(
                window.level,
                "%s … and %d more in the last minute",
                window.last,
                window.withheld,
                extra={_COUNT: window.withheld},
            )
