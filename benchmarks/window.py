"""One measurement: a server, some viewers, a few seconds, and one row of the table."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.camera.camera import Camera

from .camera import FPS, Writing, readable_since
from .children import Child, Server
from .process import Usage, cpu_ns, machine_busy_s, observe

NS = 1_000_000_000
EDGE_NS = 100_000_000
"""Pictures so close to an end of the window are not missed when they fall outside."""
SCRAPES = 40
"""One after the other, each over a connection of its own."""
_RTP_WRAP = 1 << 32


@dataclass(slots=True)
class Row:
    """Milliseconds are from the end of the writer's copy to the kernel's arrival time at the
    viewer's socket."""

    system: str
    writing: str
    viewers: int
    note: str
    seconds: float
    cpu_percent: float
    user_percent: float
    system_percent: float
    us_per_packet: float | None
    wakeups_per_s: float
    rss_mb: float
    pss_mb: float
    replay_mb: float = 0.0
    """The part of it that is kept for pre-roll and clips."""
    fps_min: float | None = None
    """Of the viewer with the fewest whole pictures."""
    packets_per_s: float | None = None
    lost_packets: int = 0
    other_faults: int = 0
    """Duplicate, reordered and unauthentic packets, and broken pictures."""
    missing_pictures: int = 0
    """Of all viewers: written in the window and not received."""
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None
    first_packet_p50_ms: float | None = None
    """The same up to a picture's first packet, of all viewers."""
    first_packet_p95_ms: float | None = None
    scrape_p50_ms: float | None = None
    """From the request for `/metrics` to its answer's last byte."""
    scrape_p95_ms: float | None = None
    viewers_cpu_percent: float = 0.0
    others_cpu_percent: float = 0.0
    """What the machine did beside server, camera and viewers: the noise."""
    idle_percent: float = 0.0
    """Of the whole machine; at 0 the latencies say nothing about the server alone."""
    counters: dict[str, float] = field(default_factory=dict)
    """What the server's own counters rose by."""


def measure(
    server: Server,
    crowd: Child | None,
    camera: Camera,
    writing: Writing,
    *,
    system: str,
    viewers: int,
    seconds: float,
    note: str = "",
) -> Row:
    pids = [*server.pids, camera.pid, os.getpid(), *([crowd.pid] if crowd else [])]
    result: dict[str, Any] = {}

    def watch() -> None:
        if crowd is None or viewers == 0:
            time.sleep(seconds)
            return
        answer = crowd.ask(seconds + 30, do="measure", seconds=seconds)
        result.update(take_result(answer["file"]))

    metrics = server.metrics()
    before_ns, before_busy_s = [cpu_ns(pid) for pid in pids], machine_busy_s()
    usage = observe(server.pids, watch)
    own_s = sum(cpu_ns(pid) - then for pid, then in zip(pids, before_ns, strict=True)) / NS
    busy_s = machine_busy_s() - before_busy_s
    metrics_after = server.metrics()
    rises = {
        name: value - metrics.get(name, 0.0)
        for name, value in metrics_after.items()
        if name.endswith("_total")
    }
    cores = os.cpu_count() or 1
    row = Row(
        system=system,
        writing=writing.name,
        viewers=viewers,
        note=note,
        us_per_packet=None,
        others_cpu_percent=max(0.0, busy_s - own_s) / usage.seconds * 100,
        idle_percent=max(0.0, 100 - busy_s / usage.seconds / cores * 100),
        replay_mb=metrics_after.get("pet_stream_replay_bytes", 0.0) / (1 << 20),
        counters={name: rise for name, rise in rises.items() if rise},
        **asdict(usage),
    )
    if metrics_after:
        times_ms = [server.scrape_ms() for _ in range(SCRAPES)]
        row.scrape_p50_ms, row.scrape_p95_ms = percentile(times_ms, 50), percentile(times_ms, 95)
    if result:
        since = readable_since(camera.log(), is_relay=writing.is_relay)
        _judge(row, result, since, usage)
    return row


def take_result(name: str) -> dict[str, Any]:
    """What a crowd of viewers left in a file."""
    path = Path(name)
    result: dict[str, Any] = json.loads(path.read_text())
    path.unlink()
    return result


def percentile(values: Sequence[float], percent: float) -> float:
    """By the nearest rank; `values` in any order, not empty."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _judge(row: Row, result: dict[str, Any], since: dict[int, int], usage: Usage) -> None:
    begin_ns, end_ns = result["begin_ns"], result["end_ns"]
    counts = [viewer["counts"] for viewer in result["viewers"]]
    packets = sum(count["packets"] for count in counts)
    window_s = (end_ns - begin_ns) / NS
    row.packets_per_s = packets / window_s / len(counts)
    row.us_per_packet = usage.cpu_percent / 100 * usage.seconds / max(1, packets) * 1e6
    row.lost_packets = sum(count["lost"] for count in counts)
    faults = ("duplicates", "reordered", "unauthentic", "broken_pictures")
    row.other_faults = sum(count[fault] for count in counts for fault in faults)
    row.fps_min = min(count["pictures"] - count["broken_pictures"] for count in counts) / window_s
    row.viewers_cpu_percent = result["cpu_percent"]
    arrived = compare(result, since)
    row.missing_pictures = arrived.missing
    if arrived.complete_ms:
        row.p50_ms, row.p95_ms, row.p99_ms = (
            percentile(arrived.complete_ms, p) for p in (50, 95, 99)
        )
        row.max_ms = max(arrived.complete_ms)
        row.first_packet_p50_ms = percentile(arrived.first_ms, 50)
        row.first_packet_p95_ms = percentile(arrived.first_ms, 95)


@dataclass(slots=True)
class Arrived:
    """Of the pictures that the camera wrote in a window, all viewers together."""

    expected: int = 0
    missing: int = 0
    complete_ms: list[float] = field(default_factory=list)
    """How long each took to arrive as a whole."""
    first_ms: list[float] = field(default_factory=list)
    """The same up to its first packet."""


def compare(result: dict[str, Any], since: dict[int, int]) -> Arrived:
    """What the viewers of `result` got, against what the camera wrote (`readable_since`)."""
    begin_ns, end_ns = result["begin_ns"], result["end_ns"]
    expected = {t for t, at in since.items() if begin_ns + EDGE_NS < at < end_ns - EDGE_NS}
    by_rtp_time = {capture_ns * 9 // 100_000 % _RTP_WRAP: capture_ns for capture_ns in since}
    arrived = Arrived(expected=len(expected) * len(result["viewers"]))
    for viewer in result["viewers"]:
        arrivals = viewer["arrivals"]
        seen = set()
        for timestamp, stamped_ns, first_ns, last_ns in zip(
            arrivals["timestamp"],
            arrivals["capture_ns"],
            arrivals["first_ns"],
            arrivals["last_ns"],
            strict=True,
        ):
            capture_ns = stamped_ns or by_rtp_time.get(timestamp, 0)
            written_ns = since.get(capture_ns)
            if written_ns is not None:
                seen.add(capture_ns)
                arrived.complete_ms.append((last_ns - written_ns) / 1e6)
                arrived.first_ms.append((first_ns - written_ns) / 1e6)
        arrived.missing += len(expected - seen)
    return arrived


def holds_rate(row: Row) -> bool:
    return row.fps_min is not None and row.fps_min >= FPS * 0.99
