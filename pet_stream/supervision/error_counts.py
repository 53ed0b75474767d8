"""Counts the errors that were caught, by part and kind."""

from __future__ import annotations

import threading
from collections import Counter
from typing import NamedTuple

from ..errors import Severity, severity_of

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

    @property
    def counts(self) -> dict[ErrorKind, int]:
        with self._lock:
            return dict(self._counts)

    @property
    def total(self) -> int:
        return sum(self.counts.values())
