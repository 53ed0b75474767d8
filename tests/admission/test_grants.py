from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field

import pytest

from pet_stream.admission import grants as grants_module
from pet_stream.admission.grants import Grants
from pet_stream.errors import Busy
from pet_stream.rights import EVERYBODYS
from tests.waiting import TIMEOUT_S, wait_until


@dataclass
class Switch:
    """A grant that a test can end."""

    holder: str = "anna"
    name: str = "Anna"
    is_owners: bool = True
    is_on: bool = True
    asked: threading.Event = field(default_factory=threading.Event)

    def is_valid(self) -> bool:
        self.asked.set()
        return self.is_on


def threads() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name == "test-rights"]


@pytest.fixture
def ended() -> threading.Event:
    return threading.Event()


def test_what_is_held_ends_once_when_its_grant_does(ended: threading.Event) -> None:
    grants, switch, ends = Grants("test", check_interval_s=0.01), Switch(), list[int]()

    def end() -> None:
        ends.append(1)
        ended.set()

    grants.hold(switch, end)
    assert switch.asked.wait(TIMEOUT_S)
    assert not ends
    switch.is_on = False
    assert ended.wait(TIMEOUT_S)
    wait_until(lambda: not threads())
    assert ends == [1]


def test_what_was_released_is_not_asked_for(ended: threading.Event) -> None:
    grants, released, held = Grants("test", check_interval_s=0.01), Switch(), Switch()
    hold = grants.hold(released, ended.set)
    hold.release()
    hold.release()
    released.asked.clear()
    released.is_on = False
    other = grants.hold(held, ended.set)
    assert held.asked.wait(TIMEOUT_S)
    assert not released.asked.is_set()
    other.release()
    wait_until(lambda: not threads())
    assert not ended.is_set()


def test_what_everybody_may_costs_no_thread(ended: threading.Event) -> None:
    grants = Grants("test")
    grants.hold(EVERYBODYS, ended.set).release()
    assert not threads()


def test_the_thread_ends_and_starts_again(ended: threading.Event) -> None:
    grants = Grants("test", check_interval_s=0.01)
    for _ in range(2):
        hold = grants.hold(Switch(), ended.set)
        assert threads()
        hold.release()
        wait_until(lambda: not threads())
    grants.hold(Switch(is_on=False), ended.set)
    assert ended.wait(TIMEOUT_S)
    grants.stop()
    assert not threads()


def test_one_that_fails_to_end_keeps_no_other_from_it(
    ended: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    grants = Grants("test")
    for end in (fail, ended.set, fail):
        grants.hold(Switch(is_on=False), end)
    grants.check_soon()
    assert ended.wait(TIMEOUT_S)
    grants.stop()
    assert "could not be ended" in caplog.text


def test_a_check_that_exits_ends_its_own_and_no_other(
    ended: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    class Exits(Switch):
        def is_valid(self) -> bool:
            raise SystemExit

    grants, other_ended, other = Grants("test"), threading.Event(), Switch()
    grants.hold(other, other_ended.set)
    grants.hold(Exits(), ended.set)
    grants.check_soon()
    assert ended.wait(TIMEOUT_S)
    other.is_on = False
    grants.check_soon()
    assert other_ended.wait(TIMEOUT_S)
    grants.stop()
    assert "could not be asked for again" in caplog.text


def test_of_whom_nothing_is_known_is_asked_again_too(ended: threading.Event) -> None:
    grants = Grants("test")
    grants.hold(Switch(holder="", is_on=False), ended.set)
    grants.check_soon()
    assert ended.wait(TIMEOUT_S)
    grants.stop()


def test_a_stop_does_not_wait_for_the_next_check(ended: threading.Event) -> None:
    grants = Grants("test", check_interval_s=1000)
    grants.hold(Switch(), ended.set)
    grants.stop()
    assert not threads()
    assert not ended.is_set()


def test_where_no_thread_is_to_be_had_rights_are_not_left_unasked(
    ended: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watcher tries again while the thread is dead, not while there seems to be none."""

    def no_thread(*_: object, **__: object) -> None:
        raise Busy("no thread")

    grants, switch = Grants("test", check_interval_s=0.01), Switch()
    with monkeypatch.context() as patch:
        patch.setattr(grants, "_held", lambda: sys.exit())
        grants.hold(switch, ended.set)
        wait_until(lambda: not threads())
    dead = grants.run
    with monkeypatch.context() as patch:
        patch.setattr(grants_module, "start_run", no_thread)
        with pytest.raises(Busy):
            grants.revive()
    assert grants.run is dead
    grants.revive()
    switch.is_on = False
    assert ended.wait(TIMEOUT_S)
    wait_until(lambda: not threads())
