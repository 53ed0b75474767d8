"""Holds what the reader delivered against what the C writer says it wrote.

`python -m tests.ingest.acceptance` makes the long runs (`make soak`), the tests short ones.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import threading
import time
from bisect import bisect
from dataclasses import dataclass, field
from pathlib import Path

from pet_stream.broadcaster import Broadcaster
from pet_stream.ingest.ring_reader import Picture
from pet_stream.ingest.shm_reader import ShmReader
from pet_stream.ingest.source_urls import NO_SOURCES, SourceUrls
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.ring import FORMAT_H264
from tests.camera.camera import Camera, Log, PictureRow, Stamp, parse_payload
from tests.waiting import TIMEOUT_S

READABLE_WRITES = 3
"""A copy counts as readable when so many further writes left it alone."""
READABLE_NS = 2_000_000


@dataclass(frozen=True, slots=True)
class Arrival:
    picture: Picture
    at_ns: int


class PictureCollector:
    """Stands where access units are made and keeps every picture that the reader delivers."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.video = None
        self.has_parameter_sets = False

    def make(self, picture: Picture, capture_ns: int) -> AccessUnit | None:
        self.arrivals.append(Arrival(picture, time.monotonic_ns()))
        return None


class Collection:
    """A running reader whose pictures are kept. `is_urgent`: as if somebody watched; `has_sources`:
    it may read the rings that the relay copies from."""

    def __init__(self, segment: str, *, is_urgent: bool = True, has_sources: bool = False) -> None:
        self.broadcaster = Broadcaster()
        sources = SourceUrls.usual(segment) if has_sources else NO_SOURCES
        self.reader = ShmReader(segment, self.broadcaster, "acceptance", sources=sources)
        self.collector = PictureCollector()
        self.reader._access_units = self.collector  # type: ignore[assignment]
        if is_urgent:
            self.broadcaster.subscribe("viewer", 30, lambda: None, is_urgent=True)

    def __enter__(self) -> Collection:
        self.reader.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.reader.stop()

    @property
    def cpu_s(self) -> float:
        """Processor time that the camera thread has used."""
        run = self.reader.run
        assert run is not None
        [ident] = [each.ident for each in threading.enumerate() if each.name == run.name]
        assert ident is not None
        return time.clock_gettime(time.pthread_getcpuclockid(ident))

    def wait_for(self, count: int, timeout_s: float) -> None:
        """Until so many pictures were delivered."""
        deadline = time.monotonic() + timeout_s
        while len(self.collector.arrivals) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.collector.arrivals)} of {count} pictures")
            time.sleep(0.005)

    def wait_until_attached(self, timeout_s: float = TIMEOUT_S) -> None:
        deadline = time.monotonic() + timeout_s
        while self.reader.counts.attachments == 0:
            if time.monotonic() > deadline:
                raise TimeoutError("not attached")
            time.sleep(0.002)


@dataclass(slots=True)
class Verdict:
    """How a run went. The lists but the last must be empty."""

    written: int = 0
    delivered: int = 0
    discontinuities: int = 0
    torn: list[int] = field(default_factory=list)
    """Bytes that are no picture's."""
    stale: list[int] = field(default_factory=list)
    """Whole, but not the picture that the header names."""
    out_of_order: list[int] = field(default_factory=list)
    lost: list[PictureRow] = field(default_factory=list)
    """Readable and not delivered."""
    unreported: list[int] = field(default_factory=list)
    """Missing without a discontinuity on what followed."""
    longest_copy_ms: float = 0.0
    """Of the camera."""
    latencies_ms: list[float] = field(default_factory=list)
    """From the end of the writer's copy to the delivery; negative where it was overtaken."""

    @property
    def was_held_up(self) -> bool:
        """Whether the camera copied for so long that, behind a relay, nobody could tell."""
        return self.longest_copy_ms >= 10

    @property
    def is_perfect(self) -> bool:
        return not (self.torn or self.stale or self.out_of_order or self.lost or self.unreported)

    def __str__(self) -> str:
        text = (
            f"{self.delivered} of {self.written} delivered, {len(self.torn)} torn, "
            f"{len(self.stale)} stale, {len(self.out_of_order)} out of order, "
            f"{len(self.lost)} lost, {len(self.unreported)} unreported, "
            f"{self.discontinuities} discontinuities"
        )
        if len(self.latencies_ms) >= 20:
            cuts = statistics.quantiles(self.latencies_ms, n=20)
            text += f"; latency p50 {cuts[9]:.2f} ms, p95 {cuts[18]:.2f} ms"
        return text


