"""Makes the list of recordings from the files in the folder: a row for each recording."""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import StorageError
from ..media.gaps import Gap
from ..recording.belongings import DETECTIONS_SUFFIX, STAR_SUFFIX
from ..recording.disk import PART_SUFFIX, sidecar_name
from ..recording.names import (
    LAST_S,
    composite_of,
    is_recovered,
    is_stored_name,
    names_before,
    start_time_in,
)
from ..recording.status import RecordingStatus, rfc3339
from .details import Details, FileState

logger = logging.getLogger(__name__)

_BESIDE = (STAR_SUFFIX, DETECTIONS_SUFFIX)
_IS_THERE = FileState(0, 0)
"""Of a sidecar nothing else is looked at."""

State = Literal["recording", "complete", "recovered"]

Files = Mapping[str, FileState]


@dataclass(frozen=True, slots=True)
class Recording:
    """One row of the list: a file, or the files that one recording consists of."""

    name: str
    size_bytes: int
    started_at: float
    """Epoch seconds: from the recorder or the name, otherwise when the file was last changed."""
    state: State
    stars: tuple[str, ...]
    """Its star files. There can be several, because the names of its files change when a second
    file begins and when one is repaired."""
    files: tuple[str, ...]
    states: tuple[FileState, ...]
    """Of these files."""
    changed_ns: int
    has_detections: bool = False
    """Whether anything that was seen in it is kept beside it."""

    @property
    def is_running(self) -> bool:
        return self.state == "recording"

    @property
    def is_starred(self) -> bool:
        return bool(self.stars)

    @property
    def format(self) -> str:
        """`h264` or `mp4`."""
        return self.name.rpartition(".")[2]

    def to_json(self, details: Details) -> dict[str, Any]:
        """Returns a row of `GET /api/recordings`, without its URLs."""
        gaps = details.gaps
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
            "gap_count": None if gaps is None else gaps.count,
            "missing_s": None if gaps is None else round(gaps.missing_s, 3),
            "gaps": None if gaps is None else [_gap_json(gap) for gap in gaps.longest],
            "has_detections": self.has_detections,
        }


def _gap_json(gap: Gap) -> dict[str, float]:
    return {"from_s": round(gap.from_s, 3), "to_s": round(gap.to_s, 3)}


def state_of(entry: os.DirEntry[str]) -> FileState | None:
    """Returns None unless it is a regular file. Raises OSError."""
    info = entry.stat(follow_symlinks=False)
    return FileState.of(info) if stat.S_ISREG(info.st_mode) else None


def scan(
    folder: Path,
    running: RecordingStatus,
    look: Callable[[os.DirEntry[str]], FileState | None] = state_of,
) -> dict[str, FileState]:
    """Returns every recorded file, every star (as `….star`), every sidecar (`….detections`), and
    the unfinished files of the `running` recording.

    Only regular files: a symbolic link could lead out of the folder. Raises StorageError.
    """
    found: dict[str, FileState] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(DETECTIONS_SUFFIX):
                    if entry.is_file(follow_symlinks=False):
                        found[entry.name] = _IS_THERE
                    continue
                if not _is_of_interest(entry.name, running):
                    continue
                try:
                    state = look(entry)
                except PermissionError:  # the folder itself can't be searched
                    raise
                except OSError as exc:  # deleted since, or damaged: the others are shown
                    logger.debug("%s can't be read: %s", entry.name, exc)
                    continue
                if state is not None:
                    found[entry.name] = state
    except FileNotFoundError:  # nothing was recorded yet
        return {}
    except OSError as exc:
        raise StorageError("The recordings folder can't be read") from exc
    return found


def scan_for(folder: Path, name: str) -> dict[str, FileState]:
    """Returns the same, but only for the file `name` and what may belong to it."""
    found: dict[str, FileState] = {}
    for earlier in names_before(name):
        for candidate in (earlier, earlier + STAR_SUFFIX, earlier + DETECTIONS_SUFFIX):
            with contextlib.suppress(OSError):
                info = (folder / candidate).lstat()
                if stat.S_ISREG(info.st_mode):
                    found[candidate] = FileState.of(info)
    return found


def rows(found: Files, running: RecordingStatus) -> list[Recording]:
    """Returns the recordings that consist of the files `found`, newest first."""
    has_stars = any(name.endswith(STAR_SUFFIX) for name in found)
    groups = _grouped(found).items()
    made = [row(name, files, found, running, has_stars=has_stars) for name, files in groups]
    made.sort(key=sort_key, reverse=True)
    return made


def sort_key(recording: Recording) -> tuple[float, int, str]:
    return recording.started_at, recording.changed_ns, recording.name


def row(
    name: str, files: list[str], found: Files, running: RecordingStatus, *, has_stars: bool = True
) -> Recording:
    states = tuple([found[file] for file in files])
    started_at = start_time_in(name, states[0].changed_ns / 1e9)
    state: State = "complete"
    if running.is_recording and name == running.filename:
        state, started_at = "recording", running.started_at
    elif any(map(is_recovered, files)):
        state = "recovered"
    return Recording(
        name=name,
        size_bytes=sum([state.size_bytes for state in states]),
        started_at=last_change(states[:1]) if started_at is None else started_at,
        state=state,
        stars=tuple(_stars_of(name, files, found)) if has_stars else (),
        files=tuple(files),
        states=states,
        changed_ns=max([state.changed_ns for state in states]),
        has_detections=any(sidecar_name(file) in found for file in files),
    )


def last_change(states: Iterable[FileState]) -> float:
    """Returns when the last of the files was changed, epoch seconds. A file can have any time, so
    it is limited to the years from 1970 to 9998."""
    return min(max(0.0, *(state.changed_ns / 1e9 for state in states)), LAST_S)


def _is_of_interest(name: str, running: RecordingStatus) -> bool:
    if name.endswith(STAR_SUFFIX):
        return is_stored_name(name.removesuffix(STAR_SUFFIX))
    if name.endswith(PART_SUFFIX):
        return running.is_recording and _is_part_of(name, running)
    return is_stored_name(name)


def _is_part_of(part: str, running: RecordingStatus) -> bool:
    name = part.removesuffix(PART_SUFFIX)
    composite, _ = composite_of(name) or (name, 1)
    return running.filename in (name, composite)


def _grouped(found: Files) -> dict[str, list[str]]:
    """Returns the files of each recording, in order: `cat.001.mp4` and `cat.002.mp4` are `cat.mp4`,
    unless there is a file of this name."""
    files = sorted(name for name in found if not name.endswith(_BESIDE))
    names = {file.removesuffix(PART_SUFFIX): file for file in files}
    groups: dict[str, list[tuple[int, str]]] = {}
    for name, file in names.items():
        recording, number = composite_of(name) or (name, 0)
        groups.setdefault(name if recording in names else recording, []).append((number, file))
    return {name: [file for _, file in sorted(group)] for name, group in groups.items()}


def _stars_of(name: str, files: list[str], found: Container[str]) -> Iterator[str]:
    """Yields the stars of a row, without those of other recordings."""
    own = {name, *(file.removesuffix(PART_SUFFIX) for file in files)}
    for earlier in sorted({earlier for own_name in own for earlier in names_before(own_name)}):
        if earlier + STAR_SUFFIX in found and (earlier in own or earlier not in found):
            yield earlier + STAR_SUFFIX
