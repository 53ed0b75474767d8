"""What is looked at before, during and after an attack."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.camera.camera import Camera

from ..camera import readable_since
from ..children import Child
from ..process import cpu_ns, memory_mb
from ..window import compare, percentile, take_result
from .honest import Honest, gets_health
from .served import Served

HEALTH_TIMEOUT_S = 1.0
NEWCOMER_TIMEOUT_S = 8.0
NEWCOMER_EVERY_S = 2.0
HEALTH_EVERY_S = 1.0
ATTACK_BEGINS_S = 0.3
LOOK_S = 0.05
MAX_RSS_MB = 4096.0
"""A server that takes more is ended, before it takes the machine with it."""


class ServerEnded(Exception):
    """Of itself, or because it took too much memory."""


@dataclass(slots=True)
class Phase:
    seconds: float = 0.0
    expected_pictures: int = 0
    """Of all viewers."""
    lost_pictures: int = 0
    """Never came, or came with a piece missing."""
    p50_ms: float | None = None
    p95_ms: float | None = None
    cpu_percent: float = 0.0
    rss_mb: float = 0.0
    """At its end; during the attack, the most."""
    descriptors: int = 0
    threads: int = 0
    newcomers_ms: list[float | None] = field(default_factory=list)
    """From the offer to the first IDR; None: not let in, or not within NEWCOMER_TIMEOUT_S."""
    healthy: list[bool] = field(default_factory=list)
    honest: list[bool] = field(default_factory=list)
    disk_mb: float = 0.0


class Watch:
    """Looks at a server from outside, one phase after the other."""

    def __init__(
        self,
        server: Served,
        camera: Camera,
        viewers: Child,
        newcomers: Child,
        folder: Path,
        honest: Honest | None,
    ) -> None:
        self._server = server
        self._pid = server.serving_pid
        self._camera = camera
        self._viewers = viewers
        self._newcomers = newcomers
        self._folder = folder
        self._honest = honest
        self._phase = Phase()
        self._begun_s = 0.0
        self._begun_cpu_ns = 0
        self._asked_in: Phase | None = None
        """When the newcomer who is not in yet began."""
        self._newcomer_due_s = self._health_due_s = 0.0

    def begin(self) -> None:
        self._phase = Phase()
        self._begun_s, self._begun_cpu_ns = time.monotonic(), self._cpu_ns()
        self._newcomer_due_s = self._health_due_s = self._begun_s + ATTACK_BEGINS_S
        self._viewers.ask(30, do="begin")

    def look(self, *, asks: bool) -> None:
        """At what the process uses; `asks`: also whether it still answers. Raises ServerEnded."""
        rss_mb, threads = _rss_and_threads(self._pid)
        if rss_mb > MAX_RSS_MB:
            os.kill(self._pid, signal.SIGKILL)
            raise ServerEnded(f"killed at {rss_mb:.0f} MB")
        phase = self._phase
        phase.rss_mb = max(phase.rss_mb, rss_mb)
        phase.threads = max(phase.threads, threads)
        phase.descriptors = max(phase.descriptors, _descriptors(self._pid))
        if asks:
            self._ask()

    def end(self) -> Phase:
        """Raises ServerEnded."""
        phase = self._phase
        phase.seconds = time.monotonic() - self._begun_s
        phase.cpu_percent = (self._cpu_ns() - self._begun_cpu_ns) / 1e7 / phase.seconds
        result = take_result(self._viewers.ask(60, do="end")["file"])
        arrived = compare(result, readable_since(self._camera.log(), is_relay=False))
        phase.expected_pictures = arrived.expected
        phase.lost_pictures = arrived.missing + sum(
            viewer["counts"]["broken_pictures"] for viewer in result["viewers"]
        )
        if arrived.complete_ms:
            phase.p50_ms, phase.p95_ms = (percentile(arrived.complete_ms, p) for p in (50, 95))
        phase.disk_mb = _disk_mb(self._folder)
        return phase

    def settle(self, phase: Phase) -> None:
        """What the process uses now, nobody being let in, and whether it lets somebody in."""
        self._take_newcomer(NEWCOMER_TIMEOUT_S * 3)
        phase.rss_mb = self._exact_rss_mb()
        phase.descriptors, phase.threads = _descriptors(self._pid), _rss_and_threads(self._pid)[1]
        self._phase = phase
        self._newcomer_due_s = self._health_due_s = 0.0
        self._ask()
        self._take_newcomer(NEWCOMER_TIMEOUT_S * 3)

    def _ask(self) -> None:
        now_s = time.monotonic()
        if now_s >= self._health_due_s:
            self._health_due_s = now_s + HEALTH_EVERY_S
            self._phase.healthy.append(gets_health(self._server.address, HEALTH_TIMEOUT_S))
        if self._asked_in is not None:
            self._take_newcomer(0.0)
        elif now_s >= self._newcomer_due_s:
            self._newcomer_due_s = now_s + NEWCOMER_EVERY_S
            if self._honest is not None:
                self._phase.honest.append(self._honest(self._server.address))
            self._newcomers.say(do="reconnect", count=1)
            self._asked_in = self._phase

    def _take_newcomer(self, timeout_s: float) -> None:
        asked_in = self._asked_in
        if asked_in is not None and (line := self._newcomers.poll_line(timeout_s)) is not None:
            self._asked_in = None
            times_ms = json.loads(line).get("first_idr_ms") or [None]
            asked_in.newcomers_ms.append(times_ms[0])

    def _cpu_ns(self) -> int:
        try:
            return cpu_ns(self._pid)
        except OSError:
            raise ServerEnded("ended") from None

    def _exact_rss_mb(self) -> float:
        try:
            return memory_mb(self._pid)[0]
        except (OSError, KeyError):
            raise ServerEnded("ended") from None


def _rss_and_threads(pid: int) -> tuple[float, int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        return int(fields["VmRSS"].split()[0]) / 1024, int(fields["Threads"])
    except (OSError, KeyError):
        raise ServerEnded("ended") from None


def _descriptors(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        raise ServerEnded("ended") from None


def _disk_mb(folder: Path) -> float:
    return sum(_blocks(path) for path in folder.iterdir()) * 512 / 1e6


def _blocks(path: Path) -> int:
    try:
        return path.lstat().st_blocks
    except FileNotFoundError:  # deleted, or given its final name
        return 0
