from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pet_stream.errors import Busy
from pet_stream.lifecycle import LEAST_S, Deadline, OwningThread, Pulse, Run, start_run, stop_all
from tests.waiting import TIMEOUT_S, wait_until


def until_stopped(run: Run) -> None:
    run.stop_requested.wait(TIMEOUT_S)


def test_a_run_lives_from_its_start_to_its_stop() -> None:
    run = start_run("pet-test", until_stopped)
    assert run.is_alive
    assert run.name == "pet-test"
    assert run.stop(TIMEOUT_S)
    assert not run.is_alive
    assert run.failure is None


def test_a_pulse_grows_old_between_two_beats_unless_it_rests() -> None:
    pulse = Pulse()
    wait_until(lambda: (pulse.age_s or 0) > 0.02)
    pulse.beat()
    assert (pulse.age_s or 0) < 0.02
    pulse.rest()
    assert pulse.age_s is None
    pulse.beat()
    assert pulse.age_s is not None


def test_stopping_twice_does_no_harm() -> None:
    run = start_run("pet-test", until_stopped)
    assert run.stop(TIMEOUT_S)
    assert run.stop(TIMEOUT_S)


def test_a_run_that_waits_for_something_else_is_woken() -> None:
    news = threading.Semaphore(0)
    run = start_run("pet-test", lambda _: news.acquire(), wake=news.release)
    assert run.stop(TIMEOUT_S)


def test_a_run_may_stop_itself() -> None:
    outcomes: list[bool] = []
    run = start_run("pet-test", lambda run: outcomes.append(run.stop(TIMEOUT_S)))
    assert run.join(TIMEOUT_S)
    assert outcomes == [False]


def test_a_run_that_does_not_end_is_left_behind_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    is_over = threading.Event()
    run = start_run("pet-stuck", lambda _: is_over.wait(TIMEOUT_S))
    assert not run.stop(0.01)
    assert "pet-stuck did not end" in caplog.text
    is_over.set()
    assert run.join(TIMEOUT_S)


def test_what_ends_a_run_is_kept_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: Run) -> None:
        raise OSError("no disk")

    run = start_run("pet-test", fail)
    wait_until(lambda: not run.is_alive)
    assert isinstance(run.failure, OSError)
    assert "pet-test has died" in caplog.text


@contextmanager
def no_more_threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As under RLIMIT_NPROC."""

    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        yield


def test_without_a_thread_there_is_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with no_more_threads(monkeypatch), pytest.raises(Busy, match="thread"):
        start_run("pet-test", until_stopped)


def test_all_parts_are_stopped_whatever_one_of_them_raises(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stopped: list[str] = []

    def fail() -> None:
        raise ValueError("broken part")

    with caplog.at_level(logging.ERROR):
        stop_all(lambda: stopped.append("a"), fail, lambda: stopped.append("b"))
    assert stopped == ["a", "b"]
    assert "broken part" in caplog.text


def test_an_exit_in_the_middle_of_stopping_comes_after_it() -> None:
    stopped: list[str] = []

    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        stop_all(leave, lambda: stopped.append("b"))
    assert stopped == ["b"]


def test_what_belongs_to_one_thread_fails_in_another() -> None:
    owner = OwningThread()

    def enter_twice(_: Run) -> None:
        owner.assert_here()
        owner.assert_here()

    run = start_run("pet-owner", enter_twice)
    assert run.join(TIMEOUT_S)
    assert run.failure is None
    with pytest.raises(AssertionError, match="belongs to pet-owner"):
        owner.assert_here()


def test_waits_share_a_deadline_and_each_has_a_moment() -> None:
    deadline = Deadline(TIMEOUT_S)
    assert deadline.left_s(1.0) == 1.0
    assert 1.0 < deadline.left_s(2 * TIMEOUT_S) <= TIMEOUT_S
    assert Deadline(0.0).left_s(1.0) == LEAST_S
