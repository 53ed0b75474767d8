from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Iterator

import pytest

from pet_stream.errors import Busy
from pet_stream.profiling.memory import MemoryLooks
from tests.waiting import wait_until


@pytest.fixture
def looks() -> Iterator[MemoryLooks]:
    looks = MemoryLooks("test")
    yield looks
    looks.stop()
    assert not tracemalloc.is_tracing()


def kept(size_bytes: int) -> bytearray:
    return bytearray(size_bytes)


def test_the_second_look_says_what_was_allocated_since_the_first(looks: MemoryLooks) -> None:
    first = looks.look()
    assert (first["top"], first["changed"]) == ([], [])
    held = kept(3_000_000)
    second = looks.look()
    row = second["top"][0]
    assert row["file"] == "tests/profiling/test_memory.py"
    assert row["size_bytes"] == pytest.approx(len(held), rel=0.01)
    assert second["changed"][0] == row
    assert second["traced_bytes"] >= len(held)
    assert second["rss_bytes"] > len(held)
    del held
    gone = looks.look()["changed"][0]
    assert (gone["line"], gone["change_bytes"]) == (row["line"], -row["size_bytes"])


def test_it_ends_by_itself_when_nobody_looks_any_more() -> None:
    looks = MemoryLooks("test", lease_s=0.05)
    looks.look()
    wait_until(lambda: not tracemalloc.is_tracing())
    assert looks.look()["traced_for_s"] < 1  # anew
    looks.stop()


def test_it_ends_when_the_traces_grow_too_large(caplog: pytest.LogCaptureFixture) -> None:
    looks = MemoryLooks("test", max_traces_bytes=0)
    looks.look()
    wait_until(lambda: not tracemalloc.is_tracing())
    assert "no longer traced" in caplog.text
    looks.stop()


def test_somebody_elses_tracing_is_used_and_left_alone() -> None:
    looks, held = MemoryLooks("test", lease_s=0.05), []
    tracemalloc.start()
    try:
        held.append(kept(1_000_000))
        answer = looks.look()
        assert answer["traced_for_s"] is None
        assert answer["top"][0]["size_bytes"] >= 1_000_000
        looks.stop()
        assert tracemalloc.is_tracing()
        assert "test-memory" not in [thread.name for thread in threading.enumerate()]
    finally:
        tracemalloc.stop()


def test_one_look_at_a_time(looks: MemoryLooks) -> None:
    looks.look()
    outcomes: list[object] = []
    barrier = threading.Barrier(4)

    def look() -> None:
        barrier.wait()
        try:
            outcomes.append(looks.look())
        except Busy as exc:
            outcomes.append(exc.code)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 4
    assert {outcome for outcome in outcomes if isinstance(outcome, str)} <= {"busy"}
    assert any(isinstance(outcome, dict) for outcome in outcomes)


def test_a_forked_process_is_not_traced(looks: MemoryLooks) -> None:
    looks.look()
    looks.forget()
    assert not tracemalloc.is_tracing()
