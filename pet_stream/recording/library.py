"""The recordings in the folder: the folder is the truth, there is no other list."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..errors import NotFound, StorageError
from .names import is_stored_name, start_time_in, stored_name
from .status import rfc3339


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of the folder."""

    name: str
    size_bytes: int
    started_at: float
    """Epoch seconds: as the name tells, else the time of the file's last change."""
    state: Literal["recording", "complete"]

    @property
    def format(self) -> str:
        """`h264` or `mp4`."""
        return self.name.rpartition(".")[2]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "size_bytes": self.size_bytes,
            "started_at": self.started_at,
            "start_time": rfc3339(self.started_at),
            "state": self.state,
            "format": self.format,
        }


class Library:
    """Finds recordings by name. Keeps nothing; any thread may use it.

    `running_name` tells the file that is being written at the moment, if any. Only regular files
    are recordings: a symbolic link could lead out of the folder.
    """

    def __init__(self, folder: Path, running_name: Callable[[], str | None] = lambda: None) -> None:
        self._folder = folder
        self._running_name = running_name

    def recordings(self) -> list[Recording]:
        """All of them, newest first; one directory scan and one `lstat` each.

        Raises StorageError.
        """
        running_name = self._running_name()
        found: list[tuple[float, int, Recording]] = []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if not is_stored_name(entry.name):
                        continue
                    try:
                        info = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # deleted since
                        continue
                    if not stat.S_ISREG(info.st_mode):
                        continue
                    started_at = start_time_in(entry.name)
                    recording = Recording(
                        name=entry.name,
                        size_bytes=info.st_size,
                        started_at=info.st_mtime if started_at is None else started_at,
                        state="recording" if entry.name == running_name else "complete",
                    )
                    found.append((recording.started_at, info.st_mtime_ns, recording))
        except FileNotFoundError:  # nothing was recorded yet
            return []
        except OSError as exc:
            raise StorageError("The recordings folder can't be read") from exc
        found.sort(key=lambda item: item[:2], reverse=True)
        return [recording for _, _, recording in found]

    def path_of(self, name: str) -> Path:
        """Where the recording `name` lies. Raises BadName, NotFound."""
        path = self._folder / stored_name(name)
        try:
            info = path.lstat()
        except OSError as exc:
            raise NotFound("There is no such recording") from exc
        if not stat.S_ISREG(info.st_mode):
            raise NotFound("There is no such recording")
        return path
