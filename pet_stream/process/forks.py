"""Calls a method in each child process that is forked."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable


def call_in_child(method: Callable[[], object]) -> None:
    """Have a bound method called first in each process forked from this one, while its object
    lives."""
    reference = weakref.WeakMethod(method)  # weak, because at-fork hooks can't be removed

    def in_child() -> None:
        living_method = reference()
        if living_method is not None:
            living_method()

    os.register_at_fork(after_in_child=in_child)
