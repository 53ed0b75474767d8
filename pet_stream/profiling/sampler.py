"""Finds out where the time goes, by looking at all threads again and again.

A look needs the GIL. So it comes when the others let go of it, and code that never does, such as a
long call into C, is seen just before or after that.
"""

from __future__ import annotations

import random
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType

from .stacks import frames_of
from .threads import cpu_s

INTERVAL_S = 0.01
MAX_SHARE = 0.02
"""Of a core, for the looks. Where they cost more, they are fewer."""
CHECK_INTERVAL_S = 0.25
MAX_STACKS = 4_000
MAX_NAMES = 200
OTHERS = "others"

_NUMBER = re.compile(r"(?<=Thread-)\d+|(?<=_)\d+$")
"""Of threads that are made by the hundred: they count as one."""

Stack = tuple[int, ...]
"""The ids of code objects, outermost first; empty: there were too many different ones."""


@dataclass(slots=True)
class Profile:
    """Seconds on each stack, by the names of the threads."""

    duration_s: float = 0.0
    look_count: int = 0
    process_cpu_s: float = 0.0
    threads: dict[str, dict[Stack, float]] = field(default_factory=dict)
    cpu_s: dict[str, float] = field(default_factory=dict)
    codes: dict[int, CodeType] = field(default_factory=dict)
    """Kept, so that no id is given away again."""


class Sampler:
    """Makes one profile. Belongs to the thread that calls `run`, which it does not look at."""

    def __init__(self, interval_s: float = INTERVAL_S, max_share: float = MAX_SHARE) -> None:
        self._interval_s = interval_s
        self._max_share = max_share
        self._profile = Profile()
        self._stack_count = 0

    def run(self, duration_s: float, is_over: threading.Event, ends: Callable[[], bool]) -> Profile:
        """Look for `duration_s`, or until `is_over` is set, or `ends`, which is asked now and then,
        says so."""
        profile, threads_before = self._profile, _cpu_by_thread()
        cpu_before_s = time.process_time()
        began_s = looked_s = checked_s = time.monotonic()
        own_s, delay_s = time.thread_time(), self._interval_s
        while looked_s - began_s < duration_s:
            # at random, so as not to keep step with the camera
            if is_over.wait(min(delay_s * random.uniform(0.5, 1.5), duration_s)):
                break
            now_s = time.monotonic()
            if now_s - checked_s >= CHECK_INTERVAL_S:
                checked_s = now_s
                if ends():
                    break
            self._look(now_s - looked_s)
            looked_s = now_s
            own_before_s, own_s = own_s, time.thread_time()
            delay_s = max(self._interval_s, (own_s - own_before_s) / self._max_share)
        profile.duration_s = time.monotonic() - began_s
        profile.process_cpu_s = time.process_time() - cpu_before_s
        for (name, ident), spent_s in _cpu_by_thread().items():
            since_s = threads_before.get((name, ident), 0.0)
            profile.cpu_s[name] = profile.cpu_s.get(name, 0.0) + spent_s - since_s
        return profile

    def _look(self, weight_s: float) -> None:
        profile, own_id = self._profile, threading.get_ident()
        profile.look_count += 1
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        for ident, frame in sys._current_frames().items():
            if ident != own_id:
                stack = tuple(self._id(each.f_code) for each in frames_of(frame))
                self._add(_group(names.get(ident, OTHERS)), stack, weight_s)

    def _id(self, code: CodeType) -> int:
        key = id(code)
        self._profile.codes.setdefault(key, code)
        return key

    def _add(self, name: str, stack: Stack, weight_s: float) -> None:
        threads = self._profile.threads
        if name not in threads and len(threads) >= MAX_NAMES:
            name = OTHERS
        stacks = threads.setdefault(name, {})
        if stack not in stacks:
            if self._stack_count >= MAX_STACKS:
                stack = ()
            self._stack_count += 1
        stacks[stack] = stacks.get(stack, 0.0) + weight_s


def _cpu_by_thread() -> dict[tuple[str, int | None], float]:
    return {
        (_group(thread.name), thread.native_id): spent_s
        for thread in threading.enumerate()
        if (spent_s := cpu_s(thread)) is not None
    }


def _group(name: str) -> str:
    return _NUMBER.sub("N", name)
