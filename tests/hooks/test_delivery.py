"""What waits reaches a receiver: in order, once, after failures and restarts."""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from pet_stream.hooks.delivery import Delivery, DeliveryLimits
from pet_stream.hooks.event import Event
from pet_stream.hooks.outbox import Letter, Outbox
from pet_stream.webhook import parse_webhooks
from tests.waiting import wait_until

from .receiver import SECRET, Receiver, receiving

QUICK = DeliveryLimits(request_s=2.0, first_retry_s=0.01, last_retry_s=0.05, refusals=3)
Deliver = Callable[..., Delivery]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    outbox = Outbox(tmp_path / "queue.db", max_events=5)
    yield outbox
    outbox.close()


@pytest.fixture
def deliver(outbox: Outbox) -> Iterator[Deliver]:
    with ExitStack() as stack:

        def start(url: str, limits: DeliveryLimits = QUICK) -> Delivery:
            [webhook] = parse_webhooks({"url": url, "secret": SECRET})
            delivery = Delivery(webhook, outbox, "test-hooks", limits)
            stack.callback(delivery.stop, 2.0)
            delivery.start()
            return delivery

        yield start


def put(outbox: Outbox, url: str, *names: str, at: float | None = None) -> list[Event]:
    now = time.time() if at is None else at
    events = [Event("viewer.came", {"name": name}, now) for name in names]
    for event in events:
        outbox.put(event, [url])
    return events


def names(receiver: Receiver) -> list[str]:
    return [event["data"]["name"] for event in receiver.taken]


def test_letters_come_in_order_and_its_thread_ends(
    outbox: Outbox, receiver: Receiver, deliver: Deliver
) -> None:
    put(outbox, receiver.url, "a", "b")
    delivery = deliver(receiver.url)
    wait_until(lambda: names(receiver) == ["a", "b"])
    wait_until(lambda: delivery.run is None)
    put(outbox, receiver.url, "c")
    delivery.wake()
    wait_until(lambda: names(receiver) == ["a", "b", "c"])
    wait_until(lambda: outbox.waiting_count == 0)
    assert delivery.counts.delivered == 3


@pytest.mark.parametrize("status", [500, 503, 429, 408, 302])
def test_a_receiver_that_fails_is_asked_again_and_nobody_overtakes(
    outbox: Outbox, receiver: Receiver, deliver: Deliver, status: int
) -> None:
    receiver.answers = [status] * 4
    first, second = put(outbox, receiver.url, "a", "b")
    delivery = deliver(receiver.url)
    wait_until(lambda: names(receiver) == ["a", "b"])
    assert receiver.ids == [first.id] * 5 + [second.id]
    wait_until(lambda: delivery.failing_since is None)
    assert delivery.counts.failed == 4


def test_what_is_refused_again_and_again_lets_the_next_one_pass(
    outbox: Outbox, receiver: Receiver, deliver: Deliver
) -> None:
    receiver.answers = [400, 422, 404]
    put(outbox, receiver.url, "a", "b")
    delivery = deliver(receiver.url)
    wait_until(lambda: names(receiver) == ["b"])
    assert (delivery.counts.failed, delivery.counts.dropped) == (3, 1)


def test_what_is_too_old_is_dropped_after_one_more_try(
    outbox: Outbox, receiver: Receiver, deliver: Deliver
) -> None:
    receiver.answers = [500]
    put(outbox, receiver.url, "old", at=time.time() - 25 * 3600)
    put(outbox, receiver.url, "new")
    delivery = deliver(receiver.url, replace(QUICK, good_for_s=0.0))
    wait_until(lambda: names(receiver) == ["new"])
    assert delivery.counts.dropped == 1


def test_a_clock_that_is_put_right_makes_nothing_old(
    outbox: Outbox, receiver: Receiver, deliver: Deliver
) -> None:
    """A board without a clock of its own begins in 1970, and its network comes late."""
    receiver.answers = [500]
    put(outbox, receiver.url, "recovered", at=60.0)
    delivery = deliver(receiver.url)
    wait_until(lambda: names(receiver) == ["recovered"])
    assert (delivery.counts.failed, delivery.counts.dropped) == (1, 0)


def test_a_thread_that_has_died_has_a_successor(
    outbox: Outbox, receiver: Receiver, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = deliver(receiver.url)
    wait_until(lambda: delivery.run is None)
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "first", lambda url: 1 / 0)
        put(outbox, receiver.url, "a")
        delivery.wake()
        wait_until(lambda: delivery.run is not None and not delivery.run.is_alive)
    delivery.wake()
    wait_until(lambda: names(receiver) == ["a"])


def test_a_thread_that_does_not_end_in_time_holds_up_no_later_start(
    outbox: Outbox, receiver: Receiver, deliver: Deliver, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, first = threading.Event(), outbox.first

    def wait_for_the_disk(url: str) -> Letter | None:
        goes_on.wait(10)
        return first(url)

    put(outbox, receiver.url, "a")
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "first", wait_for_the_disk)
        delivery = deliver(receiver.url)
        stuck = delivery.run
        delivery.stop(0.05)
    delivery.start()
    wait_until(lambda: names(receiver) == ["a"])
    wait_until(lambda: delivery.run is None)
    put(outbox, receiver.url, "b")
    delivery.wake()
    goes_on.set()
    wait_until(lambda: names(receiver) == ["a", "b"])
    assert stuck is not None
    assert stuck.join(5.0)


