"""Files in the recordings folder: MP4 and raw H.264, whole, growing, and of any other kind."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st

from pet_stream.errors import BitstreamError, NotCuttable, NotFound
from pet_stream.library.crash_recovery import repair
from pet_stream.library.cutting import cut
from pet_stream.library.library import Library
from pet_stream.library.pictures import thumbnail
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.mp4.boxes import ReadAt
from pet_stream.media.mp4.reading import first_pictures, growing_format, read_movie, read_summary
from pet_stream.media.mp4.recovery import recover_movie
from pet_stream.media.sidecar import HEADER_BYTES, ChunkHeader, pack_chunk, unpack_chunk
from pet_stream.recording.containers import Mp4Container
from tests.footage import encode
from tests.media.test_sidecar import chunk_of
from tests.recording.playback import access_unit, annex_b
from tests.recording.test_mp4_container import timed

from .mutation import mutated_bytes
from .target import Call, Target, pure

BOXES = (
    *(b"moov", b"trak", b"mdia", b"mdhd", b"tkhd", b"minf", b"stbl", b"stsd", b"avc1", b"avcC"),
    *(b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"co64", b"mvex", b"trex"),
    *(b"moof", b"traf", b"tfhd", b"tfdt", b"trun", b"mdat", b"free", b"uuid"),
)


def first_picture(read_at: ReadAt, size: int) -> tuple[bytes, ...]:
    return next(first_pictures(read_at, size))


READERS = (read_summary, growing_format, read_movie, first_picture, recover_movie)


@functools.cache
def recordings() -> tuple[bytes, ...]:
    """What the recorder writes: complete and growing, without and with B pictures."""
    plain = timed([access_unit(data) for data in encode(160, 120, gop=3, pictures=7)])
    reordered = timed(
        [
            access_unit(data)
            for data in encode(160, 120, gop=6, pictures=7, bframes=2, profile="main")
        ]
    )
    return tuple(
        mp4(units, is_complete=is_complete)
        for units in (plain, reordered)
        for is_complete in (True, False)
    )


@functools.cache
def raw_recordings() -> tuple[bytes, ...]:
    return (annex_b([access_unit(data) for data in encode(160, 120, gop=3, pictures=7)]),)


def mp4(units: list[AccessUnit], *, is_complete: bool) -> bytes:
    with io.FileIO(os.memfd_create("mp4"), "rb+") as file:
        container = Mp4Container(file)
        container.write(units)
        if is_complete:
            container.close()
        else:
            container.flush()
        file.seek(0)
        return file.readall()


def read(data: bytes) -> None:
    """Each reader by itself: what one refuses is nobody else's reason to."""
    for reader in READERS:
        with contextlib.suppress(BitstreamError):
            reader(lambda offset, size: data[offset : offset + size], len(data))


@contextmanager
def library() -> Iterator[Call]:
    with tempfile.TemporaryDirectory() as folder:
        yield lambda value: use(Path(folder), *value)


def use(folder: Path, name: str, data: bytes) -> None:
    """All that is done with a file of the folder: list, show, cut, repair."""
    path, part = folder / name, folder / f"{name}.part"
    path.write_bytes(data)
    with contextlib.suppress(NotCuttable, NotFound):
        cut([path], 0.1, 10, 1e9).close()
    thumbnail(path, 320)
    library = Library(folder)
    for row in library.recordings():
        library.details(row)
    path.rename(part)
    repair(part).unlink()


MP4_FILES = mutated_bytes(recordings, BOXES)
FILES = st.tuples(st.just("a.mp4"), MP4_FILES) | st.tuples(
    st.just("a.h264"), mutated_bytes(raw_recordings, (b"\0\0\1", b"\x65", b"\x67", b"\x68"))
)
SEEN = (
    b'{"classes":["cat","dog"],"rows":[[0,0,91,10,20,30,40,1,7,1,2,3,4],[33,0,-1,2,0,0,1],[33]]}',
    b'{"classes":[],"rows":[[4294967295]]}',
)
SIDECARS = mutated_bytes(
    lambda: SEEN, (b"[", b"]", b"-1", b"1e999", b"NaN", b"true", b"null", b'"\\ud800"', b"9" * 30)
)


def sidecar(text: bytes) -> None:
    """What a chunk says, and what a page is told of it."""
    chunk = chunk_of(text)
    updates = unpack_chunk(ChunkHeader.parse(chunk[:HEADER_BYTES]), chunk[HEADER_BYTES:])
    json.dumps(updates, allow_nan=False, ensure_ascii=False).encode()
    if updates:
        pack_chunk(sorted(updates))


TARGETS = (
    pure("sidecars", SIDECARS, sidecar, BitstreamError, examples=60),
    pure("MP4", MP4_FILES, read, examples=150),
    Target("recordings", FILES, library, (), examples=60),
)
