import os
from collections.abc import Iterator

import pytest
import sysv_ipc

from pet_stream.errors import SegmentInvalid, SegmentMissing
from pet_stream.ingest.segment import POSIX_FOLDER, Segment, open_segment

SHM_DEST = 0o1000


@pytest.fixture(params=["posix", "sysv"])
def url(request: pytest.FixtureRequest, segment_name: str, sysv_key: int) -> Iterator[str]:
    """A real segment of 4096 bytes that begins with `segment`."""
    content = b"segment".ljust(4096, b".")
    if request.param == "posix":
        path = POSIX_FOLDER / segment_name.lstrip("/")
        path.write_bytes(content)
        yield segment_name
        path.unlink(missing_ok=True)
    else:
        memory = sysv_ipc.SharedMemory(sysv_key, sysv_ipc.IPC_CREX, 0o600, 4096)
        memory.write(content)
        yield f"sysv:{sysv_key:#x}"
        if memory.mode & SHM_DEST == 0:
            memory.remove()
        memory.detach()


def remove(url: str) -> None:
    if url.startswith("sysv:"):
        memory = sysv_ipc.SharedMemory(int(url.partition(":")[2], 0))
        memory.remove()
        memory.detach()
    else:
        (POSIX_FOLDER / url.lstrip("/")).unlink()


@pytest.fixture
def segment(url: str) -> Iterator[Segment]:
    segment = open_segment(url, sizes=[4096])
    yield segment
    segment.close()


def test_reads_a_copy_of_any_part(segment: Segment) -> None:
    assert segment.read(0, 7) == b"segment"
    assert segment.read(3, 5) == b"ment."
    assert segment.read(4095, 1) == b"."


def test_a_read_beyond_the_end_is_an_error(segment: Segment) -> None:
    with pytest.raises(SegmentInvalid):
        segment.read(4000, 97)


def test_a_missing_segment_is_told_apart(segment_name: str, sysv_key: int) -> None:
    for url in (segment_name, f"sysv:{sysv_key:#x}"):
        with pytest.raises(SegmentMissing):
            open_segment(url, sizes=[1])


def test_a_segment_of_a_different_size_is_refused(url: str) -> None:
    with pytest.raises(SegmentInvalid, match="4096 bytes, expected 4095 or 4097"):
        open_segment(url, sizes=[4095, 4097])


def test_removal_is_noticed(url: str, segment: Segment) -> None:
    assert not segment.is_gone()
    remove(url)
    assert segment.is_gone()


def test_a_successor_of_the_same_name_is_noticed(segment_name: str) -> None:
    path = POSIX_FOLDER / segment_name.lstrip("/")
    path.write_bytes(bytes(16))
    segment = open_segment(segment_name, sizes=[16])
    path.rename(path.with_suffix(".old"))
    path.write_bytes(bytes(16))
    try:
        assert segment.is_gone()
    finally:
        segment.close()
        path.unlink()
        path.with_suffix(".old").unlink()


def test_truncation_under_our_hands_is_an_error_not_a_signal(segment_name: str) -> None:
    path = POSIX_FOLDER / segment_name.lstrip("/")
    path.write_bytes(bytes(8192))
    segment = open_segment(segment_name, sizes=[8192])
    try:
        os.truncate(path, 100)
        with pytest.raises(SegmentInvalid):
            segment.read(4096, 10)
    finally:
        segment.close()
        path.unlink()


def test_a_folder_of_that_name_is_refused(segment_name: str) -> None:
    path = POSIX_FOLDER / segment_name.lstrip("/")
    path.mkdir()
    try:
        with pytest.raises(SegmentInvalid):
            open_segment(segment_name, sizes=[1]).read(0, 1)
    finally:
        path.rmdir()


def test_a_fifo_of_that_name_is_refused_at_once(segment_name: str) -> None:
    path = POSIX_FOLDER / segment_name.lstrip("/")
    os.mkfifo(path)
    try:
        with pytest.raises(SegmentInvalid):
            open_segment(segment_name, sizes=[1])
    finally:
        path.unlink()
