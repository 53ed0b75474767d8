from __future__ import annotations

import os
from pathlib import Path

import pytest

from pet_stream.errors import SegmentBusy, SegmentError, SegmentInvalid
from pet_stream.feed.owned_segment import OwnedSegment, remove_orphans
from pet_stream.ingest.segment import POSIX_FOLDER


@pytest.fixture
def path(segment_name: str) -> Path:
    return POSIX_FOLDER / segment_name[1:]


def test_a_new_segment_is_made_and_removed(segment_name: str, path: Path) -> None:
    segment = OwnedSegment(segment_name, 4096)
    assert segment.is_created
    assert path.stat().st_size == 4096
    segment.close()
    segment.close()
    assert not path.exists()


def test_one_that_was_there_is_written_on_and_stays(segment_name: str, path: Path) -> None:
    path.write_bytes(b"before".ljust(4096, b"\0"))
    try:
        segment = OwnedSegment(segment_name, 4096)
        assert not segment.is_created
        segment.write(2, b"12", b"34")
        assert segment.read(0, 6) == b"be1234"
        segment.close()
        assert path.read_bytes()[:6] == b"be1234"
    finally:
        path.unlink()


def test_one_of_another_size_is_refused_and_left_alone(segment_name: str, path: Path) -> None:
    path.write_bytes(b"someone's")
    try:
        with pytest.raises(SegmentInvalid, match=r"9 bytes, expected 4096"):
            OwnedSegment(segment_name, 4096)
        assert path.read_bytes() == b"someone's"
    finally:
        path.unlink()


def test_a_second_writer_is_refused_by_name(segment_name: str) -> None:
    segment = OwnedSegment(segment_name, 4096)
    try:
        with pytest.raises(SegmentBusy, match=segment_name):
            OwnedSegment(segment_name, 4096)
    finally:
        segment.close()


def test_a_segment_that_was_replaced_is_not_removed(segment_name: str, path: Path) -> None:
    segment = OwnedSegment(segment_name, 4096)
    path.unlink()
    path.write_bytes(b"another's")
    segment.close()
    assert path.read_bytes() == b"another's"
    path.unlink()


@pytest.mark.parametrize("url", ["sysv:0x7e570001", "posix:/a/b", ""])
def test_what_can_not_be_written_is_refused(url: str) -> None:
    with pytest.raises((SegmentError, ValueError)):
        OwnedSegment(url, 4096)


def test_memory_that_has_run_out_is_said(
    segment_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = OwnedSegment(segment_name, 4096)
    try:
        monkeypatch.setattr(os, "pwritev", lambda fd, parts, offset: 1)
        with pytest.raises(SegmentError, match="is full"):
            segment.write(0, b"ab")
    finally:
        segment.close()


def test_only_what_nobody_holds_is_an_orphan(segment_name: str) -> None:
    orphan = POSIX_FOLDER / f"{segment_name[1:]}_orphan"
    orphan.write_bytes(b"x")
    held = OwnedSegment(f"{segment_name}_held", 16)
    try:
        assert remove_orphans(segment_name) == [f"{segment_name}_orphan"]
        assert not orphan.exists()
        assert (POSIX_FOLDER / held.name[1:]).exists()
    finally:
        held.close()
