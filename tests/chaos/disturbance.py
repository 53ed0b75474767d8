"""What a disturbance is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from .site import Site


@dataclass(frozen=True)
class Disturbance:
    name: str
    disturb: Callable[[Site], AbstractContextManager[None]]
    """Begins it, and ends it: from then on the site has 3 s to be live again."""
    is_mild: bool = False
    """Whether everybody goes on without connecting anew."""
    is_short: bool = False
    """Whether it is one of the few that every test run makes."""
    starts_again: bool = False
    """Whether it starts a process again that it has killed."""
    way: str = "host"
    """How the app has to be served for it; see `site.WAYS`."""
    needs_disk: bool = False
    """Whether it happens to a disk of its own."""
    as_user: bool = False
    """Whether the server must not be root's, whom some limits do not concern."""
    fakes_clock: bool = False
    """Whether the server's wall clock is libfaketime's."""


Body = Callable[[Site], Iterator[None]]


def table(
    rows: list[Disturbance],
) -> Callable[..., Callable[[Body], Body]]:
    """Returns a decorator that makes a disturbance of a generator, which begins it, yields, and
    ends it; `rows` takes them in."""

    def disturbance(name: str, **options: object) -> Callable[[Body], Body]:
        def add(body: Body) -> Body:
            rows.append(Disturbance(name, contextmanager(body), **options))  # type: ignore[arg-type]
            return body

        return add

    return disturbance