def judge(arrivals: list[Arrival], log: Log, *, is_relay: bool = False) -> Verdict:
    """Compare. Behind a relay only what a whole copy of was readable has to arrive."""
    made = {row.identity: row for row in log.pictures if row.format == FORMAT_H264}
    verdict = Verdict(delivered=len(arrivals))
    verdict.longest_copy_ms = max(row.end_ns - row.index_ns for row in made.values()) / 1e6
    delivered: dict[tuple[int, int, int], int] = {}
    previous: tuple[int, int, int] | None = None
    for position, arrival in enumerate(arrivals):
        header = arrival.picture.header
        verdict.discontinuities += arrival.picture.is_discontinuity
        stamp = parse_payload(arrival.picture.nal_units)
        if stamp is None or not stamp.crc_ok:
            verdict.torn.append(position)
        elif not _is_of(stamp, header.identity):
            verdict.stale.append(position)
        if header.identity in delivered or (previous is not None and header.identity < previous):
            verdict.out_of_order.append(position)
        delivered[header.identity] = position
        previous = header.identity
        row = made.get(header.identity)
        if row is not None:
            verdict.latencies_ms.append((arrival.at_ns - row.end_ns) / 1e6)
    readable = _readable_behind_relay(log) if is_relay else set(made)
    first, last = arrivals[0].picture.header.identity, arrivals[-1].picture.header.identity
    in_time = sorted(identity for identity in made if first <= identity <= last)
    wanted = [identity for identity in in_time if identity in readable]
    verdict.written = len(wanted)
    verdict.lost = [made[identity] for identity in wanted if identity not in delivered]
    is_missing = False
    if is_relay:
        active = {row.identity for row in log.relayed}
        in_time = [identity for identity in in_time if identity in active]
    for identity in in_time:
        if identity not in delivered:
            is_missing = True
        else:
            position = delivered[identity]
            if is_missing and not arrivals[position].picture.is_discontinuity:
                verdict.unreported.append(position)
            is_missing = False
    return verdict


def _is_of(stamp: Stamp, identity: tuple[int, int, int]) -> bool:
    return (stamp.capture_ns, stamp.camera_id, stamp.frame_number) == identity


def _readable_behind_relay(log: Log) -> set[tuple[int, int, int]]:
    """Whose whole copy stood in a slot long enough for a reader to find it."""
    last = log.relayed[-1]
    return {
        row.identity
        for row in log.relayed
        if row.is_whole
        and row.format == FORMAT_H264
        and last.write - row.write >= READABLE_WRITES
        and last.end_ns - row.end_ns >= READABLE_NS
    }


def run(
    segment: str, *, count: int, is_urgent: bool = True, is_relay: bool = False, **options: object
) -> tuple[Verdict, Collection, float]:
    """Write `count` pictures and read them. Also gives the reader's CPU time as % of a core."""
    fps = float(str(options.get("fps", 30)))
    with Camera(segment, count=count, hold=True, relay=is_relay, **options) as camera:  # type: ignore[arg-type]
        if not is_relay or "relay_rate" in options:  # a loop without pause would be throttled
            _put_first(camera.pid)
        with Collection(segment, is_urgent=is_urgent) as collection:
            collection.wait_until_attached()
            wall_s, cpu_s = time.monotonic(), collection.cpu_s
            camera.command("start")
            camera.wait_until_done(timeout_s=count / fps * 1.5 + 30)
            used = (collection.cpu_s - cpu_s) / (time.monotonic() - wall_s)
            time.sleep(0.3)
        log = camera.log()
    return judge(collection.collector.arrivals, log, is_relay=is_relay), collection, used * 100


def run_switching(
    segment: str, *, count: int, every_s: float = 10.0, relay_rate: float = 0, fps: float = 30
) -> tuple[Switching, float]:
    """Write about `count` pictures of the active camera, which is another one every `every_s`, and
    read them from the cameras' own rings. Also gives the reader's CPU time as % of a core."""
    options = {"relay_rate": relay_rate, "fps": fps}
    with Camera(segment, relay=True, swap_rates=True, hold=True, **options) as camera:
        with Collection(segment, has_sources=True) as collection:
            collection.wait_until_attached()
            camera.command("start")
            wall_s, cpu_s, active = time.monotonic(), collection.cpu_s, 0
            switched_ns: list[int] = []
            while time.monotonic() - wall_s < count / fps:
                time.sleep(every_s)
                active ^= 1
                switched_ns.append(time.monotonic_ns())
                camera.command(f"camera {active}")
            time.sleep(1)
            used = (collection.cpu_s - cpu_s) / (time.monotonic() - wall_s)
        log = camera.log()
    return judge_switching(collection.collector.arrivals, log, switched_ns), used * 100


@dataclass(slots=True)
class Switching:
    """How a run with changing cameras went. The first four must be empty."""

    lost: list[PictureRow]
    """Of the active camera, and not delivered."""
    twice: int
    torn: int
    """Not a picture's bytes, or another's."""
    late: list[int]
    """Of a camera that had been inactive for longer than anybody needs to see it, ms."""
    delivered: int
    switch_ms: list[float]
    """From the switch to the first picture of the other camera."""
    latencies_ms: list[float]

    @property
    def is_perfect(self) -> bool:
        return not (self.lost or self.twice or self.torn or self.late)

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.latencies_ms, n=20)
        return (
            f"{self.delivered} delivered, {len(self.lost)} lost, {self.twice} twice, "
            f"{self.torn} torn, {len(self.late)} late; "
            f"switch {max(self.switch_ms):.0f} ms at most; latency "
            f"p50 {cuts[9]:.2f} ms, p95 {cuts[18]:.2f} ms"
        )


