"""What a target is, and the check of one value."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from hypothesis.strategies import SearchStrategy

MAX_CPU_S = 1.0
"""For one value, of the whole process; most take a thousandth of it."""
MAX_MEMORY_BYTES = 48 * 1024 * 1024
"""At the peak, of Python's memory. A picture of the largest size has 3 MB, and is copied a few
times."""

Call = Callable[[Any], object]


@dataclass(frozen=True)
class Target:
    """Code that takes anything, and raises nothing but `errors`."""

    name: str
    values: SearchStrategy[Any]
    open: Callable[[], AbstractContextManager[Call]]
    """Opens what the code needs, an app or a folder, and gives the code."""
    errors: tuple[type[Exception], ...]
    examples: int
    """In the test suite."""


def pure(
    name: str,
    values: SearchStrategy[Any],
    call: Call,
    *errors: type[Exception],
    examples: int = 100,
) -> Target:
    """Returns a target that needs nothing but its value."""
    return Target(name, values, lambda: nullcontext(call), errors, examples)


def check(call: Call, value: object, errors: tuple[type[Exception], ...]) -> None:
    """Raises what is not among `errors`, and AssertionError if the value costs too much."""
    tracemalloc.start()
    begun_s = time.process_time()
    try:
        call(value)
    except errors:
        pass
    finally:
        took_s = time.process_time() - begun_s
        peak_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert took_s < MAX_CPU_S, f"{took_s:.2f} s"
    assert peak_bytes < MAX_MEMORY_BYTES, f"{peak_bytes:,} bytes"
