"""Signals that ask a command to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.test_extension import CHECKOUT, run_script
from tests.waiting import TIMEOUT_S

NUMBERS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


STAYS_AS_IT_WAS = """
    import os, signal, sys
    from pet_stream.process.stop_signals import StopSignals

    def dispositions():
        numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
        return [*map(signal.getsignal, numbers), signal.pthread_sigmask(signal.SIG_BLOCK, [])]

    before = dispositions()
    with StopSignals() as stop_signals:
        assert not stop_signals.wait(0.01)
        for number in map(int, sys.argv[1:]):
            os.kill(os.getpid(), number)
            assert stop_signals.wait()
            assert stop_signals.wait(0)
    assert dispositions() == before
"""


@pytest.mark.parametrize("number", NUMBERS)
def test_a_signal_is_waited_for_and_everything_is_as_before(number: signal.Signals) -> None:
    run_script(STAYS_AS_IT_WAS, str(int(number)))


def test_without_a_signal_everything_is_as_before() -> None:
    run_script(STAYS_AS_IT_WAS)


BUSY = """
    import threading
    from pet_stream.process.stop_signals import StopSignals
    with StopSignals() as stop_signals:
        other = threading.Thread(target=threading.Event().wait, daemon=True)
        other.start()
        print("waiting", flush=True)
        stop_signals.wait()
        print("stopping", flush=True)
        other.join()
"""


def start_busy(prepare: Callable[[], object] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(BUSY)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
    )


@pytest.mark.parametrize("second", NUMBERS)
def test_a_second_signal_ends_the_process_on_the_spot(second: signal.Signals) -> None:
    with start_busy() as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(second)
        assert process.wait(TIMEOUT_S) == -second


def test_nohup_is_respected() -> None:
    with start_busy(lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "stopping\n"
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == -signal.SIGTERM


def test_a_browser_that_a_command_opens_can_be_ended(tmp_path: Path) -> None:
    output = tmp_path / "blocked"
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\ngrep SigBlk /proc/self/status > {output}\n")
    browser.chmod(0o755)
    run_script(
        """
        import os, sys
        from pet_stream.command_line.browser import show_in_browser
        from pet_stream.process.stop_signals import StopSignals
        os.environ["BROWSER"] = sys.argv[1] + " %s"
        with StopSignals():
            show_in_browser("http://127.0.0.1/")
        """,
        browser,
    )
    assert int(output.read_text().split()[1], 16) == 0


RELOADS = """
    import os, pty, signal, sys
    from pet_stream.process.stop_signals import StopSignals

    if sys.argv[1] == "terminal":
        pid, terminal = pty.fork()
        if pid:
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    else:
        os.setsid()
    reloads = []
    with StopSignals() as stop_signals:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGHUP)
            if stop_signals.wait(10, lambda: reloads.append(1)):
                break
        else:
            os.kill(os.getpid(), signal.SIGTERM)
            assert stop_signals.wait(None, lambda: reloads.append(1))
    sys.exit(10 + len(reloads))
"""


@pytest.mark.parametrize(("where", "reloads"), [("service", 2), ("terminal", 0)])
def test_a_hang_up_is_one_where_there_is_a_terminal(where: str, reloads: int) -> None:
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(RELOADS), where],
        cwd=CHECKOUT,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert result.returncode == 10 + reloads
