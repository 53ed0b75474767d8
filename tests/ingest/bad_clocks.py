"""Cameras with clocks of every kind, without a camera: what they stamp and when they are read."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from pet_stream.ingest.capture_clock import CaptureClock, Now

MS = 1_000_000
SECOND = 1_000_000_000
HOUR = 3600 * SECOND
BOOTED_NS = 500_000 * SECOND
"""What CLOCK_MONOTONIC says when the camera takes its first picture."""
EPOCH_NS = 1_796_000_000 * SECOND

Stamp = Callable[[int, int], int]
"""From the number of a picture and the time that passed before it, to the camera's stamp."""


@dataclass(frozen=True)
class Timed:
    """One picture: when it was taken, and when the clock says so; and when it was read."""

    true_ns: int
    said_ns: int
    read_ns: int

    @property
    def age_ns(self) -> int:
        return self.read_ns - self.said_ns


def spacings_ns(timed: list[Timed]) -> list[int]:
    return [b.said_ns - a.said_ns for a, b in pairwise(timed)]


def realtime_ns(passed_ns: int) -> int:
    return EPOCH_NS + passed_ns


def run(
    clock: CaptureClock,
    stamp: Stamp,
    *,
    fps: float = 30,
    seconds: float = 60,
    look_s: float | None = None,
    delay_ns: int = 8 * MS,
    jitter_ns: int = 4 * MS,
    realtime: Callable[[int], int] = realtime_ns,
    seed: int = 1,
) -> list[Timed]:
    """Have `clock` time the pictures of `seconds`. `look_s`: read every so often, as when nobody
    watches; None: as soon as they are there. Each stays `delay_ns` and up to `jitter_ns` on the
    way."""
    chance = random.Random(seed)
    timed: list[Timed] = []
    unread: list[tuple[int, int]] = []
    look_ns = 0
    arrived_ns = 0
    for number in range(int(seconds * fps)):
        passed_ns = int(number * SECOND / fps)
        arrived_ns = max(arrived_ns + 1000, passed_ns + delay_ns + chance.randrange(jitter_ns + 1))
        if look_s is not None:
            while look_ns < arrived_ns:
                timed += look(clock, unread, BOOTED_NS + look_ns, realtime(look_ns))
                look_ns += int(look_s * SECOND)
        unread.append((stamp(number, passed_ns), BOOTED_NS + passed_ns))
        if look_s is None:
            timed += look(clock, unread, BOOTED_NS + arrived_ns, realtime(arrived_ns))
    return timed + look(clock, unread, BOOTED_NS + arrived_ns + MS, realtime(arrived_ns + MS))


def look(
    clock: CaptureClock, unread: list[tuple[int, int]], now_ns: int, now_realtime_ns: int
) -> list[Timed]:
    stamps = [(0, stamp_ns) for stamp_ns, _ in unread]
    times = clock.times_ns(stamps, Now(now_ns, now_realtime_ns))
    found = [
        Timed(true_ns, said_ns, now_ns) for (_, true_ns), said_ns in zip(unread, times, strict=True)
    ]
    unread.clear()
    return found


def monotonic(_number: int, passed_ns: int) -> int:
    return BOOTED_NS + passed_ns


def own(_number: int, passed_ns: int) -> int:
    return 7 * HOUR + passed_ns


def drifting(start: Stamp, percent: float) -> Stamp:
    return lambda number, passed_ns: start(number, int(passed_ns * (1 + percent / 100)))


def with_outliers(start: Stamp, every: int, by_ns: int) -> Stamp:
    return lambda number, ns: start(number, ns) + (by_ns if number % every == every - 1 else 0)


def stepping(start: Stamp, by_ns: int, at_s: float = 20) -> Stamp:
    return lambda number, ns: start(number, ns) + (by_ns if ns >= at_s * SECOND else 0)


def scattered(number: int, _passed_ns: int) -> int:
    return random.Random(number).randrange(1 << 62)


BAD_CLOCKS: dict[str, Stamp] = {
    "always 0": lambda _number, _ns: 0,
    "always the same": lambda _number, _ns: 1_234_567 * SECOND,
    "always when it started": lambda _number, _ns: BOOTED_NS,
    "a counter of seconds": lambda number, _ns: number * SECOND,
    "a counter of nanoseconds": lambda number, _ns: number,
    "milliseconds as seconds": lambda _number, ns: (BOOTED_NS + ns) // MS * SECOND,
    "microseconds as nanoseconds": lambda _number, ns: (BOOTED_NS + ns) // 1000,
    "whole seconds": lambda _number, ns: (BOOTED_NS + ns) // SECOND * SECOND,
    "whole seconds of the epoch": lambda _number, ns: realtime_ns(ns) // SECOND * SECOND,
    "scattered": scattered,
    "scattered around now": lambda number, ns: (
        BOOTED_NS + ns + random.Random(number).randrange(-10 * SECOND, 10 * SECOND)
    ),
    "backwards": lambda _number, ns: BOOTED_NS - ns,
    "negative": lambda _number, ns: -5 * HOUR + ns,
    "negative and constant": lambda _number, _ns: -1,
    "its own": own,
    "local time": lambda _number, ns: realtime_ns(ns) + 9 * HOUR,
    "20 s slow": lambda _number, ns: BOOTED_NS + ns - 20 * SECOND,
    "20 s fast": lambda _number, ns: BOOTED_NS + ns + 20 * SECOND,
    "twice as fast": drifting(monotonic, 100),
    **{
        f"{name}, {percent:+g} %": drifting(clock, percent)
        for name, clock in (("monotonic", monotonic), ("its own", own))
        for percent in (-5, -0.1, -0.01, 0.01, 0.1, 5)
    },
    **{
        f"{name}, every {every}. by {by_ns / HOUR:+g} h": with_outliers(clock, every, by_ns)
        for name, clock in (("monotonic", monotonic), ("its own", own))
        for every in (2, 100)
        for by_ns in (-HOUR * 999_999, -5 * HOUR, 3 * SECOND, 5 * HOUR)
    },
    **{
        f"{name}, set by {by_ns / SECOND:+g} s": stepping(clock, by_ns)
        for name, clock in (("monotonic", monotonic), ("its own", own))
        for by_ns in (-2 * HOUR, -3 * SECOND, -300 * MS, 300 * MS, 3 * SECOND, 2 * HOUR)
    },
    "in pairs": lambda number, ns: BOOTED_NS + ns * (number & ~1) // max(1, number),
    "in steps of 0.1 s": lambda _number, ns: BOOTED_NS + ns // (100 * MS) * 100 * MS,
    "its own, starting over": lambda _number, ns: own(0, ns % (20 * SECOND)),
    "32 bits of microseconds": lambda _number, ns: (
        (4_294_967_296 - 20_000_000 + ns // 1000) % (1 << 32) * 1000
    ),
    "monotonic, then 0": lambda number, ns: monotonic(number, ns) if ns < 20 * SECOND else 0,
    "0, then monotonic": lambda number, ns: 0 if ns < 20 * SECOND else monotonic(number, ns),
}
