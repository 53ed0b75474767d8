"""Seams of the whole process: fork hooks, exit handlers, finalizers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.test_extension import CHECKOUT
from tests.waiting import TIMEOUT_S

FORKS = """
import os
from pet_stream.process.forks import call_in_child

class Part:
    def __init__(self, name, error=None):
        self.name, self.error = name, error
    def begin_anew(self):
        print(self.name, flush=True)
        if self.error:
            raise self.error

parts = [Part("first"), Part("broken", MemoryError()), Part("last")]
for part in parts:
    call_in_child(part.begin_anew)
if not os.fork():
    print("child", flush=True)
    os._exit(0)
assert os.wait()[1] == 0
print("parent")
"""
EXITS = """
import atexit, os, signal, sys, time
from pathlib import Path
from flask import Flask
from tests.apps import mount

def fail():
    raise MemoryError

atexit.register(fail)
app = Flask("host")
stream = mount(app, Path(sys.argv[1]))
stream.start()
atexit.register(fail)
print("pid", flush=True)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(60)
"""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )


def test_a_fork_hook_that_fails_keeps_no_other_from_its_work() -> None:
    done = run(FORKS)
    # the hooks run first in the child, in the order in which they were registered
    assert done.stdout.split() == ["first", "broken", "last", "child", "parent"]
    assert done.stderr.count("MemoryError") == 1
    assert done.returncode == 0


def test_exit_handlers_that_fail_keep_nothing_from_ending(tmp_path: Path) -> None:
    done = run(EXITS, str(tmp_path))
    assert done.stdout.split() == ["pid"]
    assert done.stderr.count("MemoryError") == 2
    assert "did not end" not in done.stderr
