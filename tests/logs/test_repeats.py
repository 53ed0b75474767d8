from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from pet_stream.logs.repeats import MAX_PLACES, MAX_TEXTS, Repeats

logger = logging.getLogger("pet_stream.tests.repeats")


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def repeats(clock: Clock, caplog: pytest.LogCaptureFixture) -> Iterator[Repeats]:
    repeats = Repeats(60, clock)
    caplog.set_level(logging.DEBUG)
    logger.addFilter(repeats)
    yield repeats
    logger.removeFilter(repeats)


def complain(text: str = "the disk is full") -> None:
    logger.warning("%s", text)


def mention(text: str) -> None:
    logger.info("%s", text)


def test_a_line_is_said_once_a_minute_and_then_how_often_it_came(
    repeats: Repeats, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(58):
        complain()
    assert caplog.messages == ["the disk is full"]
    clock.now_s += 59
    repeats.tell()
    assert len(caplog.messages) == 1
    clock.now_s += 1
    repeats.tell()
    assert caplog.messages[1:] == ["the disk is full … and 57 more in the last minute"]
    assert caplog.records[1].levelno == logging.WARNING
    assert caplog.records[1].name == logger.name
    complain()
    assert caplog.messages[2:] == ["the disk is full"]


def test_the_count_comes_before_the_next_line_if_nobody_has_asked_for_it(
    repeats: Repeats, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        complain()
    clock.now_s += 61
    complain()
    assert caplog.messages == [
        *("the disk is full", "the disk is full … and 2 more in the last minute"),
        "the disk is full",
    ]


def test_what_came_once_is_told_once(
    repeats: Repeats, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    complain()
    clock.now_s += 61
    repeats.tell()
    assert caplog.messages == ["the disk is full"]


def test_a_flood_of_different_warnings_from_one_place_is_counted_too(
    repeats: Repeats, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(100):
        complain(f"a request from 192.168.1.{number} failed")
    assert len(caplog.messages) == MAX_TEXTS
    repeats.tell(at_once=True)
    assert caplog.messages[-1].endswith(f"192.168.1.99 failed … and {90} more in the last minute")


def test_news_that_differ_are_all_told_and_repeated_ones_are_not(
    repeats: Repeats, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(30):
        mention(f"viewer {number}: answered")
    assert len(caplog.messages) == 30
    mention("viewer 0: answered")
    assert len(caplog.messages) == 30


def test_details_are_not_limited(repeats: Repeats, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(5):
        logger.debug("a picture was skipped")
    assert len(caplog.messages) == 5


def test_two_places_do_not_hide_each_other(
    repeats: Repeats, caplog: pytest.LogCaptureFixture
) -> None:
    complain()
    logger.warning("the disk is full")
    assert len(caplog.messages) == 2


def test_a_malformed_line_is_logging_s_to_complain_about(repeats: Repeats) -> None:
    record = logging.LogRecord(logger.name, logging.WARNING, "x.py", 1, "%d", ("x",), None)
    assert repeats.filter(record)


def test_memory_is_bounded_whatever_is_logged(
    repeats: Repeats, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, logger.name)

    def record(line: int) -> logging.LogRecord:
        text = "x" * 100_000
        return logging.LogRecord(logger.name, logging.WARNING, "x.py", line, text, (), None)

    for line in range(MAX_PLACES + 10):
        assert repeats.filter(record(line))
        assert repeats.filter(record(line)) == (line >= MAX_PLACES)
    clock.now_s += 61
    repeats.tell()
    assert repeats.filter(record(0))


def test_many_threads_lose_no_line(repeats: Repeats, caplog: pytest.LogCaptureFixture) -> None:
    def complain_often() -> None:
        for _ in range(200):
            complain()

    threads = [threading.Thread(target=complain_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    repeats.tell(at_once=True)
    assert caplog.messages == [
        *("the disk is full", "the disk is full … and 1599 more in the last minute")
    ]
