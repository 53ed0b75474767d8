"""What the whole process shares, in a child that is forked while a thread is busy with it."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from pet_stream.process.switch_interval import SwitchInterval
from tests.waiting import TIMEOUT_S


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_waits_for_no_thread_of_its_parent() -> None:
    """Each fork handler of an app asks for the switch interval: the fork itself hung."""
    switch_interval = SwitchInterval()
    with switch_interval._lock:  # as another thread has it at this moment
        child = os.fork()
        if child == 0:
            switch_interval.shorten(switch_interval, is_needed=False)
            os._exit(0)
        killer = threading.Timer(TIMEOUT_S, os.kill, (child, signal.SIGKILL))
        killer.start()
        assert os.waitpid(child, 0)[1] == 0
        killer.cancel()
        killer.join()
