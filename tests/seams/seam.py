"""What a seam is: something fails there while its context lasts; after it all is whole again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from .rig import Failure, Rig

SEAMS: list[Seam] = []


@dataclass(frozen=True)
class Seam:
    name: str
    fails: Callable[[Rig, Failure], AbstractContextManager[None]]
    part: str
    """Under which its errors are counted; empty: whoever has called gets the error."""


Body = Callable[[Rig, Failure], Iterator[None]]


def seam(part: str) -> Callable[[Body], Body]:
    def add(body: Body) -> Body:
        SEAMS.append(Seam(body.__name__.replace("_", " "), contextmanager(body), part))
        return body

    return add


@contextmanager
def replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    """An attribute of this one object, or of a module."""
    was = vars(owner).get(name, vars)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if was is vars:
            delattr(owner, name)
        else:
            setattr(owner, name, was)
