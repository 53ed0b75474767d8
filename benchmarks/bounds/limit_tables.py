"""The most viewers by each limit alone, and what the formulas say of what was measured."""

from __future__ import annotations

from collections.abc import Callable

from ..report import markdown_table
from .board import LEAST_SLOWER, MOST_SLOWER, watchers
from .cost import MEGABIT, Memory, Processor, replay_mb
from .measured import DEFAULTS, Measured, Quoted
from .paper import (
    AES_CYCLES_PER_BYTE,
    CLOCK_HZ,
    LINKS,
    PLAIN_CYCLES_PER_BYTE,
    Link,
    by_calls,
    by_encryption,
    by_link,
    by_lock,
    newcomers_per_s,
)
from .simulation import Board, most_viewers
from .storage import DAY_S, recording_day
from .texts import Cell, RateRow, by_rate, counts, number, span, thousands

ENDLESS = 1e9
"""Mbit/s of a network that takes no time, as loopback."""
Most = Callable[[float], tuple[int, int]]
"""The most viewers for a bit rate, at worst and at best."""


def limits_of(measured: Measured) -> dict[str, tuple[Most, str]]:
    """What a core of the board can't exceed, by name, and how that is known."""
    processor, calls = Processor.of(measured), measured.calls

    def encryption(cycles: float) -> Most:
        slow, quick = CLOCK_HZ
        return lambda bits: (
            by_encryption(bits, slow, cycles),
            by_encryption(bits, quick, cycles),
        )

    def system_calls(*, is_segmented: bool) -> Most:
        return lambda bits: (
            by_calls(bits, calls, MOST_SLOWER, is_segmented=is_segmented),
            by_calls(bits, calls, LEAST_SLOWER, is_segmented=is_segmented),
        )

    def lock(bits: float) -> tuple[int, int]:
        return by_lock(processor, bits, MOST_SLOWER), by_lock(processor, bits, LEAST_SLOWER)

    return {
        "encryption, without AES instructions": (encryption(PLAIN_CYCLES_PER_BYTE), "on paper"),
        "encryption, with them": (encryption(AES_CYCLES_PER_BYTE), "on paper"),
        "system calls, one a packet": (system_calls(is_segmented=False), "estimate"),
        "system calls, segmented": (system_calls(is_segmented=True), "estimate"),
        "one core: one thread sends, Python has one lock": (lock, "estimate"),
    }


def paper_table(measured: Measured) -> str:
    processor = Processor.of(measured)
    limits = limits_of(measured)

    def alone(most: Most) -> Cell:
        return lambda bits: counts(*most(bits))

    def together(link: Link) -> Cell:
        return lambda bits: watchers(processor, bits, link.megabits)

    def first(link: Link) -> Cell:
        return lambda bits: reached_first(limits, link, bits)

    newcomers = span(
        *(newcomers_per_s(measured.connect_ms, slower) for slower in (MOST_SLOWER, LEAST_SLOWER))
    )
    rows: list[RateRow] = [
        *((name, alone(most), how) for name, (most, how) in limits.items()),
        *((link.name, alone(_carried(link)), "on paper") for link in LINKS),
        *((f"all at once, {link.name}", together(link), "simulated") for link in LINKS),
        *((f"reached first, {link.name}", first(link), "") for link in LINKS),
        ("newcomers a second, a core for them", lambda _: newcomers, "estimate"),
    ]
    return by_rate(rows, "the most viewers by", "how known")


def reached_first(limits: dict[str, tuple[Most, str]], link: Link, bits: float) -> str:
    """The lowest limit, at worst, in a word or two."""
    least = {name: most(bits)[0] for name, (most, _) in limits.items()}
    least["network"] = _carried(link)(bits)[0]
    return min(least, key=lambda name: least[name]).partition(":")[0]


def _carried(link: Link) -> Most:
    least, most = link.megabits
    return lambda bits: (by_link(bits, least), by_link(bits, most))


def slowed_table(measured: Measured) -> str:
    """The simulation beside the server itself, which had a share of a core's time."""
    processor = Processor.of(measured)
    header = (
        "a camera of",
        "watch",
        "simulated, the most",
        "of the core's share used, %",
        "pictures missing",
        "95 % arrive within, ms",
    )
    rows = [
        (
            f"{each.bits_per_second / MEGABIT:g} Mbit/s",
            f"{each.viewers}",
            f"{most_viewers(Board(processor, each.slower, ENDLESS), each.bits_per_second)}",
            number(100 * each.cpu_percent / each.given_percent),
            f"{each.missing} of {thousands(each.of_pictures)}",
            number(each.p95_ms),
        )
        for each in measured.slowed
    ]
    return markdown_table(header, rows) + "\n"


BENCH = "../benchmarks/README.md"
MEASURED_ELSEWHERE = (
    Quoted(3.0, "publishing.md", "published, nobody watches there | 3.0 %"),
    Quoted(9.2, "small-boards.md", "50 viewers | 9.2"),
    Quoted(46.3, BENCH, "| 500 | 46.3 |"),
    Quoted(238, BENCH, "| 7.0 | 12.8 | 238 |"),
    Quoted(1.027, "recording.md", "with a sync each 5 s | 1.027"),
    Quoted(1.039, "recording.md", "with a sync each 3 s | 1.039"),
)
"""Not from the runs that the formulas are made of."""


def computed_elsewhere(measured: Measured) -> dict[str, float]:
    """What the formulas say of MEASURED_ELSEWHERE, in its order."""
    processor, memory = Processor.of(measured), Memory.of(measured)

    def factor(sync_s: float) -> float:
        day = recording_day(2e6, measured.disk, sync_s)
        return day.written_bytes / (2e6 / 8 * DAY_S)

    kept_mb = replay_mb(600_000, DEFAULTS["replay_seconds"])
    return {
        "published, 600 kbit/s, % of a core": processor.percent(600_000, 1),
        "50 viewers of 2 Mbit/s, % of a core": processor.percent(2e6, 50),
        "500 viewers of 600 kbit/s, % of a core": processor.percent(600_000, 500),
        "… memory, MB": memory.mb(500, kept_mb),
        "written to the disk for each byte of 2 Mbit/s, a sync each 5 s": factor(5),
        "… each 3 s": factor(3),
    }


def check_table(measured: Measured) -> str:
    rows = [
        (name, _exact(value), _exact(quoted.value))
        for (name, value), quoted in zip(
            computed_elsewhere(measured).items(), MEASURED_ELSEWHERE, strict=True
        )
    ]
    return markdown_table(("", "computed", "measured"), rows) + "\n"


def _exact(value: float) -> str:
    """A factor near one says all in its third digit behind the point."""
    return number(value) if value >= 2 else f"{value:.3f}"
