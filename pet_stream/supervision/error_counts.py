"""Ends errors where they happen: counts them by part and kind, and logs them."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from ..errors import Severity, severity_of

logger = logging.getLogger(__name__)

_DEPTH_OF_CONTEXT = 3
"""The generator, contextlib's exit, and whoever uses the context."""
MAX_KINDS = 200
OTHER = "other"
"""The kind of those for which there is no room: a host's callbacks can raise anything."""


class ErrorKind(NamedTuple):
    part: str
    kind: str
    """The name of the exception's class."""
    severity: Severity


class ErrorCounts:
    """Counts errors where each ends. Any thread; holds a lock for a moment, so not per picture."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[ErrorKind] = Counter()

    def note(self, part: str, error: BaseException) -> None:
        """An error has ended at `part`: `camera`, `loop`, `recorder` …"""
        kind = ErrorKind(part, type(error).__name__, severity_of(error))
        with self._lock:
            if kind not in self._counts and len(self._counts) >= MAX_KINDS:
                kind = kind._replace(kind=OTHER)
            self._counts[kind] += 1

    def end(self, part: str, error: BaseException, said: str, *, depth: int = 1) -> None:
        """`error` ends here: note it, and log what follows of it, as from the place `depth` calls
        up: the log withholds repeats by their place."""
        self.note(part, error)
        logger.error("%s", said, exc_info=error, stacklevel=1 + depth)

    @contextmanager
    def ending(self, part: str, said: str) -> Iterator[None]:
        """An error inside ends here, as `end` says."""
        try:
            yield
        except Exception as exc:
            self.end(part, exc, said, depth=_DEPTH_OF_CONTEXT)

    @property
    def counts(self) -> dict[ErrorKind, int]:
        with self._lock:
            return dict(self._counts)

    @property
    def total(self) -> int:
        return sum(self.counts.values())
