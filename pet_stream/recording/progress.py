"""How far a recording has come: what is in its files, and what is missing between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..histogram import NS_PER_S
from ..media.access_unit import AccessUnit
from ..media.gaps import GAP_S, GapFinder
from .files import Files


@dataclass(frozen=True, slots=True)
class Progress:
    """What is in the files so far."""

    frame_count: int = 0
    bytes_written: int = 0
    duration_ms: int = 0
    """Time from the capture of the first picture to that of the last."""
    gap_count: int = 0
    """Places where more than a second is missing, whether the camera or the disk lost it."""
    missing_ms: int = 0
    """How long they are together."""
    lost_count: int = 0
    """Pictures not written because of an error."""
    file_count: int = 0


class Account:
    """Keeps account of the pictures that are written. Belongs to the writer's thread.

    What is missing counts from `started_ns` on, a capture time.
    """

    def __init__(self, started_ns: int) -> None:
        self.taken_count = 0
        """Pictures that were to be written."""
        self.has_begun = False
        self._started_ns = started_ns
        self._gaps = GapFinder(NS_PER_S)
        self._gap_count = self._missing_ns = 0
        self._first_ns = self._last_ns = 0

    def add(self, units: Sequence[AccessUnit]) -> None:
        """`units` are written."""
        for unit in units:
            if not self.has_begun:
                self.has_begun = True
                self._first_ns = unit.capture_ns
            else:
                for start_ns, end_ns in self._gaps.add(self._last_ns, unit.capture_ns):
                    self._miss(end_ns - max(start_ns, self._started_ns))
            self._last_ns = unit.capture_ns

    def progress(self, files: Files) -> Progress:
        return Progress(
            frame_count=files.frame_count,
            bytes_written=files.bytes_written,
            duration_ms=(self._last_ns - self._first_ns) // 1_000_000,
            gap_count=self._gap_count,
            missing_ms=self._missing_ns // 1_000_000,
            lost_count=self.taken_count - files.frame_count,
            file_count=files.count,
        )

    def _miss(self, missing_ns: int) -> None:
        if missing_ns > GAP_S * NS_PER_S:
            self._gap_count += 1
            self._missing_ns += missing_ns