def judge_switching(arrivals: list[Arrival], log: Log, switched_ns: list[int]) -> Switching:
    """Camera 0 is the active one at first, the other one from the first of `switched_ns` on."""
    made = {row.identity: row for row in log.pictures}
    delivered = {arrival.picture.header.identity for arrival in arrivals}

    def is_active(row: PictureRow) -> bool:
        return bisect(switched_ns, row.index_ns) % 2 == row.camera_id

    wanted = [row for row in log.pictures if is_active(row)]
    begun_ns = arrivals[0].at_ns
    ended_ns = arrivals[-1].at_ns
    result = Switching(
        lost=[
            row
            for row in wanted
            if row.identity not in delivered and begun_ns < row.end_ns < ended_ns - 50_000_000
        ],
        twice=len(arrivals) - len(delivered),
        torn=0,
        late=[],
        delivered=len(arrivals),
        switch_ms=[],
        latencies_ms=[],
    )
    for arrival in arrivals:
        header = arrival.picture.header
        stamp = parse_payload(arrival.picture.nal_units)
        result.torn += stamp is None or not (stamp.crc_ok and _is_of(stamp, header.identity))
        row = made.get(header.identity)
        if row is not None and is_active(row):
            result.latencies_ms.append((arrival.at_ns - row.end_ns) / 1e6)
    for number, at_ns in enumerate(switched_ns):
        active, until_ns = (number + 1) % 2, [*switched_ns, ended_ns][number + 1]
        after = [arrival for arrival in arrivals if at_ns < arrival.at_ns < until_ns]
        of_active = [a for a in after if a.picture.header.camera_id == active]
        if of_active:
            result.switch_ms.append((of_active[0].at_ns - at_ns) / 1e6)
            result.late += [
                round((a.at_ns - at_ns) / 1e6)
                for a in after
                if a.picture.header.camera_id != active and a.at_ns > of_active[0].at_ns
            ]
    return result


def _put_first(pid: int) -> None:
    """Run it in real time, if this user may: nothing holds it up in the middle of a copy."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(1))


RUNS: dict[str, dict[str, object]] = {
    "once 30 fps": {"fps": 30},
    "once 30 fps forward": {"fps": 30, "copy": "forward"},
    "once 30 fps backward": {"fps": 30, "copy": "backward"},
    "once 30 fps paused": {"fps": 30, "copy": "forward", "pause_ms": 12, "pause_every": 5},
    "once 30 fps idle": {"fps": 30, "is_urgent": False},
    "once 300 fps": {"fps": 300},
    "brightness 30 fps": {"layout": "brightness", "index_last": True},
    "aligned 30 fps": {"layout": "aligned", "picture_only": True, "header_last": True},
    "six slots 30 fps": {"layout": "six-slots", "picture_only": True},
    "six slots 30 fps idle": {"layout": "six-slots", "picture_only": True, "is_urgent": False},
    "relay free": {"is_relay": True},
    "relay 606/s": {"is_relay": True, "relay_rate": 606},
    "relay 200/s": {"is_relay": True, "relay_rate": 200},
    "relay 100/s": {"is_relay": True, "relay_rate": 100},
    "relay free paused": {"is_relay": True, "pause_ms": 6, "pause_every": 7, "copy": "forward"},
}


SWITCHING = {"switching free": 0, "switching 606/s": 606, "switching 60/s": 60}
"""Runs behind a relay with its cameras' own rings; its writes a second, 0: without a pause."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=18_000, help="pictures a run")
    parser.add_argument(
        "--only", action="append", choices=[*SWITCHING, *RUNS], help="a run (repeatable)"
    )
    arguments = parser.parse_args()
    failed = 0
    for name, rate in SWITCHING.items():
        if name not in (arguments.only or SWITCHING):
            continue
        segment = f"/pet_test_acceptance_{time.monotonic_ns()}"
        switching, cpu = run_switching(segment, count=arguments.count, relay_rate=rate)
        failed += not switching.is_perfect
        print(f"{name:22} {switching}; {cpu:.2f} % of a core", flush=True)
    for name in [name for name in arguments.only or RUNS if name in RUNS]:
        segment = f"/pet_test_acceptance_{time.monotonic_ns()}"
        verdict, collection, cpu = run(segment, count=arguments.count, **RUNS[name])  # type: ignore[arg-type]
        failed += not verdict.is_perfect
        print(f"{name:22} {verdict}; {cpu:.2f} % of a core", flush=True)
        print(f"{'':22} {collection.reader.counts}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
