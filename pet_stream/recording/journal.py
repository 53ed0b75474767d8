"""Remembers in a small file which recording runs, so that the next run of the server knows of it.

The file lies beside the recordings. It is written when a recording has its file, and removed when
that is in order. A crash leaves it there, and so does the end of the server in mid-recording.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..format_version import NewerFormat
from ..private_file import remove_private_file, replace_private_file
from .disk import open_to_read, read_at
from .journal_entry import JournalEntry

logger = logging.getLogger(__name__)

JOURNAL_NAME = ".pet_stream.recording"
MAX_FILE_BYTES = 2000
_UNFINISHED = f".{JOURNAL_NAME}.*"


class Journal:
    """The file in `folder`. Any thread may use it that may wait for the disk and has claimed the
    folder. Without it a recording goes on; only a crash of it would not be noticed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / JOURNAL_NAME
        self._lock = threading.Lock()
        self._begun: JournalEntry | None = None
        """The last recording that has begun here."""

    def begin(self, entry: JournalEntry) -> None:
        """A recording has its file."""
        with self._lock:
            self._begun = entry
            try:
                self._write(entry)
            except OSError as exc:
                logger.warning("a crash of this recording would not be noticed: %s", exc.strerror)

    def end(self, recording_id: str, *, ended_at: float | None = None) -> None:
        """The files of a recording are in order. `ended_at`: because its server ends."""
        with self._lock:
            entry = self._begun
            if entry is None or entry.recording_id != recording_id:
                return
            try:
                if ended_at is None:
                    remove_private_file(self._path)
                else:
                    self._write(replace(entry, cause="shut_down", broke_off_at=ended_at))
            except OSError as exc:
                logger.warning("the next start takes this for a crash: %s", exc.strerror)

    def read(self) -> JournalEntry | None:
        """Returns the recording that an earlier run has left; None if there is none. A file that
        can't be read is removed, so that it is told once."""
        with self._lock:
            for unfinished in self._folder.glob(_UNFINISHED):
                with suppress(OSError):
                    unfinished.unlink()
            entry = self._read()
            if entry is not None and entry.cause is None and self._is_own(entry):
                return None  # its disk went, and came back: how it ended was told
            return entry

    def change(self, entry: JournalEntry) -> bool:
        """Write what has become of a recording that was left. Returns False if another one has
        begun since. Raises OSError."""
        with self._lock:
            if not self._is_there(entry):
                return False
            self._write(entry)
            return True

    def forget(self, entry: JournalEntry) -> None:
        """Forget a recording that was left, if no other has begun since. Raises OSError."""
        with self._lock:
            if self._is_there(entry):
                remove_private_file(self._path)

    def _is_there(self, entry: JournalEntry) -> bool:
        there = self._read()
        return there is not None and there.recording_id == entry.recording_id

    def _is_own(self, entry: JournalEntry) -> bool:
        return self._begun is not None and entry.recording_id == self._begun.recording_id

    def _read(self) -> JournalEntry | None:
        try:
            return JournalEntry.from_json(self._bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as exc:
            logger.warning("what was recorded last is not known: %s %s", JOURNAL_NAME, exc)
            if not isinstance(exc, NewerFormat):
                with suppress(OSError):
                    self._path.unlink()
            return None

    def _bytes(self) -> bytes:
        """Raises OSError, and ValueError if others could have written it."""
        descriptor = open_to_read(self._path)
        try:
            info = os.fstat(descriptor)
            # of the folder: where everything belongs to whoever has mounted it
            if info.st_uid not in (0, os.geteuid(), self._folder.stat().st_uid):
                raise ValueError("belongs to somebody else")
            data = read_at(descriptor, 0, MAX_FILE_BYTES + 1)
        finally:
            os.close(descriptor)
        if len(data) > MAX_FILE_BYTES:
            raise ValueError(f"has more than {MAX_FILE_BYTES} bytes")
        return data

    def _write(self, entry: JournalEntry) -> None:
        """Raises OSError."""
        replace_private_file(self._path, entry.to_json())
