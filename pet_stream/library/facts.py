"""What the files of the folder say of themselves: read once, and kept over restarts."""

from __future__ import annotations

import json
import logging
import os
import threading
from pathlib import Path
from typing import Any, TypeVar

from ..media.gaps import Gap, Gaps
from ..private_file import replace_private_file
from ..recording.bin_folder import OWN_FOLDER
from ..recording.disk import PART_SUFFIX, open_to_read, read_at
from .details import Details, FileState, ReadOnce, read_details, read_is_clip
from .gaps import gaps_of
from .listing import Files, Recording
from .own_folder import make_own_folder

logger = logging.getLogger(__name__)

FACTS_FILE = f"{OWN_FOLDER}/facts.json"
"""Only saves time: without it every file is read again."""
VERSION = 1
"""A program that reads more of a file, or otherwise, needs another number."""
MAX_BYTES = 64_000_000
_TOO_LARGE = 1 << 63

N = TypeVar("N", int, float)


class Facts:
    """Any thread. The first one who asks has the facts of earlier runs loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clips = ReadOnce(folder, read_is_clip, False)
        self._details = ReadOnce(folder, read_details, Details())
        self._lock = threading.Lock()
        self._is_loaded = False
        self._saved_count = 0

    def details(self, recording: Recording) -> Details:
        """Returns what its files say: read once, and again when they change."""
        self._load_once()
        return _together([self._details.of(name) for name in recording.files])

    def is_clip(self, recording: Recording) -> bool:
        """Whether its file says that it was saved as a clip."""
        self._load_once()
        return self._clips.of(recording.files[0])

    def duration_of(self, file: str) -> float | None:
        """Returns how long one file lasts, in seconds; None: unknown."""
        self._load_once()
        return self._details.of(file).duration_s

    def known_details(self, recording: Recording) -> Details | None:
        """The same as details(), without a look at a file; None if one was not read yet."""
        self._load_once()
        each = map(self._details.known, recording.files, recording.states)
        known = [details for details in each if details is not None]
        return _together(known) if len(known) == len(recording.files) else None

    def known_clip(self, recording: Recording) -> bool:
        self._load_once()
        return self._clips.known(recording.files[0], recording.states[0]) or False

    def read(self, recording: Recording) -> None:
        """Have it known, even if it can't be read now."""
        self.details(recording)
        self.is_clip(recording)
        for name, state in zip(recording.files, recording.states, strict=True):
            self._details.give_up(name, state)

    @property
    def has_news(self) -> bool:
        """Whether more is known than was saved."""
        return self._details.read_count != self._saved_count

    def forget_gone(self, found: Files) -> None:
        for known in (self._clips, self._details):
            known.forget_gone(found, len(found))

    def save(self, found: Files) -> None:
        """Keep what is known of the files `found`. Raises OSError, StorageError."""
        read_count = self._details.read_count
        files = {}
        for name, state in found.items():
            details = self._details.known(name, state)
            if details is not None and not name.endswith(PART_SUFFIX):
                files[name] = [*state, self._clips.known(name, state), _to_json(details)]
        data = json.dumps({"version": VERSION, "files": files}, separators=(",", ":")).encode()
        make_own_folder(self._folder, OWN_FOLDER)
        replace_private_file(self._folder / FACTS_FILE, data, 0o644)
        self._saved_count = read_count

    def _load_once(self) -> None:
        if self._is_loaded:
            return
        with self._lock:
            if not self._is_loaded:
                self._load()
                self._is_loaded = True

    def _load(self) -> None:
        try:
            files = _read_file(self._folder / FACTS_FILE)
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as exc:
            logger.info("what is known of the recordings is read again: %s", exc)
            return
        for name, (state, is_clip, details) in files.items():
            self._details.learn(name, state, details)
            if is_clip is not None:
                self._clips.learn(name, state, is_clip)


def _together(each: list[Details]) -> Details:
    """Returns the details of a recording whose files follow each other."""
    if len(each) == 1:
        return each[0]
    known = [details.duration_s for details in each if details.duration_s is not None]
    duration_s = sum(known) if len(known) == len(each) else None
    first = each[0]
    return Details(duration_s, first.width, first.height, first.codec, gaps_of(each))


def _read_file(path: Path) -> dict[str, tuple[FileState, bool | None, Details]]:
    """Raises OSError, and ValueError or TypeError for what was never written here."""
    descriptor = open_to_read(path)
    try:
        size = os.fstat(descriptor).st_size
        if size > MAX_BYTES:
            raise ValueError("the file is too large")
        content = json.loads(read_at(descriptor, 0, size))
    finally:
        os.close(descriptor)
    if content["version"] != VERSION:
        return {}
    return {name: _entry(*entry) for name, entry in content["files"].items()}


def _entry(
    size: int, changed_ns: int, is_clip: bool | None, details: list[Any]
) -> tuple[FileState, bool | None, Details]:
    duration_s, width, height, codec, gaps = details
    return (
        FileState(_number(int, size), _number(int, changed_ns)),
        None if is_clip is None else bool(is_clip),
        Details(
            None if duration_s is None else _number(float, duration_s),
            None if width is None else _number(int, width),
            None if height is None else _number(int, height),
            None if codec is None else str(codec),
            None if gaps is None else _gaps(*gaps),
        ),
    )


def _number(kind: type[N], value: Any) -> N:
    """Raises ValueError unless `value` is a number."""
    if type(value) not in (int, float) or not abs(value) < _TOO_LARGE:
        raise ValueError("there is something in it that is no number")
    return kind(value)


def _gaps(count: int, missing_s: float, longest: list[list[float]]) -> Gaps:
    told = (Gap(_number(float, from_s), _number(float, to_s)) for from_s, to_s in longest)
    return Gaps(_number(int, count), _number(float, missing_s), tuple(told))


def _to_json(details: Details) -> list[object]:
    gaps = details.gaps
    told = None
    if gaps is not None:
        told = [gaps.count, gaps.missing_s, [[gap.from_s, gap.to_s] for gap in gaps.longest]]
    return [details.duration_s, details.width, details.height, details.codec, told]
