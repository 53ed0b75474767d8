"""Repairs the files that a crash left unfinished, or sets them aside. Nothing is deleted."""

from __future__ import annotations

import io
import logging
import os
from functools import partial
from pathlib import Path

from ..errors import BitstreamError
from ..media.h264.nal_unit import NalUnitType, nal_unit_type
from ..media.mp4 import writing as mp4
from ..media.mp4.reading import MAX_PICTURE_BYTES
from ..media.mp4.recovery import recover_movie
from ..recording.disk import PART_SUFFIX, publish, read_at, rename
from ..recording.names import is_stored_name, recovered_name

logger = logging.getLogger(__name__)

SET_ASIDE_SUFFIX = ".unplayable"
_START_CODE = b"\0\0\0\1"
_PLACEHOLDER, _LARGE_MDAT = b"\0\0\0\x10free", b"\0\0\0\1mdat"
_SLICES = (NalUnitType.NON_IDR_SLICE, NalUnitType.IDR_SLICE)


def repair(part: Path) -> Path:
    """Turn the unfinished file `part` into a recording, `…_recovered`; if no picture in it can be
    shown, set it aside as `….unplayable`. Returns its new path. Raises OSError."""
    name = part.name.removesuffix(PART_SUFFIX)
    if is_stored_name(name) and part.is_file() and not part.is_symlink():
        try:
            with io.FileIO(part, "rb+") as file:
                _REPAIRS[name.rpartition(".")[2]](file)
                path = publish(file, part, recovered_name(name))
        except BitstreamError as exc:
            logger.warning("nothing playable in %s: %s", part.name, exc)
        else:
            logger.warning("%s was not finished and is repaired: %s", part.name, path.name)
            return path
    aside = rename(part, name + SET_ASIDE_SUFFIX)
    logger.warning("%s is set aside as %s, to be looked into or deleted", part.name, aside.name)
    return aside


def repair_mp4(file: io.FileIO) -> None:
    """Cut `file` after its last complete fragment and append an index of the complete ones. Raises
    BitstreamError if there is none, and OSError."""
    descriptor = file.fileno()
    size = os.fstat(descriptor).st_size
    if read_at(descriptor, mp4.PLACEHOLDER_AT, 8) not in (_PLACEHOLDER, _LARGE_MDAT):
        raise BitstreamError("It was not recorded here")
    movie = recover_movie(partial(read_at, descriptor), size)
    end = movie.whole_bytes
    created_at = os.fstat(descriptor).st_mtime - movie.table.total_duration / mp4.TIMESCALE
    os.ftruncate(descriptor, end)
    _write_at(descriptor, mp4.index(movie.video_format, movie.table, created_at), end)
    os.fdatasync(descriptor)
    _write_at(descriptor, mp4.as_one_mdat(end), mp4.PLACEHOLDER_AT)


def repair_annex_b(file: io.FileIO) -> None:
    """Cut off the last picture of `file`, since it may be incomplete. Holes before it are left to
    the decoder, which continues at the next IDR. Raises BitstreamError if it is the only one, and
    OSError."""
    descriptor = file.fileno()
    size = _size_without_zeros(descriptor)
    offset = max(0, size - MAX_PICTURE_BYTES)
    tail = read_at(descriptor, offset, size - offset)
    end = len(tail)
    has_slice = False
    while (start := tail.rfind(_START_CODE, 0, end)) >= 0:
        nal_unit = tail[start + 4 : end]
        if nal_unit and nal_unit_type(nal_unit) in _SLICES:
            if has_slice:
                break
            # first_mb_in_slice is 0 (a single 1 bit): the picture begins here
            has_slice = len(nal_unit) > 1 and bool(nal_unit[1] & 0x80)
        end = start
    if start < 0:
        raise BitstreamError("No picture in it is whole")
    os.ftruncate(descriptor, offset + end)


def _size_without_zeros(descriptor: int) -> int:
    """Returns the size of the file without the zeros that a power cut left at its end."""
    end = os.fstat(descriptor).st_size
    while end:
        begin = max(0, end - MAX_PICTURE_BYTES)
        kept = len(read_at(descriptor, begin, end - begin).rstrip(b"\0"))
        if kept:
            return begin + kept
        end = begin
    return 0


_REPAIRS = {"mp4": repair_mp4, "h264": repair_annex_b}


def _write_at(descriptor: int, data: bytes, offset: int) -> None:
    rest = memoryview(data)
    while rest:
        count = os.pwrite(descriptor, rest, offset)
        rest, offset = rest[count:], offset + count
