"""What a process uses, as the kernel counts it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_CPUCLOCK_SCHED = 2


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a server's processes over a window; percent are of one core."""

    seconds: float
    cpu_percent: float
    user_percent: float
    system_percent: float
    wakeups_per_s: float
    """Voluntary context switches of all its threads."""
    rss_mb: float
    pss_mb: float


@dataclass(frozen=True, slots=True)
class _Reading:
    at_ns: int
    cpu_ns: int
    user_ticks: int
    system_ticks: int
    switches: int


def observe(pids: Sequence[int], wait: Callable[[], object]) -> Usage:
    """What `pids` use while `wait` runs, and their memory after that."""
    before = _read(pids)
    wait()
    after = _read(pids)
    elapsed_ns = after.at_ns - before.at_ns
    user = after.user_ticks - before.user_ticks
    system = after.system_ticks - before.system_ticks
    cpu_percent = (after.cpu_ns - before.cpu_ns) / elapsed_ns * 100
    ticks = max(1, user + system)  # coarse: they only divide the exact sum
    rss_mb, pss_mb = map(sum, zip(*map(memory_mb, pids), strict=True))
    return Usage(
        seconds=elapsed_ns / 1e9,
        cpu_percent=cpu_percent,
        user_percent=cpu_percent * user / ticks,
        system_percent=cpu_percent * system / ticks,
        wakeups_per_s=(after.switches - before.switches) / (elapsed_ns / 1e9),
        rss_mb=rss_mb,
        pss_mb=pss_mb,
    )


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident memory: all of it, and with shared pages divided among those who share them."""
    fields = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, value = line.split(":")
        fields[name] = int(value.split()[0]) / 1024
    return fields["Rss"], fields["Pss"]


def machine_busy_s() -> float:
    """CPU time that all processes of this machine have used, and what the hypervisor took."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, softirq, steal = map(int, fields[:8])
    return (user + nice + system + irq + softirq + steal) / _TICKS_PER_S


class IdleTime:
    """How much of the machine stood idle since this was made."""

    def __init__(self) -> None:
        self._begun_s, self._busy_s = time.monotonic(), machine_busy_s()

    @property
    def percent(self) -> float:
        """Of all cores together."""
        busy_s = machine_busy_s() - self._busy_s
        elapsed_s = time.monotonic() - self._begun_s
        return max(0.0, 100 - busy_s / elapsed_s / (os.cpu_count() or 1) * 100)


def cpu_ns(pid: int) -> int:
    """User and system time of all threads, exact to the nanosecond (clock_getcpuclockid(3))."""
    return time.clock_gettime_ns(~pid << 3 | _CPUCLOCK_SCHED)


def _read(pids: Sequence[int]) -> _Reading:
    user_ticks = system_ticks = switches = 0
    for pid in pids:
        switches += sum(map(_switches, Path(f"/proc/{pid}/task").glob("*/status")))
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        user_ticks += int(fields[11])
        system_ticks += int(fields[12])
    return _Reading(
        at_ns=time.monotonic_ns(),
        cpu_ns=sum(map(cpu_ns, pids)),
        user_ticks=user_ticks,
        system_ticks=system_ticks,
        switches=switches,
    )


def _switches(status: Path) -> int:
    """Voluntary ones of a thread; none if it has just ended."""
    try:
        lines = status.read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
