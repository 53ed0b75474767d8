"""A file that is composed of parts of other files while it is read."""

from __future__ import annotations

import errno
import io
import os
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from ..recording.disk import open_to_read, read_at

_BYTES_PER_PIECE = 170
"""Memory for one piece, as measured."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`size` bytes of the file at `path`, from `offset` on."""

    path: Path
    offset: int
    size: int


class Span(NamedTuple):
    """What is shown from `from_s` to `to_s`, seconds from the beginning of the file at `path`;
    infinite: to its end."""

    path: Path
    from_s: float
    to_s: float


class PiecedFile(io.RawIOBase):
    """All `pieces`, one after the other: read-only, seekable. One thread at a time.

    It opens one file at a time, and none before the first read, except those given to hold().
    `spans`: what it shows, as far as that is known.
    """

    def __init__(
        self,
        pieces: Sequence[Piece | bytes],
        *,
        spans: Sequence[Span] = (),
        ends: Sequence[int] | None = None,
    ) -> None:
        self.spans = spans
        self._pieces = pieces
        if ends is None:
            sizes = (len(piece) if isinstance(piece, bytes) else piece.size for piece in pieces)
            ends = list(accumulate(sizes, initial=0))
        self._ends = ends
        self._position = 0
        self._descriptor = -1
        self._open_path: Path | None = None
        self._held: dict[Path, int] = {}
        self._versions: dict[Path, tuple[int, int]] = {}
        self._moved: Callable[[Path], Path | None] = lambda path: None

    def hold(self, paths: Iterable[Path]) -> None:
        """Open these now, and keep them open, because their names will change. Raises OSError."""
        for path in paths:
            self._held[path] = open_to_read(path)

    def expect(
        self,
        infos: Mapping[Path, os.stat_result],
        moved: Callable[[Path], Path | None] = lambda path: None,
    ) -> None:
        """Read only these versions of the files: a deleted one may have been replaced by a new file
        of the same name. `moved` tells where one may be now."""
        self._versions = {path: _version(info) for path, info in infos.items()}
        self._moved = moved

    def reopened(self) -> PiecedFile:
        """Returns the same file, at its beginning, for a second reader."""
        return PiecedFile(self._pieces, spans=self.spans, ends=self._ends)

    @property
    def size(self) -> int:
        return self._ends[-1]

    @property
    def memory_bytes(self) -> int:
        """Its size in memory, roughly."""
        whole = sum(len(piece) for piece in self._pieces if isinstance(piece, bytes))
        return whole + _BYTES_PER_PIECE * len(self._pieces)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        count = 0
        while count < len(view):
            chunk = self._read_some(len(view) - count)
            if not chunk:
                break
            view[count : count + len(chunk)] = chunk
            count += len(chunk)
            self._position += len(chunk)
        return count

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor, self._open_path = -1, None
        while self._held:
            os.close(self._held.popitem()[1])
        super().close()

    def _read_some(self, size: int) -> bytes:
        position = self._position
        number = bisect_right(self._ends, position) - 1
        if number >= len(self._pieces):
            return b""
        piece = self._pieces[number]
        inside = position - self._ends[number]
        if isinstance(piece, bytes):
            return piece[inside : inside + size]
        descriptor = self._descriptor_of(piece.path)
        return read_at(descriptor, piece.offset + inside, min(size, piece.size - inside))

    def _descriptor_of(self, path: Path) -> int:
        if path in self._held:
            return self._held[path]
        if self._open_path != path:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
                self._open_path = None
            self._descriptor = self._open(path)
            self._open_path = path
        return self._descriptor

    def _open(self, path: Path) -> int:
        """Raises OSError."""
        try:
            return self._open_expected(path, path)
        except FileNotFoundError:
            moved = self._moved(path)
            if moved is None:
                raise
            return self._open_expected(path, moved)

    def _open_expected(self, path: Path, there: Path) -> int:
        """Returns a descriptor of the file `there`, if it is the expected one of `path`. Raises
        OSError."""
        descriptor = open_to_read(there)
        version = _version(os.fstat(descriptor))
        if self._versions.get(path, version) != version:
            os.close(descriptor)
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return descriptor


def _version(info: os.stat_result) -> tuple[int, int]:
    return info.st_ino, info.st_mtime_ns
