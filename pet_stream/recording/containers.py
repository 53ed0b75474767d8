"""File formats: how access units become the bytes of a file."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from ..media.access_unit import AccessUnit


class Container(Protocol):
    """Writes access units into one open file. Used by one thread, the writer's.

    The file is opened, synced and closed by the writer: a container only appends to it (a muxer
    may seek in it).
    """

    @property
    def frame_count(self) -> int:
        """Pictures that are in the file, or will be when it is closed."""

    @property
    def bytes_written(self) -> int:
        """Size of the file so far."""

    def write(self, units: Sequence[AccessUnit]) -> None:
        """Append `units`, in decoding order; the very first one is an IDR.

        Raises OSError. What was written up to then must stay playable.
        """

    def close(self) -> None:
        """Complete the file; nothing is written after it, not even after an error. Raises
        OSError."""


ContainerFactory = Callable[[io.FileIO], Container]


class AnnexBContainer:
    """The raw byte stream of H.264 Annex B: playable at every moment, without times.

    A gap needs no mark: it ends at an IDR with its parameter sets, where every decoder starts
    afresh.
    """

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.frame_count = 0
        self.bytes_written = 0

    def write(self, units: Sequence[AccessUnit]) -> None:
        pictures = [unit.to_annex_b() for unit in units]
        rest = memoryview(b"".join(pictures))
        total = len(rest)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._keep_whole(pictures, total - len(rest))
            raise
        self.frame_count += len(pictures)
        self.bytes_written += total

    def close(self) -> None:
        pass

    def _keep_whole(self, pictures: list[bytes], written: int) -> None:
        """Of `pictures` only `written` bytes reached the file: cut off the broken last one."""
        for picture in pictures:
            written -= len(picture)
            if written < 0:
                break
            self.frame_count += 1
            self.bytes_written += len(picture)
        os.ftruncate(self._file.fileno(), self.bytes_written)


FORMATS: Mapping[str, ContainerFactory] = {"h264": AnnexBContainer}
"""What can be recorded, by the file's ending."""
