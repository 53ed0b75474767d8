"""What the whole process shares, in a child that is forked while a thread is busy with it."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.process.switch_interval import SwitchInterval
from tests.waiting import TIMEOUT_S


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_waits_for_no_thread_of_its_parent() -> None:
    """Each fork handler of an app asks for the switch interval: the fork itself hung."""
    switch_interval = SwitchInterval()
    with switch_interval._lock:  # as another thread has it at this moment
        child = os.fork()
        if child == 0:
            switch_interval.forget(Broadcaster())
            os._exit(0)
        killer = threading.Timer(TIMEOUT_S, os.kill, (child, signal.SIGKILL))
        killer.start()
        assert os.waitpid(child, 0)[1] == 0
        killer.cancel()
        killer.join()


class Changing:
    """Somebody comes just when it is asked whether somebody watches."""

    def __init__(self, switch_interval: SwitchInterval) -> None:
        self._switch_interval = switch_interval
        self._is_watched = False
        self.comes = threading.Thread(target=self._come)

    def _come(self) -> None:
        self._is_watched = True
        self._switch_interval.follow(self)

    @property
    def has_urgent_subscriber(self) -> bool:
        is_watched = self._is_watched
        if self.comes.ident is None:
            self.comes.start()
            self.comes.join(0.2)  # if it waits for this one, this one waits no longer
        return is_watched


def test_of_two_changes_at_once_the_later_one_counts() -> None:
    usual_s, switch_interval = sys.getswitchinterval(), SwitchInterval()
    changing = Changing(switch_interval)
    switch_interval.follow(changing)
    changing.comes.join(TIMEOUT_S)
    assert sys.getswitchinterval() < usual_s
    switch_interval.forget(changing)
    assert sys.getswitchinterval() == usual_s
