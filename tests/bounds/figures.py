"""A machine whose figures can be reckoned in the head."""

from __future__ import annotations

from benchmarks.bounds.cost import packets_per_s
from benchmarks.bounds.measured import Calls, Disk, Load, Measured, Slowed

LOW, HIGH = 2_000_000, 8_000_000
FURTHER_PERCENT = 0.001
"""Of a core, for each packet a second of each further viewer, and nothing else."""


def _load(bits_per_second: int, viewers: int) -> Load:
    packets = packets_per_s(bits_per_second)
    further = max(0, viewers - 1) * FURTHER_PERCENT * packets
    return Load(
        bits_per_second=bits_per_second,
        viewers=viewers,
        cpu_percent=0.5 + (2.0 if viewers else 0.0) + further,
        packets_per_s=packets if viewers else 0.0,
        rss_mb=40.0 + (50.0 + (viewers - 1) * 0.5 if viewers else 0.0),
    )


MACHINE = Measured(
    machine="a machine",
    loads=tuple(_load(bits, viewers) for bits in (LOW, HIGH) for viewers in (0, 1, 10)),
    disk=Disk(
        bits_per_second=LOW,
        sync_s=5.0,
        cpu_percent=0.2,
        bytes_per_sync=20_000,
        flushes_per_sync=2.0,
        bytes_per_file=100_000,
        idle_bytes=0,
        bytes_per_event=140_000,
        flushes_per_event=8,
    ),
    calls=Calls(encrypt_us=1.0, packet_us=2.0, segmented_us=9.0),
    connect_ms=20.0,
    slowed=(Slowed(LOW, 40, 7, 14.0, 7.0, 3, 9600, 20.0),),
)
