"""Finds, opens, stars and deletes recordings. The folder is the only list of them."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import NotFound, RecordingInUse
from ..recording.belongings import STAR_SUFFIX, of_file, of_recording
from ..recording.disk import PART_SUFFIX, DiskSpace, disk_space, storage_error
from ..recording.names import composite_of, stored_name
from ..recording.status import CurrentRecording, HasStatus, RecordingStatus
from ..recording.taken_names import names_in, unfinished_in
from ..version import __version__
from .bin import Bin
from .binned import Binned
from .composite_file import Piece, PiecedFile, Span
from .details import Details, FileState
from .facts import Facts
from .folder_listing import FolderListing, Listed
from .listing import Recording, last_change, row, scan_for
from .ready_files import ReadyFiles
from .short_queue import ShortQueue

MAX_WAITING = 4
"""Requests that may wait for a composite file; making one takes about 0.2 s of a core."""


@dataclass(frozen=True, slots=True)
class OpenRecording:
    """What a request for a recording, or a part of it, gets."""

    file: PiecedFile
    version: str
    """Changes when any byte changes: a strong validator (RFC 9110, 8.8.1)."""
    changed_at: float
    """Epoch seconds."""


class Library:
    """Finds recordings by name. Any thread may use it.

    `recorder` tells which recording is running. Only regular files are recordings: a symbolic link
    could lead out of the folder. What a file says about itself is kept until its size or time
    changes. What is deleted can be restored from the `bin` for `bin_s`; 0: not at all.
    """

    def __init__(
        self,
        folder: Path,
        recorder: HasStatus | None = None,
        ready_files: ReadyFiles | None = None,
        *,
        bin_s: float = 0,
    ) -> None:
        self.folder = folder
        self.bin = Bin(folder, bin_s)
        self._recorder = recorder or CurrentRecording()
        self._listing = FolderListing(folder)
        self.facts = Facts(folder)
        self._queue = ShortQueue(MAX_WAITING)
        self._ready = ready_files or ReadyFiles()

    def listed(self) -> Listed:
        """Returns all recordings, newest first. Raises StorageError."""
        listed = self._listing.read(self._running())
        self.facts.forget_gone(listed.files)
        self._ready.forget_unused()
        return listed

    def recordings(self) -> list[Recording]:
        """Returns all recordings, newest first. Raises StorageError."""
        return list(self.listed().rows)

    def details(self, recording: Recording) -> Details:
        """Returns what its files say. A running one has width and height as soon as a picture is in
        it."""
        details = self.facts.details(recording)
        if recording.is_running:
            duration_s = self._recorder.status.duration_ms / 1000
            return replace(details, duration_s=duration_s, gaps=None)
        return details

    def duration_of(self, file: str) -> float | None:
        """Returns how long one file lasts, in seconds; None: unknown."""
        return self.facts.duration_of(file)

    def is_clip(self, recording: Recording) -> bool:
        """Whether its file says that it was saved as a clip."""
        return self.facts.is_clip(recording)

    def find(self, name: str) -> Recording:
        """Returns the recording `name`; the name of one of its files finds it, too. Raises BadName,
        NotFound, StorageError."""
        if composite_of(stored_name(name)) is None:
            found = scan_for(self.folder, name)
            if name in found:
                return row(name, [name], found, self._running())
        for recording in self.recordings():
            if recording.name == name or name in recording.files:
                return recording
        raise NotFound("There is no such recording")

    def files_of(self, name: str) -> list[Path]:
        """Returns the files of the recording `name`, or the one file of this name. Raises BadName,
        NotFound, StorageError."""
        if self._is_file(stored_name(name)):
            return [self.folder / name]
        return [self.folder / file for file in self.find(name).files]

    def open(
        self,
        name: str,
        from_s: float | None = None,
        to_s: float | None = None,
        *,
        is_clip: bool = False,
    ) -> OpenRecording:
        """Open a recording, or one of its files. Several files are joined into one; with `from_s`
        or `to_s` it is cut (see `cut`), and marked as a clip with `is_clip`. Raises BadName,
        NotFound, NotCuttable, StorageError, TooMany.

        The caller must close its file: one that is still being written is open already, because its
        name will change.
        """
        files = self.files_of(name)
        try:
            return self._open(name, files, from_s, to_s, is_clip)
        except NotFound:  # deleted since, or its newest file was renamed
            return self._open(name, self.files_of(name), from_s, to_s, is_clip)

    def _open(
        self,
        name: str,
        files: list[Path],
        from_s: float | None,
        to_s: float | None,
        is_clip: bool,
    ) -> OpenRecording:
        try:
            infos = [path.stat(follow_symlinks=False) for path in files]
        except OSError as exc:
            raise NotFound("There is no such recording") from exc
        told = [
            (path.name, i.st_ino, i.st_size, i.st_mtime_ns)
            for path, i in zip(files, infos, strict=True)
        ]
        key = repr((__version__, told, from_s, to_s, is_clip))
        version = hashlib.sha256(key.encode()).hexdigest()[:32]
        if len(files) == 1 and from_s is None and to_s is None:
            whole = Piece(files[0], 0, infos[0].st_size)
            file = PiecedFile([whole], spans=[Span(files[0], 0, math.inf)])
        else:
            file = self._put_together(version, name, files, from_s, to_s, is_clip)
        file.expect(dict(zip(files, infos, strict=True)), self.bin.moved)
        try:
            file.hold(path for path in files if path.name.endswith(PART_SUFFIX))
        except OSError as exc:
            file.close()
            raise NotFound("There is no such recording") from exc
        return OpenRecording(file, version, last_change(map(FileState.of, infos)))

    def delete(self, name: str, *, for_good: bool = False) -> Binned | None:
        """Move a recording and what belongs to it into the bin, or only one of its files if `name`
        is the name of a file. Returns None if it is gone for good: because it should, or the disk
        is too full for a bin. Raises BadName, NotFound, RecordingInUse, StorageError, TooMany."""
        recording = self.find(name)
        if recording.is_running or self._is_being_made(recording.name):
            raise RecordingInUse("The recording is just being made")
        if name != recording.name and len(recording.files) > 1:
            files, beside = [name], of_file(name)
        else:
            name, files = recording.name, [*recording.files]
            beside = [*of_recording(name, files, names_in(self.folder).__contains__)]
        try:
            if self.bin.keep_s and not for_good and (entry := self.bin.put(name, files, beside)):
                return entry
            for file in (*files, *beside):
                (self.folder / file).unlink(missing_ok=True)
        except OSError as exc:
            raise storage_error("The recording can't be deleted", exc) from exc
        return None

    def set_starred(self, name: str, is_starred: bool) -> None:
        """Set or remove the star of a recording. Raises BadName, NotFound, StorageError."""
        recording = self.find(name)
        try:
            if is_starred:
                flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
                os.close(os.open(self.folder / (recording.name + STAR_SUFFIX), flags, 0o644))
            else:
                for star in recording.stars:
                    (self.folder / star).unlink(missing_ok=True)
        except OSError as exc:
            raise storage_error("The star can't be kept", exc) from exc

    def disk_space(self) -> DiskSpace | None:
        """Returns the space on the recordings' disk; None if it is unknown."""
        with contextlib.suppress(OSError):
            return disk_space(next(f for f in (self.folder, *self.folder.parents) if f.is_dir()))
        return None

    def _running(self) -> RecordingStatus:
        """Returns the status of the running recording; an empty one if there is none, or no file of
        it: a finished one may have the name that it wants."""
        status = self._recorder.status
        return status if status.is_recording and status.has_file else RecordingStatus()

    def _is_being_made(self, name: str) -> bool:
        """Whether a file of it is unfinished: it may be another process that records."""
        try:
            return name in unfinished_in(self.folder)
        except OSError as exc:
            raise storage_error("The recordings folder can't be read", exc) from exc

    def _is_file(self, name: str) -> bool:
        try:
            return stat.S_ISREG((self.folder / name).lstat().st_mode)
        except OSError:
            return False

    def _put_together(
        self,
        version: str,
        name: str,
        files: list[Path],
        from_s: float | None,
        to_s: float | None,
        is_clip: bool,
    ) -> PiecedFile:
        ready = self._ready.get(version)
        if ready is not None:
            return ready
        with self._queue.turn("Too many recordings are being cut or joined"):
            from .cutting import cut, joined  # lazy, as in details

            ready = self._ready.get(version)  # the request before may have made it
            if ready is not None:
                return ready
            started_at = self.find(name).started_at
            if from_s is None and to_s is None:
                made = joined(files, started_at)
            else:
                end_s = math.inf if to_s is None else to_s
                made = cut(files, from_s or 0.0, end_s, started_at, is_clip=is_clip)
            self._ready.keep(version, made)
        return made.reopened()