def test_letters_with_any_letters_in_their_url(
    outbox: Outbox, receiver: Receiver, deliver: Deliver
) -> None:
    url = f"{receiver.url}&room=k\u00fcche"
    put(outbox, url, "a")
    deliver(url)
    wait_until(lambda: names(receiver) == ["a"])


def test_nobody_there_is_no_end(outbox: Outbox, deliver: Deliver, free_port: int) -> None:
    url = f"http://127.0.0.1:{free_port}/hook?key=hidden"
    put(outbox, url, "a")
    delivery = deliver(url)
    wait_until(lambda: delivery.counts.failed >= 3)
    with receiving(free_port) as receiver:
        wait_until(lambda: names(receiver) == ["a"])


def test_a_stop_does_not_wait_for_a_receiver_that_says_nothing(
    outbox: Outbox, deliver: Deliver
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        put(outbox, url, "a")
        delivery = deliver(url, DeliveryLimits(request_s=60.0))
        connection, _ = silent.accept()
        with connection:
            began_s = time.monotonic()
            delivery.stop(5.0)
            assert time.monotonic() - began_s < 2.0
            assert delivery.run is None
    assert outbox.waiting_count == 1


def test_a_receiver_that_answers_slowly_is_given_up_in_time(
    outbox: Outbox, deliver: Deliver
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as slow:
        url = f"http://127.0.0.1:{slow.getsockname()[1]}/"
        put(outbox, url, "a")
        delivery = deliver(url, DeliveryLimits(request_s=0.2, first_retry_s=60.0))
        connection, _ = slow.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
            wait_until(lambda: delivery.counts.failed == 1)


def test_what_waits_outlasts_the_process(tmp_path: Path, receiver: Receiver) -> None:
    path = tmp_path / "queue.db"
    outbox = Outbox(path)
    put(outbox, receiver.url, "a", "b")
    outbox.close()
    assert path.stat().st_mode & 0o777 == 0o600
    again = Outbox(path)
    first = again.first(receiver.url)
    assert first is not None
    assert b'"a"' in first.body
    again.close()


def test_the_oldest_gives_way_for_each_url(outbox: Outbox) -> None:
    put(outbox, "http://a", *"1234567")
    put(outbox, "http://b", "8")
    first, other = outbox.first("http://a"), outbox.first("http://b")
    assert first is not None
    assert other is not None
    assert b'"3"' in first.body
    assert b'"8"' in other.body
    assert (outbox.dropped_count, outbox.waiting_count) == (2, 6)
    outbox.forget_others(["http://b"])
    assert outbox.waiting_count == 1


@pytest.mark.parametrize("kind", ["garbage", "folder", "link", "no folder"])
def test_a_file_that_is_none_costs_no_event_and_stays(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "queue.db"
    if kind == "garbage":
        path.write_bytes(b"no database" * 1000)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        (tmp_path / "target").write_bytes(b"")
        path.symlink_to(tmp_path / "target")
    else:
        path = tmp_path / "none" / "queue.db"
    outbox = Outbox(path)
    put(outbox, "http://a", "1", "2")
    assert outbox.waiting_count == 2
    outbox.close()
    assert "kept in memory only" in caplog.text
    if kind == "garbage":
        assert path.read_bytes() == b"no database" * 1000
    if kind == "link":
        assert (tmp_path / "target").read_bytes() == b""


def test_a_full_disk_costs_no_event(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "queue.db")
    put(outbox, "http://a", "1")
    outbox.close()
    os.truncate(tmp_path / "queue.db", 4096 * 2)  # what a full disk may leave
    put(outbox, "http://a", "2")
    letter = outbox.first("http://a")
    assert letter is not None
    outbox.close()


def test_what_waits_in_a_file_that_fails_is_not_left_behind(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "queue.db")
    put(outbox, "http://a", "1", "2")
    other = sqlite3.connect(tmp_path / "queue.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")  # nothing can be written, as on a full disk
    put(outbox, "http://a", "3")
    other.close()
    for name in ("1", "2", "3"):
        letter = outbox.first("http://a")
        assert letter is not None
        assert f'"{name}"'.encode() in letter.body
        outbox.remove(letter)
    assert outbox.first("http://a") is None
    outbox.close()


def test_who_only_counts_waits_for_no_disk(tmp_path: Path, outbox: Outbox) -> None:
    put(outbox, "http://a", "1")
    with outbox._lock:  # as while the disk hangs
        assert outbox.waiting_count == 1
        outbox.close(timeout_s=0.01)


def test_another_process_that_holds_the_file_is_waited_for_a_moment(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "queue.db")
    put(outbox, "http://a", "1")
    other = sqlite3.connect(tmp_path / "queue.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began_s = time.monotonic()
    put(outbox, "http://a", "2")
    assert time.monotonic() - began_s < 4.0
    other.close()
    outbox.close()
