"""The files of one recording, from the first to the last."""

from __future__ import annotations

import contextlib
import errno
import itertools
from collections.abc import Callable
from pathlib import Path

from ..lifecycle import OwningThread
from ..media.access_unit import AccessUnit
from .disk import create_part, rename
from .names import MAX_FILE_NUMBER, numbered
from .open_file import OpenFile
from .taken_names import taken_names
from .target import Target

MAX_NUMBERS = 1000
"""Limit for recordings with the same name."""


class Files:
    """Opens one file after the other and gives them their names. Belongs to the writer's thread.

    A recording of one file is called `<stem><suffix>`, the files of a longer one
    `<stem>.001<suffix>`, `<stem>.002<suffix>` and so on. While a file is written, `.part` stands
    behind its name.
    """

    def __init__(self, target: Target) -> None:
        self.newest: OpenFile
        """The newest file; set from open_first() on."""
        self.count = 0
        self.paths: list[Path] = []
        """Of the finished files."""
        self._thread = OwningThread()
        self._target = target
        self._stem = target.stem  # with `_2`, `_3` … if the name was taken
        self._number = 1  # in the name of the newest file
        self._frames_before = 0  # in the files before it
        self._bytes_before = 0

    @property
    def path(self) -> Path:
        """The path of the recording, while it is one file."""
        return self._target.folder / f"{self._stem}{self._target.suffix}"

    @property
    def frame_count(self) -> int:
        return self._frames_before + self.newest.container.frame_count

    @property
    def bytes_written(self) -> int:
        return self._bytes_before + self.newest.container.bytes_written

    def open_first(self, may_be_numbered: Callable[[], bool]) -> None:
        """Make the first file; `may_be_numbered` is asked when its name is taken. Raises
        FileExistsError when the name, or every numbered one, is taken, and OSError."""
        self._thread.assert_here()
        taken = taken_names(self._target.folder)
        for stem in itertools.islice(numbered(self._stem), MAX_NUMBERS):
            if stem + self._target.suffix not in taken:
                with contextlib.suppress(FileExistsError):
                    self._open(stem)
                    self._stem = stem
                    return
            if not may_be_numbered():
                break
        raise FileExistsError(errno.EEXIST, "the name is taken")

    def go_on_with(self, idr: AccessUnit) -> None:
        """Finish the newest file and open the next one, which begins with `idr`. Raises OSError."""
        self._thread.assert_here()
        finished = self.newest
        finished.complete(idr.capture_ns)
        self.paths.append(finished.publish(self._newest_name()))
        self._open_next()
        self._frames_before += finished.container.frame_count
        self._bytes_before += finished.container.bytes_written

    def finish(self, *, is_needed: bool) -> Path | None:
        """Give the newest file its name, or remove it if it is not `is_needed` or has no picture.
        Returns the path of the recording, if it is one file. Raises OSError."""
        self._thread.assert_here()
        newest, is_only_one = self.newest, self.count == 1
        whole_name = self._stem + self._target.suffix
        if newest.path is not None:  # already finished, and the next one could not be opened
            if not is_only_one:
                return None
            self.paths = [rename(newest.path, whole_name)]
            return self.paths[0]
        if not is_needed or not newest.container.frame_count:
            newest.discard()
            return None
        path = newest.publish(whole_name if is_only_one else self._newest_name())
        self.paths.append(path)
        return path if is_only_one else None

    def _open_next(self) -> None:
        """Open a file with the next free number: a file copied in by hand may have taken one."""
        for number in range(self._number + 1, MAX_FILE_NUMBER + 1):
            with contextlib.suppress(FileExistsError):
                self._open(f"{self._stem}.{number:03d}")
                self._number = number
                return
        raise FileExistsError(errno.EEXIST, "every name is taken")

    def _open(self, stem: str) -> None:
        target = self._target
        part, file = create_part(target.folder, stem, target.suffix)
        try:
            self.newest = OpenFile(part, file, target.container(file, target.is_clip))
        except BaseException:
            file.close()
            part.unlink(missing_ok=True)
            raise
        self.count += 1

    def _newest_name(self) -> str:
        return f"{self._stem}.{self._number:03d}{self._target.suffix}"
