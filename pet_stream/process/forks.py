"""Noticing that this process was forked."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable


def call_in_child(method: Callable[[], object]) -> None:
    """Have a bound method called in each process forked from this one, before anything else runs
    there, for as long as its object lives here."""
    reference = weakref.WeakMethod(method)  # weak, because there is no way to take it back

    def in_child() -> None:
        living_method = reference()
        if living_method is not None:
            living_method()

    os.register_at_fork(after_in_child=in_child)
