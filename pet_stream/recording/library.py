"""The recordings in the folder: the folder is the truth, there is no other list."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from ..errors import BitstreamError, NotFound, RecordingInUse, StorageError
from ..media.mp4_reading import Summary, read_summary
from ..media.nal_unit import NalUnitType, nal_unit_type, split_annex_b
from ..media.parameter_sets import parse_sps
from . import disk
from .cutting import cut, joined
from .disk import PART_SUFFIX
from .names import (
    is_recovered,
    is_stored_name,
    names_before,
    segment_of,
    start_time_in,
    stored_name,
)
from .pieces import PiecedFile
from .status import RecordingStatus, rfc3339

STAR_SUFFIX = ".star"
"""An empty file beside a recording: it is kept."""
THUMBNAIL_SUFFIX = ".jpg"
_RAW_START_BYTES = 64 * 1024

State = Literal["recording", "complete", "recovered"]


@dataclass(frozen=True, slots=True)
class Details:
    """What stands inside the files; None: it does not say."""

    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    codec: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """One row of the list: a file, or the files that one recording consists of."""

    name: str
    size_bytes: int
    started_at: float
    """Epoch seconds: as the name tells, else the time of the file's last change."""
    state: State
    stars: tuple[str, ...]
    """The files that say so, if it is to be kept: beside it, or beside what was called otherwise
    before it was repaired or went on in a second file."""
    files: tuple[str, ...]
    changed_ns: int

    @property
    def is_starred(self) -> bool:
        return bool(self.stars)

    @property
    def format(self) -> str:
        """`h264` or `mp4`."""
        return self.name.rpartition(".")[2]

    def to_json(self, details: Details) -> dict[str, Any]:
        """A row of `GET /api/recordings`, its URLs excepted."""
        return {
            "name": self.name,
            "size_bytes": self.size_bytes,
            "started_at": self.started_at,
            "start_time": rfc3339(self.started_at),
            "state": self.state,
            "format": self.format,
            "starred": self.is_starred,
            "duration_s": details.duration_s,
            "width": details.width,
            "height": details.height,
            "codec": details.codec,
            "segments": len(self.files),
        }


