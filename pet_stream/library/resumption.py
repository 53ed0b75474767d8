"""What the last run of the server left in the middle: tells it, and has the recording go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ..errors import LoopUnavailable, PetStreamError
from ..reason import Reason
from ..recording.disk import PART_SUFFIX, describe
from ..recording.interruption import Interruption
from ..recording.journal import Journal
from ..recording.journal_entry import JournalEntry
from ..recording.names import composite_of, names_before
from ..recording.status import NEWS_S, CurrentRecording, RecordingStatus
from .details import read_length_s
from .library import Library
from .listing import Recording

logger = logging.getLogger(__name__)

Resume = Callable[[JournalEntry, float], RecordingStatus]
"""Begins a recording that goes on with this one, for another so many seconds (0: without an end).
Raises PetStreamError."""

CRASH_S = NEWS_S
"""After a crash a recording goes on if the server is back in this time: power may stay away for
hours, and nobody has wanted the end."""
RESTART_S = 600.0
"""After an orderly end: a restart or an upgrade takes less. Otherwise somebody has switched the
server off."""
MOST_RESUMED = 5
WITHIN_S = 600.0
"""No more than so many in this time: what crashes the server may be the recording."""
LEAST_LEFT_S = 1.0

_WORDS = {
    "resume_off": "PET_STREAM_RESUME_RECORDING is off",
    "too_late": "the server was away for too long",
    "too_often": "it has broken off again and again",
    "nothing_left": "it had the length that was asked for",
    "already_recording": "somebody has started another one",
}


class Resumption:
    """`look` runs in the thread that claims the folder, the rest in housekeeping.

    `resume` is None where nothing is to go on by itself. `now_s` is the wall clock.
    """

    def __init__(
        self,
        library: Library,
        journal: Journal,
        current: CurrentRecording,
        resume: Resume | None,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._library = library
        self._journal = journal
        self._current = current
        self._resume = resume
        self._now_s = now_s
        self._told: Interruption | None = None

    def look(self, parts: Iterable[Path]) -> JournalEntry | None:
        """Returns the recording that was left, if there is one. Call it before anything is repaired
        or recorded."""
        entry = self._journal.read()
        if entry is None or entry.cause is not None:
            return entry
        files = [part for part in parts if _belongs(part.name, entry)]
        broke_off_at = max([entry.started_at, *map(_changed_at, files)])
        return replace(entry, cause="crash", broke_off_at=broke_off_at)

    def go_on(self, entry: JournalEntry, *, is_repairing: bool) -> None:
        """Have it go on, and tell of it."""
        now = self._now_s()
        assert entry.cause is not None
        assert entry.broke_off_at is not None
        if now - entry.broke_off_at > NEWS_S:
            self._forget(entry)
            return
        told = Interruption(
            filename=entry.filename,
            cause=entry.cause,
            started_at=entry.started_at,
            broke_off_at=entry.broke_off_at,
            is_repairing=is_repairing,
        )
        if not is_repairing:
            told = self._with_row(told)
        resumed_as, why_not = self._decide(entry, now)
        self._told = replace(told, resumed_as=resumed_as, not_resumed=why_not)
        self._current.tell(self._told)
        logger.warning(
            "%s broke off (%s); it %s",
            entry.filename,
            "the server was shut down" if entry.cause == "shut_down" else "a crash",
            f"goes on as {resumed_as}" if why_not is None else f"does not go on: {why_not}",
        )

    def tell_repaired(self) -> None:
        """What is left of it is repaired."""
        told, self._told = self._told, None
        if told is not None and told.is_repairing:
            self._current.correct(told, replace(self._with_row(told), is_repairing=False))

    def _decide(self, entry: JournalEntry, now: float) -> tuple[str | None, Reason | None]:
        """Returns the name of the recording that goes on with it, or why there is none."""
        resume, left_s = self._resume, self._left_s(entry)
        recent = tuple(at for at in entry.resumed_at if abs(now - at) < WITHIN_S)
        code = entry.not_resumed_code
        if resume is None:
            code = code or "resume_off"
        elif code is None:
            code = _objection(entry, now, left_s, len(recent))
        if resume is None or code is not None:
            return None, self._settle(entry, code or "resume_off")
        entry = replace(entry, resumed_at=(*recent, now))
        try:
            if not self._journal.change(entry):  # first of all: a crash in the middle of it counts
                return None, _reason("already_recording")
            return resume(entry, left_s).filename, None
        except LoopUnavailable as exc:  # perhaps the server ends: the next start tries again
            return None, Reason(exc.code, str(exc))
        except PetStreamError as exc:
            self._settle(entry, exc.cause or exc.code)
            return None, Reason(exc.cause or exc.code, str(exc))
        except OSError as exc:
            return None, describe(exc)

    def _settle(self, entry: JournalEntry, code: str) -> Reason:
        """It does not go on, not at the next start either."""
        try:
            self._journal.change(replace(entry, not_resumed_code=code))
        except OSError as exc:
            logger.warning("the next start tells of %s again: %s", entry.filename, exc.strerror)
        return _reason(code)

    def _forget(self, entry: JournalEntry) -> None:
        try:
            self._journal.forget(entry)
        except OSError as exc:
            logger.debug("%s stays: %s", entry.filename, exc)

    def _left_s(self, entry: JournalEntry) -> float:
        """Returns how much of the length that was asked for is not recorded; 0: there was none."""
        if not entry.max_duration_s or entry.broke_off_at is None:
            return 0.0
        recorded_s = self._recorded_s(entry) - entry.preroll_ms / 1000
        return entry.max_duration_s - max(0.0, recorded_s)

    def _recorded_s(self, entry: JournalEntry) -> float:
        """By its files; without times in them, by the clock, which may have been set."""
        lengths = [
            read_length_s(path)
            for path in self._library.folder.glob(f"{entry.filename.rpartition('.')[0]}*")
            if _belongs(path.name, entry)
        ]
        known = [length for length in lengths if length is not None]
        if known and len(known) == len(lengths):
            return sum(known)
        assert entry.broke_off_at is not None
        return max(0.0, entry.broke_off_at - entry.started_at) + entry.preroll_ms / 1000

    def _with_row(self, told: Interruption) -> Interruption:
        row = self._row_of(told.filename)
        if row is None:
            return told
        return replace(told, saved_as=row.name, is_recovered=row.state == "recovered")

    def _row_of(self, filename: str) -> Recording | None:
        """Returns the newest recording in the list that was called so."""
        try:
            rows = self._library.recordings()
        except PetStreamError as exc:
            logger.debug("what became of %s is not known: %s", filename, exc)
            return None
        found = [
            row
            for row in rows
            if not row.is_running and any(filename in names_before(file) for file in row.files)
        ]
        return max(found, key=lambda row: row.changed_ns, default=None)


def _objection(entry: JournalEntry, now: float, left_s: float, recent_count: int) -> str | None:
    """Returns the code of what speaks against going on."""
    assert entry.broke_off_at is not None
    limit_s = RESTART_S if entry.cause == "shut_down" else CRASH_S
    if now - entry.broke_off_at > limit_s:
        return "too_late"
    if entry.max_duration_s and left_s < LEAST_LEFT_S:
        return "nothing_left"
    return "too_often" if recent_count >= MOST_RESUMED else None


def _belongs(name: str, entry: JournalEntry) -> bool:
    """Whether the file `name`, finished or not, is one of its files."""
    file = name.removesuffix(PART_SUFFIX)
    composite, _ = composite_of(file) or (file, 1)
    return entry.filename in (file, composite)


def _changed_at(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


def _reason(code: str) -> Reason:
    return Reason(code, _WORDS.get(code, "it could not begin"))
