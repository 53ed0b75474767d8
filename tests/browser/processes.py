"""Processes of a test that end with it, whatever happens to the test."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

from tests.waiting import TIMEOUT_S


class Process:
    """A program in a process group of its own, its output (both kinds) kept line by line.

    The kernel kills it when this process dies (`setpriv --pdeathsig`).
    """

    def __init__(self, command: list[str], *, env: dict[str, str], cwd: Path) -> None:
        self.output: list[str] = []
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {command[0]}")
        self._reader.start()

    def wait_for_line(self, pattern: str, timeout_s: float) -> re.Match[str]:
        """The first line of output, from where the last wait ended, that `pattern` is found in."""
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise TimeoutError(
                    f"no {pattern!r} within {timeout_s:g} s in\n{self.log}"
                ) from None
            if line is None:
                raise RuntimeError(f"ended before {pattern!r}:\n{self.log}")
            if match := re.search(pattern, line):
                return match

    @property
    def log(self) -> str:
        return "".join(self.output)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def stop(
        self, with_signal: signal.Signals = signal.SIGTERM, *, is_for_group: bool = False
    ) -> int:
        """Ask it (or its whole group, as Ctrl-C does) to end, kill what is left of the group;
        returns the exit code."""
        try:
            if is_for_group:
                os.killpg(self._process.pid, with_signal)
            else:
                self._process.send_signal(with_signal)
            self._process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._kill_group()
        return self._process.wait()

    def _kill_group(self) -> None:
        try:
            # the group outlives its leader while a member is left, so its number can't be reused
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        self._reader.join(TIMEOUT_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.output.append(line)
            self._lines.put(line)
        self._lines.put(None)
