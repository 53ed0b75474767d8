"""What was put together is kept ready, within bounds."""

from __future__ import annotations

from pet_stream.library.composite_file import PiecedFile
from pet_stream.library.ready_files import ReadyFiles


def test_each_reader_begins_at_the_beginning() -> None:
    ready = ReadyFiles()
    ready.keep("a", PiecedFile([b"cat"]))
    for _ in range(2):
        file = ready.get("a")
        assert file is not None
        with file:
            assert file.read() == b"cat"
    assert ready.get("b") is None


def test_the_least_lately_asked_for_go_when_there_are_too_many() -> None:
    ready = ReadyFiles(max_files=2)
    for version in "ab":
        ready.keep(version, PiecedFile([b"cat"]))
    ready.get("a")
    ready.keep("c", PiecedFile([b"cat"]))
    assert [ready.get(version) is not None for version in "abc"] == [True, False, True]


def test_they_share_the_memory_and_one_is_kept_however_large_it_is() -> None:
    ready = ReadyFiles(max_bytes=10_000)
    for version, size_bytes in (("a", 4000), ("b", 4000), ("c", 4000), ("d", 40_000)):
        ready.keep(version, PiecedFile([bytes(size_bytes)]))
        if version == "c":
            assert [ready.get(kept) is not None for kept in "abc"] == [False, True, True]
    assert [ready.get(kept) is not None for kept in "abcd"] == [False, False, False, True]


def test_what_nobody_asks_for_goes_after_a_while() -> None:
    now_s = 0.0
    ready = ReadyFiles(keep_s=300.0, clock=lambda: now_s)
    ready.keep("a", PiecedFile([b"cat"]))
    ready.keep("b", PiecedFile([b"dog"]))
    now_s = 200.0
    ready.get("a")
    now_s = 301.0
    ready.forget_unused()
    assert [ready.get(kept) is not None for kept in "ab"] == [True, False]
