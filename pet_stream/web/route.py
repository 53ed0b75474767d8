"""One row of the route table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..rights import Right


@dataclass(frozen=True, slots=True)
class Route:
    methods: tuple[str, ...]
    rule: str
    view: Callable[..., Any]
    right: Right | None
    """What a request needs; None: it is for everybody."""
