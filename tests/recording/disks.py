"""Containers that behave as a bad disk makes them behave; what they write is real."""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Sequence

from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.containers import AnnexBContainer, Mp4Container
from tests.waiting import TIMEOUT_S


class Gate:
    """Where a thread is held up until the test lets it on."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.open = threading.Event()

    def pass_through(self) -> None:
        self.arrived.set()
        assert self.open.wait(2 * TIMEOUT_S), "the test never opened the gate"


class SlowToWrite(AnnexBContainer):
    """Each write waits at the gate."""

    def __init__(self, file: io.FileIO, is_clip: bool, gate: Gate) -> None:
        super().__init__(file, is_clip)
        self._gate = gate

    def write(self, units: Sequence[AccessUnit]) -> None:
        self._gate.pass_through()
        super().write(units)


class SlowToOpen(AnnexBContainer):
    def __init__(self, file: io.FileIO, is_clip: bool, gate: Gate) -> None:
        gate.pass_through()
        super().__init__(file, is_clip)


class FailsToWrite(SlowToWrite):
    """The write that waited at the gate fails."""

    def write(self, units: Sequence[AccessUnit]) -> None:
        self._gate.pass_through()
        raise OSError(errno.EIO, os.strerror(errno.EIO))


class Broken(AnnexBContainer):
    """A bug: the second write raises what no disk raises."""

    def write(self, units: Sequence[AccessUnit]) -> None:
        if self.frame_count:
            raise ZeroDivisionError
        super().write(units)


class SlowMp4(Mp4Container):
    """Each write waits at the gate."""

    def __init__(self, file: io.FileIO, is_clip: bool, gate: Gate) -> None:
        super().__init__(file, is_clip)
        self._gate = gate

    def write(self, units: Sequence[AccessUnit]) -> None:
        self._gate.pass_through()
        super().write(units)


class FillsUp(Mp4Container):
    """There is room for the header; the first fragment waits at the gate, and fails."""

    def __init__(self, file: io.FileIO, is_clip: bool, gate: Gate) -> None:
        super().__init__(file, is_clip)
        self._gate = gate

    def _append_bytes(self, data: bytes) -> None:
        if not self.bytes_written:
            super()._append_bytes(data)
            return
        self._gate.pass_through()
        self._pending.clear()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class FailsToOpen:
    """Makes MP4 files; the disk is full `after` so many."""

    def __init__(self, after: int) -> None:
        self._left = after

    def __call__(self, file: io.FileIO, is_clip: bool) -> Mp4Container:
        if not self._left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._left -= 1
        return Mp4Container(file, is_clip)
