"""Where the memory goes: what was allocated since the first look, by lines of the source."""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

from ..errors import Busy
from ..lifecycle import Run, start_run
from .stacks import ShortPaths

if TYPE_CHECKING:
    import tracemalloc

logger = logging.getLogger(__name__)

LEASE_S = 300.0
MAX_TRACES_BYTES = 16_000_000
"""What `tracemalloc` itself may take up, about 150 000 allocations."""
TOP_COUNT = 30
_CHECK_INTERVAL_S = 0.5

Line = tuple[str, int]
Sizes = dict[Line, tuple[int, int]]
"""Bytes and number of allocations, by file and line."""


class MemoryLooks:
    """Traces allocations from the first look on. Any thread.

    It ends by itself when nobody has looked for `lease_s`, or when the traces take up too much: the
    thread `<name>-memory`, which lives as long as that, sees to it. Where somebody else has started
    `tracemalloc`, nothing is started or ended.
    """

    def __init__(
        self, name: str, lease_s: float = LEASE_S, max_traces_bytes: int = MAX_TRACES_BYTES
    ) -> None:
        self._name = f"{name}-memory"
        self._lease_s = lease_s
        self._max_traces_bytes = max_traces_bytes
        self._lock = threading.Lock()
        self._run: Run | None = None
        self._began_s = self._ends_s = 0.0
        self._last: Sizes = {}

    def look(self) -> dict[str, Any]:
        """Returns the lines that hold most, and those that have grown most since the last look, as
        JSON. Raises Busy while another look lasts, or without a thread."""
        import tracemalloc  # lazy: most processes are never looked into

        if not self._lock.acquire(blocking=False):
            raise Busy("Somebody else looks just now", retry_after_s=1)
        try:
            self._ends_s = time.monotonic() + self._lease_s
            if not tracemalloc.is_tracing():
                self._begin()
                return self._answer({}, {})
            sizes, last = _sizes(tracemalloc.take_snapshot()), self._last
            self._last = sizes
            return self._answer(sizes, last)
        finally:
            self._lock.release()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Idempotent."""
        with self._lock:
            run, self._run = self._run, None
        if run is not None:
            run.stop(timeout_s)

    def forget(self) -> None:
        """End it in a forked process, which has no thread that would."""
        if self._run is not None:
            _end()

    def _begin(self) -> None:
        import tracemalloc

        self._last = {}
        self._began_s = time.monotonic()
        self._run = start_run(self._name, self._watch)
        tracemalloc.start(1)

    def _watch(self, run: Run) -> None:
        """In the thread of its own."""
        import tracemalloc

        try:
            while not run.stop_requested.wait(min(_CHECK_INTERVAL_S, self._lease_s)):
                if time.monotonic() >= self._ends_s:
                    return
                if tracemalloc.get_tracemalloc_memory() > self._max_traces_bytes:
                    logger.warning(
                        "memory is no longer traced: the traces took up %d MB. Look sooner after "
                        "the first look",
                        self._max_traces_bytes // 1_000_000,
                    )
                    return
        finally:
            with self._lock:
                self._last = {}
                if self._run in (run, None):
                    self._run = None
                    _end()

    def _answer(self, sizes: Sizes, last: Sizes) -> dict[str, Any]:
        import tracemalloc

        paths = ShortPaths()
        is_ours = self._run is not None
        traced_bytes, peak_bytes = tracemalloc.get_traced_memory()
        changes = {line: _change(sizes, last, line) for line in sizes.keys() | last.keys()}
        largest = sorted(sizes, key=lambda line: -sizes[line][0])[:TOP_COUNT]
        grown = sorted(filter(changes.get, changes), key=lambda line: -abs(changes[line]))
        return {
            "traced_for_s": round(time.monotonic() - self._began_s, 1) if is_ours else None,
            "ends_in_s": self._lease_s if is_ours else None,
            "rss_bytes": _rss_bytes(),
            "traced_bytes": traced_bytes,
            "peak_bytes": peak_bytes,
            "traces_bytes": tracemalloc.get_tracemalloc_memory(),
            "top": [_row(line, sizes, changes, paths) for line in largest],
            "changed": [_row(line, sizes, changes, paths) for line in grown[:TOP_COUNT]],
        }


def _sizes(snapshot: tracemalloc.Snapshot) -> Sizes:
    """Sums up by line; the traces themselves are let go of."""
    return {
        (row.traceback[0].filename, row.traceback[0].lineno): (row.size, row.count)
        for row in snapshot.statistics("lineno")
    }


def _change(sizes: Sizes, last: Sizes, line: Line) -> int:
    return sizes.get(line, (0, 0))[0] - last.get(line, (0, 0))[0]


def _row(line: Line, sizes: Sizes, changes: dict[Line, int], paths: ShortPaths) -> dict[str, Any]:
    size_bytes, count = sizes.get(line, (0, 0))
    return {
        "file": paths.shorten(line[0]),
        "line": line[1],
        "size_bytes": size_bytes,
        "count": count,
        "change_bytes": changes[line],
    }


def _end() -> None:
    import tracemalloc

    tracemalloc.stop()


def _rss_bytes() -> int:
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