class Library:
    """Finds recordings by name. Any thread may use it.

    `status` is the recorder's. Only regular files are recordings: a symbolic link could lead out of
    the folder. What a file says about itself is kept until its size or time changes.
    """

    def __init__(
        self, folder: Path, status: Callable[[], RecordingStatus] = RecordingStatus
    ) -> None:
        self.folder = folder
        self._status = status
        self._lock = threading.Lock()
        self._details: dict[str, tuple[int, int, Details]] = {}
        self._joined: tuple[tuple[str, int, int], PiecedFile] | None = None

    def recordings(self) -> list[Recording]:
        """All of them, newest first; one directory scan and one `lstat` each.

        Raises StorageError.
        """
        status = self._status()
        running_name = status.filename if status.is_recording else None
        found = self._scan(running_name)
        self._forget_gone(found)
        rows = [
            self._row(name, files, found, running_name)
            for name, files in _grouped(found, running_name).items()
        ]
        rows.sort(key=lambda row: (row.started_at, row.changed_ns), reverse=True)
        return rows

    def details(self, recording: Recording) -> Details:
        """What its files say: read once, and again when they change."""
        if recording.state == "recording":
            status = self._status()
            return Details(duration_s=status.duration_ms / 1000)
        each = [self._file_details(name) for name in recording.files]
        durations = [details.duration_s for details in each]
        known = [duration for duration in durations if duration is not None]
        first = each[0]
        return Details(
            duration_s=sum(known) if len(known) == len(durations) else None,
            width=first.width,
            height=first.height,
            codec=first.codec,
        )

    def find(self, name: str) -> Recording:
        """The recording `name`; the name of one of its files finds it, too. Raises BadName,
        NotFound, StorageError."""
        stored_name(name)
        for row in self.recordings():
            if row.name == name or name in row.files:
                return row
        raise NotFound("There is no such recording")

    def files_of(self, name: str) -> list[Path]:
        """The files of the recording `name`, or the one file that is called so. Raises BadName,
        NotFound, StorageError."""
        if (path := self._path_of_file(stored_name(name))) is not None:
            return [path]
        return [self.folder / file for file in self.find(name).files]

    def path_of(self, name: str) -> Path:
        """Where the recording `name` lies, if it is one file. Raises BadName, NotFound."""
        files = self.files_of(name)
        if len(files) != 1:
            raise NotFound("There is no such file")
        return files[0]

    def open_joined(self, name: str) -> PiecedFile:
        """All segments as one file. Raises BadName, NotFound, NotCuttable, StorageError.

        The one that was asked for last is kept ready: players read a file in many small ranges.
        """
        recording = self.find(name)
        key = recording.name, recording.size_bytes, recording.changed_ns
        with self._lock:
            last = self._joined
        if last is None or last[0] != key:
            last = key, joined(self.files_of(name), recording.started_at)
            with self._lock:
                self._joined = last
        return last[1].reopened()

    def open_cut(self, name: str, from_s: float, to_s: float) -> PiecedFile:
        """See `cut`. Raises BadName, NotFound, NotCuttable, StorageError."""
        return cut(self.files_of(name), from_s, to_s, self.find(name).started_at)

    def delete(self, name: str) -> None:
        """Remove a recording, and what belongs to it. Raises BadName, NotFound, RecordingInUse,
        StorageError."""
        recording = self.find(name)
        if recording.state == "recording":
            raise RecordingInUse("The recording is just being made")
        thumbnail = recording.name + THUMBNAIL_SUFFIX
        try:
            for file in (*recording.files, *recording.stars, thumbnail):
                (self.folder / file).unlink(missing_ok=True)
        except OSError as exc:
            raise disk.storage_error("The recording can't be deleted", exc) from exc

    def set_starred(self, name: str, is_starred: bool) -> None:
        """Raises BadName, NotFound, StorageError."""
        recording = self.find(name)
        try:
            if is_starred:
                (self.folder / (recording.name + STAR_SUFFIX)).touch()
            else:
                for star in recording.stars:
                    (self.folder / star).unlink(missing_ok=True)
        except OSError as exc:
            raise disk.storage_error("The star can't be kept", exc) from exc

    def disk_bytes(self) -> tuple[int, int] | None:
        """What is free on the recordings' disk, and its size; None where that is not known."""
        with contextlib.suppress(OSError):
            folder = next(f for f in (self.folder, *self.folder.parents) if f.is_dir())
            return disk.free_bytes(folder), disk.total_bytes(folder)
        return None

    def _path_of_file(self, name: str) -> Path | None:
        path = self.folder / name
        try:
            return path if stat.S_ISREG(path.lstat().st_mode) else None
        except OSError:
            return None

    def _forget_gone(self, found: dict[str, os.stat_result]) -> None:
        with self._lock:
            if len(self._details) > 2 * len(found) + 100:
                known = self._details.items()
                self._details = {name: details for name, details in known if name in found}

    def _scan(self, running_name: str | None) -> dict[str, os.stat_result]:
        """Every recorded file, every star (as `….star`), and the parts of the running recording."""
        found: dict[str, os.stat_result] = {}
        try:
            with os.scandir(self.folder) as entries:
                for entry in entries:
                    if not _is_of_interest(entry.name, running_name):
                        continue
                    with contextlib.suppress(FileNotFoundError):  # deleted since
                        info = entry.stat(follow_symlinks=False)
                        if stat.S_ISREG(info.st_mode):
                            found[entry.name] = info
        except FileNotFoundError:  # nothing was recorded yet
            return {}
        except OSError as exc:
            raise StorageError("The recordings folder can't be read") from exc
        return found

    def _row(
        self,
        name: str,
        files: list[str],
        found: dict[str, os.stat_result],
        running_name: str | None,
    ) -> Recording:
        infos = [found[file] for file in files]
        started_at = start_time_in(name)
        state: State = "complete"
        if name == running_name:
            state = "recording"
        elif any(map(is_recovered, files)):
            state = "recovered"
        return Recording(
            name=name,
            size_bytes=sum(info.st_size for info in infos),
            started_at=infos[0].st_mtime if started_at is None else started_at,
            state=state,
            stars=tuple(_stars_of(name, files, found)),
            files=tuple(files),
            changed_ns=infos[-1].st_mtime_ns,
        )

    def _file_details(self, name: str) -> Details:
        path = self.folder / name
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return Details()
        try:
            info = os.fstat(descriptor)
            with self._lock:
                known = self._details.get(name)
            if known is not None and known[:2] == (info.st_size, info.st_mtime_ns):
                return known[2]
            details = _read_details(descriptor, path.suffix, info.st_size)
        except OSError:
            return Details()
        finally:
            os.close(descriptor)
        with self._lock:
            self._details[name] = info.st_size, info.st_mtime_ns, details
        return details


