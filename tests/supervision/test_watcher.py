"""What the watcher does with threads that are stuck, die, or die again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from pet_stream.errors import Busy, ConfigError
from pet_stream.lifecycle import Run, start_run
from pet_stream.supervision import watcher as watcher_module
from pet_stream.supervision.attempts import BackOff
from pet_stream.supervision.care import WatchLimits
from pet_stream.supervision.error_counts import ErrorCounts
from pet_stream.supervision.part import Part, PartState
from pet_stream.supervision.watcher import Watcher
from tests.waiting import TIMEOUT_S, wait_until

Body = Callable[[Run], object]


@dataclass
class Worker:
    """A part with a thread that runs `body`, and is started again with the same."""

    body: Body
    run: Run | None = None
    old: list[Run] = field(default_factory=list)
    start_count: int = 0

    def start(self) -> None:
        if self.run is not None:
            self.run.request_stop()
            self.old.append(self.run)
        self.start_count += 1
        self.run = start_run("pet-worker", self.body)

    def part(self, *, is_replaceable: bool = False, is_vital: bool = False) -> Part:
        return Part(
            "worker",
            "the worker",
            lambda: () if self.run is None else (self.run,),
            restart=self.start,
            is_replaceable=is_replaceable,
            is_vital=is_vital,
        )

    def stop(self) -> None:
        for run in (self.run, *self.old):
            if run is not None:
                assert run.stop(TIMEOUT_S)


def work(run: Run) -> None:
    while not run.stop_requested.wait(0.005):
        run.pulse.beat()


def hang(run: Run) -> None:
    run.stop_requested.wait(TIMEOUT_S)


def die(run: Run) -> None:
    raise SystemExit


def limits(**values: float) -> WatchLimits:
    """In which all this takes a moment."""
    back_off = BackOff(first_s=0.01, longest_s=0.04, max_failures=10, recovered_s=TIMEOUT_S)
    return WatchLimits(
        **{"look_s": 0.01, "silence_s": 0.3, "patience_s": 0.4, **values}, back_off=back_off
    )


@pytest.fixture
def errors() -> ErrorCounts:
    return ErrorCounts()


@pytest.fixture
def watch(errors: ErrorCounts) -> Iterator[Callable[..., Watcher]]:
    stops: list[Callable[[], object]] = []

    def watch(worker: Worker, given: WatchLimits | None = None, **options: bool) -> Watcher:
        watcher = Watcher("pet-test", [worker.part(**options)], errors, given or limits())
        worker.start()
        watcher.start()
        stops.extend((watcher.stop, worker.stop))
        return watcher

    yield watch
    for stop in stops:
        stop()


def state_of(watcher: Watcher, name: str = "worker") -> PartState:
    return next(state for state in watcher.states if state.name == name)


def test_what_beats_is_running_and_says_when_it_did(watch: Callable[..., Watcher]) -> None:
    watcher = watch(Worker(work))
    assert state_of(watcher).state == "running"
    assert state_of(watcher, "watcher").state == "running"
    assert 0 <= (state_of(watcher).age_s or 0.0) < TIMEOUT_S


def test_what_has_no_thread_now_rests(errors: ErrorCounts) -> None:
    watcher = Watcher("pet-test", [Worker(work).part()], errors, limits())
    watcher.start()
    assert state_of(watcher) == PartState("worker", "resting", None)
    watcher.stop()
    assert watcher.states == ()


def test_a_thread_that_hangs_is_stuck_and_one_that_can_be_replaced_is(
    watch: Callable[..., Watcher],
) -> None:
    worker = Worker(hang)
    watcher = watch(worker, is_replaceable=True)
    wait_until(lambda: state_of(watcher).state == "stuck")
    assert state_of(watcher).reason.code == "worker_stuck"
    worker.body = work
    wait_until(lambda: worker.start_count == 2)
    wait_until(lambda: state_of(watcher).state == "running")


def test_a_thread_that_hangs_and_can_t_be_replaced_is_only_named(
    watch: Callable[..., Watcher],
) -> None:
    worker = Worker(hang)
    watcher = watch(worker, limits(patience_s=0.3))
    wait_until(lambda: (state_of(watcher).age_s or 0.0) > 0.5)
    assert state_of(watcher).state == "stuck"
    assert worker.start_count == 1


def test_what_has_died_is_started_again_and_counted(
    watch: Callable[..., Watcher], errors: ErrorCounts
) -> None:
    worker = Worker(die)
    watcher = watch(worker)
    worker.body = work
    wait_until(lambda: watcher.restart_counts["worker"])
    wait_until(lambda: state_of(watcher).state == "running")
    assert {(kind.part, kind.kind) for kind in errors.counts} == {("worker", "SystemExit")}
    assert watcher.restart_counts["worker"] == worker.start_count - 1


def test_what_dies_at_once_each_time_is_tried_later_and_later_and_escalates_once(
    watch: Callable[..., Watcher],
) -> None:
    worker = Worker(die)
    told: list[PartState] = []
    watcher = watch(worker, limits(look_s=0.002), is_vital=True)
    watcher.on_failed = told.append
    wait_until(lambda: told)
    assert [(state.name, state.state, state.is_vital) for state in told] == [
        ("worker", "failed", True)
    ]
    count, begin_s = worker.start_count, time.monotonic()
    assert count >= 10
    wait_until(lambda: worker.start_count >= count + 3)  # and it is still tried
    assert time.monotonic() - begin_s >= 0.08
    assert state_of(watcher).state in ("failed", "running")
    assert len(told) == 1


def test_one_that_hangs_each_time_is_replaced_ten_times_and_then_no_more(
    watch: Callable[..., Watcher],
) -> None:
    """Each of its threads stays."""
    worker = Worker(hang)
    told: list[PartState] = []
    watcher = watch(
        worker, limits(look_s=0.002, silence_s=0.01, patience_s=0.01), is_replaceable=True
    )
    watcher.on_failed = told.append
    wait_until(lambda: told)
    count = worker.start_count
    wait_until(lambda: (state_of(watcher).age_s or 0.0) > 0.2)
    assert worker.start_count == count == 10
    assert state_of(watcher).state == "failed"


def test_what_a_new_try_can_t_mend_is_not_tried_again(watch: Callable[..., Watcher]) -> None:
    def refuse(run: Run) -> None:
        raise ConfigError("KEY", 1, "2")

    worker = Worker(refuse)
    watcher = watch(worker)
    wait_until(lambda: state_of(watcher).state == "failed")
    assert worker.start_count == 1


def test_an_owner_who_starts_it_tries_at_once(watch: Callable[..., Watcher]) -> None:
    worker = Worker(die)
    slow = limits()
    slow.back_off = BackOff(first_s=TIMEOUT_S, longest_s=TIMEOUT_S)
    watcher = watch(worker, slow)
    wait_until(lambda: state_of(watcher).state == "restarting")
    worker.body = work
    watcher.look(at_once=True)
    assert state_of(watcher).state == "running"


def test_a_start_that_fails_is_tried_again(
    watch: Callable[..., Watcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(die)
    refusals = iter(range(3))
    start = worker.start

    def start_if_there_is_a_thread() -> None:
        if next(refusals, None) is not None:
            raise Busy("no thread")
        start()

    watcher = watch(worker)
    worker.body = work
    monkeypatch.setattr(worker, "start", start_if_there_is_a_thread)
    wait_until(lambda: state_of(watcher).state == "running")


def test_a_watcher_that_dies_says_so_and_can_be_revived(errors: ErrorCounts) -> None:
    is_deadly = threading.Event()

    def lives() -> tuple[Run, ...]:
        if is_deadly.is_set() and threading.current_thread().name == "pet-test-watcher":
            raise SystemExit
        return ()

    watcher = Watcher("pet-test", [Part("trap", "a trap", lives)], errors, limits())
    watcher.start()
    is_deadly.set()
    wait_until(lambda: state_of(watcher, "watcher").state == "dead")
    is_deadly.clear()
    watcher.revive()
    assert state_of(watcher, "watcher").state == "running"
    watcher.stop()
    watcher.revive()
    assert watcher.states == ()


@pytest.mark.parametrize("meanwhile", ["revive", "stop"])
def test_a_watcher_that_is_revived_has_one_thread_and_none_after_a_stop(
    errors: ErrorCounts, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    """The loop revives it at its beats, and so does whoever starts the stream."""
    watcher = Watcher("pet-test", [Part("trap", "a trap", lambda: ())], errors, limits())
    others: list[threading.Thread] = []

    def start_in_the_middle_of_another_call(name: str, body: Body) -> Run:
        if not others:
            others.append(threading.Thread(target=getattr(watcher, meanwhile)))
            others[0].start()
            others[0].join(0.2)  # if it waits for this one, this one waits no longer
        return start_run(name, body)

    def end(_run: Run) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(watcher, "_watch", end)
        watcher.start()
        wait_until(lambda: state_of(watcher, "watcher").state == "dead")
    monkeypatch.setattr(watcher_module, "start_run", start_in_the_middle_of_another_call)
    watcher.revive()
    others[0].join(TIMEOUT_S)
    names = [thread.name for thread in threading.enumerate()]
    assert names.count("pet-test-watcher") == (meanwhile == "revive")
    watcher.stop()


def test_a_watcher_that_hangs_says_so_and_can_be_stopped(errors: ErrorCounts) -> None:
    """A restart that does not come back, which none should."""
    is_over, is_caught = threading.Event(), threading.Event()

    def hang() -> None:
        is_caught.set()
        is_over.wait(TIMEOUT_S)

    worker = Worker(die)
    worker.start()
    part = Part("worker", "the worker", lambda: filter(None, [worker.run]), restart=hang)
    watcher = Watcher("pet-test", [part], errors, limits(silence_s=0.1))
    starter = threading.Thread(target=watcher.start)
    starter.start()
    assert is_caught.wait(TIMEOUT_S)
    is_over.set()
    starter.join(TIMEOUT_S)
    is_over.clear()
    is_caught.clear()
    assert is_caught.wait(TIMEOUT_S)
    wait_until(lambda: state_of(watcher, "watcher").state == "stuck")
    watcher.look(at_once=True)  # does not wait for it
    watcher.stop(0.0)
    assert watcher.states == ()
    is_over.set()


def test_a_part_that_can_t_be_judged_does_not_hide_the_others(errors: ErrorCounts) -> None:
    def lives() -> tuple[Run, ...]:
        raise ValueError("broken")

    worker = Worker(work)
    worker.start()
    parts = [Part("trap", "a trap", lives), worker.part()]
    watcher = Watcher("pet-test", parts, errors, limits())
    watcher.start()
    assert state_of(watcher, "trap").state == "failed"
    assert state_of(watcher).state == "running"
    watcher.stop()
    worker.stop()


def test_after_a_standstill_of_the_process_nobody_is_taken_for_stuck(
    errors: ErrorCounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(hang)
    worker.start()
    given = limits(silence_s=0.05, patience_s=0.05)
    watcher = Watcher("pet-test", [worker.part(is_replaceable=True)], errors, given)
    watcher.look()
    wait_until(lambda: ((worker.run and worker.run.pulse.age_s) or 0.0) > given.look_s + 1.2)
    watcher.look()  # the first one since then, and late
    assert worker.start_count == 1
    worker.stop()
