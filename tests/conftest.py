"""What every test gets: names that nobody else uses, and a check that it left nothing behind."""

from __future__ import annotations

import gc
import itertools
import os
import random
import socket
import threading
import time
from collections.abc import Generator, Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

from tests.waiting import TIMEOUT_S

TEST_KEY_PREFIX = 0x7E570000
"""System V keys of tests: 0x7e57xxxx."""

_serial = itertools.count(1)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests stay to the end, as do the modules that they import: the garbage collector
    looks at none of it again, which takes it a quarter of a second each time."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


@pytest.fixture
def segment_name() -> str:
    """A POSIX shared-memory name that only this test uses, `/pet_test_<pid>_<n>`."""
    return f"/pet_test_{os.getpid()}_{next(_serial)}"


@pytest.fixture
def sysv_key() -> Iterator[int]:
    """A System V key that is free now and must be free again after the test."""
    taken = {key for key, _ in _sysv_segments()}
    key = next(k for k in iter(_random_key, None) if k not in taken)
    yield key
    left = {key for key, _ in _sysv_segments()}
    assert key not in left, f"System V segment {key:#x} left behind"


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(autouse=True)
def leaves_nothing_behind() -> Iterator[None]:
    """Fails a test after which a thread, child process or segment of its own is still there.

    What fixtures of a wider scope started before the test is not the test's.
    """
    threads, children, segments = set(threading.enumerate()), _children(), _own_segments()
    yield
    deadline = time.monotonic() + TIMEOUT_S
    for thread in set(threading.enumerate()) - threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    left: list[object] = [
        thread for thread in threading.enumerate() if thread not in threads and thread.is_alive()
    ]
    new_children = _children() - children
    while new_children and time.monotonic() < deadline:
        time.sleep(0.01)
        new_children &= _children()
    left += [f"child process {pid} ({_command(pid)})" for pid in sorted(new_children)]
    left += sorted(_own_segments() - segments)
    assert not left, f"left behind: {left}"


def _random_key() -> int:
    return TEST_KEY_PREFIX | random.randrange(1, 0x10000)


def _own_segments() -> set[str]:
    """POSIX segments named after this process, and System V ones that it created."""
    own_pid = os.getpid()
    posix = {path.name for path in Path("/dev/shm").glob(f"pet_test_{own_pid}_*")}
    return posix | {f"System V {key:#x}" for key, creator in _sysv_segments() if creator == own_pid}


def _sysv_segments() -> list[tuple[int, int]]:
    """(key, creator's pid) of each System V segment, from /proc/sysvipc/shm."""
    try:
        lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    except FileNotFoundError:  # a kernel or container without System V IPC
        return []
    return [(int(fields[0]) & 0xFFFFFFFF, int(fields[4])) for fields in map(str.split, lines)]


def _children() -> set[int]:
    """Child processes of this one, zombies included, without multiprocessing's own tracker."""
    children: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        children.update(map(int, _read_text(task / "children").split()))
    tracker = getattr(resource_tracker._resource_tracker, "_pid", None)
    return children - {tracker}


def _read_text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the thread or process has just ended
        return ""


def _command(pid: int) -> str:
    arguments = _read_text(Path(f"/proc/{pid}/cmdline")).replace("\0", " ")
    return arguments.strip() or "not waited for"