def _is_of_interest(name: str, running_name: str | None) -> bool:
    if name.endswith(STAR_SUFFIX):
        return is_stored_name(name.removesuffix(STAR_SUFFIX))
    if name.endswith(PART_SUFFIX):
        return running_name is not None and _row_name(name) == running_name
    return is_stored_name(name)


def _stars_of(name: str, files: list[str], found: Container[str]) -> Iterator[str]:
    """The stars of a row, other recordings' excepted."""
    own = {name, *(file.removesuffix(PART_SUFFIX) for file in files)}
    for earlier in sorted({earlier for own_name in own for earlier in names_before(own_name)}):
        if earlier + STAR_SUFFIX in found and (earlier in own or earlier not in found):
            yield earlier + STAR_SUFFIX


def _row_name(part: str) -> str:
    """The recording that an unfinished file belongs to."""
    name = part.removesuffix(PART_SUFFIX)
    segment = segment_of(name)
    return name if segment is None or segment[1] < 2 else segment[0]


def _grouped(found: dict[str, os.stat_result], running_name: str | None) -> dict[str, list[str]]:
    """The files of each recording, in order. `cat_001.mp4` and `cat_002.mp4` are `cat.mp4`, if
    there is no such file and they are all there from the first on."""
    files = [name for name in found if not name.endswith(STAR_SUFFIX)]
    segments: dict[str, dict[int, str]] = {}
    for file in files:
        segment = segment_of(file.removesuffix(PART_SUFFIX))
        if segment is not None and segment[0] not in found:
            segments.setdefault(segment[0], {})[segment[1]] = file
    rows: dict[str, list[str]] = {}
    in_rows: set[str] = set()
    for name, numbered in segments.items():
        is_running = name == running_name and 1 in numbered
        if is_running or (len(numbered) > 1 and set(numbered) == {*range(1, len(numbered) + 1)}):
            rows[name] = [numbered[number] for number in sorted(numbered)]
            in_rows.update(rows[name])
    for file in files:
        if file not in in_rows:
            rows[file.removesuffix(PART_SUFFIX)] = [file]
    return rows


def _read_details(descriptor: int, suffix: str, size: int) -> Details:
    try:
        if suffix == ".mp4":
            return _of_summary(read_summary(partial(_read_at, descriptor), size))
        return _of_raw(_read_at(descriptor, 0, _RAW_START_BYTES))
    except BitstreamError:  # copied here by hand, and something else
        return Details()


def _of_summary(summary: Summary) -> Details:
    return Details(summary.duration_s, summary.width, summary.height, summary.codec)


def _of_raw(data: bytes) -> Details:
    sps = next(_sps_in(data), None)
    if sps is None:
        return Details()
    parsed = parse_sps(sps)
    return Details(None, parsed.width, parsed.height, f"avc1.{parsed.profile_level_id}")


def _sps_in(data: bytes) -> Iterator[bytes]:
    return (n for n in split_annex_b(data) if nal_unit_type(n) == NalUnitType.SPS)


def _read_at(descriptor: int, offset: int, size: int) -> bytes:
    return os.pread(descriptor, size, offset)
