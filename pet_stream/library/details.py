"""Reads what the files of the folder say about themselves: duration, size, codec, clip mark."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from ..errors import BitstreamError
from ..media.clip_mark import START_BYTES, has_mark
from ..media.gaps import Gaps
from ..media.h264.nal_unit import NalUnitType, nal_unit_type, split_annex_b
from ..media.h264.parameter_sets import parse_sps
from ..recording.disk import PART_SUFFIX, open_to_read, read_at

logger = logging.getLogger(__name__)

_RAW_START_BYTES = 64 * 1024

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Details:
    """What the files of a recording say; None: unknown."""

    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    codec: str | None = None
    gaps: Gaps | None = None


class FileState(NamedTuple):
    """A file as it was seen: what it says about itself is read again when this changes."""

    size_bytes: int
    changed_ns: int

    @classmethod
    def of(cls, info: os.stat_result) -> FileState:
        return cls(info.st_size, info.st_mtime_ns)


class ReadOnce(Generic[T]):
    """Reads something from each file of `folder`, and again when its size or time changes.

    `read` gets a descriptor, the name and the size; `unknown` is for what can't be read. Any
    thread may use it.
    """

    def __init__(self, folder: Path, read: Callable[[int, str, int], T], unknown: T) -> None:
        self._folder = folder
        self._read = read
        self._unknown = unknown
        self._lock = threading.Lock()
        self._read_count = 0
        self._known: dict[str, tuple[FileState, T]] = {}

    def of(self, name: str) -> T:
        try:
            descriptor = open_to_read(self._folder / name)
        except OSError:
            return self._unknown
        try:
            state = FileState.of(os.fstat(descriptor))
            known = self.known(name, state)
            if known is not None:
                return known
            value = self._read(descriptor, name, state.size_bytes)
        except BitstreamError:  # copied here by hand, and not a recording
            value = self._unknown
        except OSError:
            return self._unknown
        except Exception:  # the list must be shown; logged once, until the file changes
            logger.exception("the list does not say how long %s is: it can't be read", name)
            value = self._unknown
        finally:
            os.close(descriptor)
        with self._lock:
            self._known[name] = state, value
            self._read_count += 1
        return value

    @property
    def read_count(self) -> int:
        """How many files were read."""
        return self._read_count

    def learn(self, name: str, state: FileState, value: T) -> None:
        """Take over what an earlier run has read, unless the file was read since."""
        with self._lock:
            self._known.setdefault(name, (state, value))

    def give_up(self, name: str, state: FileState) -> None:
        """If a file in this state can't even be opened, that is known from now on."""
        if self.known(name, state) is None:
            with self._lock:
                self._known[name] = state, self._unknown

    def known(self, name: str, state: FileState) -> T | None:
        """Returns what is known of a file in this state, without a look at it; None: nothing."""
        found = self._known.get(name)
        return found[1] if found is not None and found[0] == state else None

    def forget_gone(self, found: Container[str], count: int) -> None:
        """Forget all but the `count` files of `found`, once many more are known."""
        with self._lock:
            if len(self._known) > 2 * count + 100:
                self._known = {name: item for name, item in self._known.items() if name in found}


def read_is_clip(descriptor: int, name: str, size: int) -> bool:
    return has_mark(read_at(descriptor, 0, START_BYTES))


def read_details(descriptor: int, name: str, size: int) -> Details:
    """Returns the details of a file; for a growing one without the duration. Raises OSError,
    BitstreamError."""
    if name.endswith(".h264") or name.endswith(".h264" + PART_SUFFIX):
        return _of_raw(read_at(descriptor, 0, _RAW_START_BYTES))
    # Lazy: what reads MP4 files takes 0.2 MB that nobody needs before a page shows recordings.
    from ..media.mp4.reading import growing_format, read_summary

    read = partial(read_at, descriptor)
    if name.endswith(PART_SUFFIX):
        video_format = growing_format(read, size)
        return Details(None, video_format.width, video_format.height, video_format.codec)
    summary = read_summary(read, size)
    return Details(summary.duration_s, summary.width, summary.height, summary.codec, summary.gaps)


def read_length_s(path: Path) -> float | None:
    """Returns how long a file is, also an unfinished one; None if it does not tell."""
    from ..media.mp4.reading import read_summary  # lazy, as above

    try:
        descriptor = open_to_read(path)
    except OSError:
        return None
    try:
        size = os.fstat(descriptor).st_size
        return read_summary(partial(read_at, descriptor), size).duration_s
    except (BitstreamError, OSError):
        return None
    finally:
        os.close(descriptor)


def _of_raw(data: bytes) -> Details:
    for nal_unit in split_annex_b(data, max_nal_units=len(data)):  # of many pictures
        if nal_unit_type(nal_unit) == NalUnitType.SPS:
            sps = parse_sps(nal_unit)
            return Details(None, sps.width, sps.height, f"avc1.{sps.profile_level_id}")
    return Details()
