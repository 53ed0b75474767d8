"""All of it together, for as long as is wanted: what grows?

    python -m tests.chaos.soak --minutes 60        (make soak-all)

Viewers of both kinds watch all the time; others come, go and die; recordings, clips, pages and
scrapes follow each other; the camera is killed, its segment replaced; strangers send garbage. Once
a minute, in a moment of quiet, it is noted what the server holds. At the end a line is laid through
the values after the warm-up: memory, descriptors, threads, tasks, latency. Ends with 1 if one of
them grows by more than its limit, or if a viewer, a recording or an answer was lost.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.process import memory_mb
from tests.websocket.client import WebSocket

from .disturbances import MILD
from .site import Site, open_site
from .verdict import Growth, check_recordings, growth_of

LIVE_AGAIN_S = 3.0
QUIET_S = 5.0
"""Before each look: who has gone is noticed by then."""
WARM_UP = 0.2
WARM_UP_MINUTES = 10.0
"""This much of a run is left out, and so many minutes at least, but never more than half: an
allocator takes its time to have all it needs."""
LIMITS_PER_HOUR = {
    "rss_mb": 2.0,
    "descriptors": 1.0,
    "threads": 1.0,
    "tasks": 1.0,
    "timers": 1.0,
    "latency_p50_ms": 2.0,
}


@dataclass(frozen=True, slots=True)
class Look:
    """What the server holds at one moment, and how late pictures were in the minute before."""

    minute: float
    rss_mb: float
    descriptors: int
    threads: int
    tasks: int
    timers: int
    latency_p50_ms: float
    latency_p95_ms: float

    def __str__(self) -> str:
        told = asdict(self)
        minute = told.pop("minute")
        return f"minute {minute:5.1f}: " + ", ".join(f"{k} {v:.4g}" for k, v in told.items())


class Soak:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.looks: list[Look] = []
        self.faults: list[str] = []
        self.step_count = 0
        self._began_s = time.monotonic()
        self._number = itertools.count(1)

    def run(self, minutes: float) -> None:
        steps = itertools.cycle(self._steps())
        while (self._minute) < minutes:
            ends_s = time.monotonic() + 60 - QUIET_S
            while time.monotonic() < ends_s:
                self._do(next(steps))
            time.sleep(QUIET_S)
            self.looks.append(self._look())
            print(self.looks[-1], flush=True)

    @property
    def _minute(self) -> float:
        return (time.monotonic() - self._began_s) / 60

    def _do(self, step: Callable[[], object]) -> None:
        self.step_count += 1
        try:
            step()
        except (OSError, AssertionError, TimeoutError) as exc:
            fault = f"minute {self._minute:.1f}: {step}: {type(exc).__name__}: {exc}"
            self.faults.append(fault)
            print(fault, flush=True)

    def _steps(self) -> list[Callable[[], object]]:
        usual = [self.scrape, self.open_page, self.listen, self.record, self.clip]
        steps: list[Callable[[], object]] = []
        for disturbance in MILD:
            steps += [*usual, _Disturbed(self.site, disturbance)]
        return steps

    def scrape(self) -> None:
        self.site.ask("/metrics")
        time.sleep(1)

    def open_page(self) -> None:
        for path in ("/pet-stream/", "/api/recordings", "/api/webrtc/config", "/health"):
            self.site.ask(path)
        time.sleep(1)

    def listen(self) -> None:
        with WebSocket(f"{self.site.url.replace('http', 'ws', 1)}/api/stream/ws") as page:
            page.text("state")
            time.sleep(1)

    def record(self) -> None:
        self.site.record(f"soak_{next(self._number)}")
        time.sleep(3)
        status = self.site.stop_recording()
        assert status["frame_count"] > 30, status

    def clip(self) -> None:
        self.site.ask("/api/recording/clip", "POST", {"seconds": 2})
        check_recordings(self.site.recordings, is_settled=False)
        for recording in list(self.site.recordings.glob("*.mp4")):
            self.site.ask(f"/api/recordings/{recording.name}", "DELETE")

    def _look(self) -> Look:
        latencies = [ms for viewer in self.site.audiences for ms in viewer.take_latencies()]
        cuts = statistics.quantiles(latencies, n=20)
        held = self.site.ask("/chaos/kept")
        return Look(
            minute=self._minute,
            rss_mb=memory_mb(self.site.pid)[0],
            descriptors=self.site.kept().descriptors,
            threads=held["threads"],
            tasks=held["tasks"],
            timers=held["timers"],
            latency_p50_ms=cuts[9],
            latency_p95_ms=cuts[18],
        )


class _Disturbed:
    """One disturbance, and the time until all is live again."""

    def __init__(self, site: Site, disturbance: object) -> None:
        self._site = site
        self._disturbance = disturbance

    def __call__(self) -> None:
        disturbance = self._disturbance
        with disturbance.disturb(self._site):  # type: ignore[attr-defined]
            pass
        self._site.wait_until_live(LIVE_AGAIN_S)

    def __str__(self) -> str:
        return str(self._disturbance.name)  # type: ignore[attr-defined]


def growths(looks: list[Look]) -> dict[str, Growth]:
    whole = looks[-1].minute
    warm_up = min(whole / 2, max(WARM_UP_MINUTES, whole * WARM_UP))
    settled = [look for look in looks if look.minute > warm_up]
    minutes = [look.minute for look in settled]
    return {
        field.name: growth_of(minutes, [float(getattr(look, field.name)) for look in settled])
        for field in fields(Look)
        if field.name != "minute"
    }


@contextmanager
def soaking() -> Iterator[Soak]:
    segment = f"/pet_test_{os.getpid()}_soak"
    with (
        TemporaryDirectory(prefix="pet_stream_soak_") as folder,
        open_site(Path(folder), segment, environment={"FLASK_PET_STREAM_KEEP_MB": "50"}) as site,
    ):
        yield Soak(site)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make soak-all", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes = parser.parse_args().minutes
    with soaking() as soak:
        soak.run(minutes)
    found = growths(soak.looks)
    grown = [name for name, limit in LIMITS_PER_HOUR.items() if found[name].exceeds(limit)]
    for name, growth in found.items():
        print(f"{name:15} {growth}{'  TOO MUCH' if name in grown else ''}")
    print(f"{soak.step_count} steps, {len(soak.faults)} faults", *soak.faults, sep="\n")
    return 1 if grown or soak.faults else 0


if __name__ == "__main__":
    sys.exit(main())
