"""What a run measures, in which order, and how long each part takes."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from .children import WHEP


@dataclass(frozen=True, slots=True)
class Series:
    """One server and a growing number of viewers."""

    system: str
    writing: str
    viewers: tuple[int, ...]
    options: tuple[str, ...] = ()
    note: str = ""
    python: str = sys.executable
    """Which runs the server."""

    @property
    def title(self) -> str:
        return f"{self.system} ({self.note})" if self.note else self.system

    @property
    def module(self) -> str:
        return module_of(self.system)


@dataclass(frozen=True, slots=True)
class LossCase:
    """One server, one browser, and the link between them."""

    system: str
    loss_percent: float
    megabits: float = 10.0
    delay_ms: float = 20.0
    both_ways: bool = False
    """Delay and loss towards the server, too, not only away from it."""
    options: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.system

    @property
    def module(self) -> str:
        return module_of(self.system)


def module_of(system: str) -> str:
    """The program in benchmarks/systems."""
    return system.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Plan:
    seconds: float
    """Of one measurement."""
    series: tuple[Series, ...]
    connects: int
    has_stall: bool
    """Whether one of the viewers is stopped for a while."""
    loss_seconds: float
    loss: tuple[LossCase, ...]


def beside_oldest(plan: Plan, python: str) -> Plan:
    """The plan, and our main rows once more with that interpreter, just after them."""
    series: list[Series] = []
    for item in plan.series:
        series.append(item)
        if (item.system, item.writing, item.options) == ("ours", "once", ()):
            viewers = tuple(count for count in item.viewers if count <= 50)
            series.append(replace(item, viewers=viewers, note=OLDEST, python=python))
    return replace(plan, series=tuple(series))


OLDEST = "oldest Python"
ALL = (0, 1, 5, 10, 20, 50)
VARIANTS = {
    "ours-packets": ("--sender", "packets"),
    "ours-transport": ("--sender", "transport"),
    "ours-stock": ("--sender", "stock"),
    "ours-whep": (WHEP,),
}
"""The steps that pet_stream's sender goes down where a better one fails; and viewers by WHEP."""
SYSTEMS = ("ours", *VARIANTS, "stock", "reencode")
BUSY = ("--busy-thread",)
NO_SOURCES = ("--no-sources",)

FULL = Plan(
    seconds=10,
    series=(
        Series("ours", "once", (*ALL, 100)),
        Series("stock", "once", ALL),
        *(Series(system, "once", (10,), options) for system, options in VARIANTS.items()),
        Series("reencode", "once", (1,)),
        Series("ours", "relay", ALL),
        Series("ours", "relay", (0, 10), NO_SOURCES, "through the relay"),
        Series("stock", "relay", ALL),
        Series("reencode", "relay", (1,)),
        Series("ours", "relay-free", (0, 10)),
        Series("ours", "relay-free", (10,), NO_SOURCES, "through the relay"),
        Series("stock", "relay-free", (10,)),
        Series("ours", "once", (10,), BUSY, "busy thread"),
        Series("stock", "once", (10,), BUSY, "busy thread"),
    ),
    connects=25,
    has_stall=True,
    loss_seconds=60,
    loss=(
        LossCase("ours", 2),
        LossCase("ours", 5),
        LossCase("ours", 2, both_ways=True),
        LossCase("stock", 2),
    ),
)
QUICK = Plan(
    seconds=4,
    series=(
        Series("ours", "once", (0, 10, 50)),
        Series("stock", "once", (10,)),
        Series("reencode", "once", (1,)),
        Series("ours", "relay", (0, 10)),
        Series("ours", "relay", (10,), NO_SOURCES, "through the relay"),
        Series("ours", "once", (10,), BUSY, "busy thread"),
    ),
    connects=20,
    has_stall=False,
    loss_seconds=30,
    loss=(LossCase("ours", 2),),
)
