"""What recordings and webhooks write to a disk: counted by the device, journal included.

As root: the file system is one of its own, ext4 on a loop device, so that nobody else writes there.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from pet_stream.hooks.event import Event
from pet_stream.hooks.outbox import Outbox
from tests.recording.disk_bytes import SECTOR_BYTES, mounted_disk
from tests.waiting import TIMEOUT_S, wait_until

from ..camera import BITS_PER_SECOND, WRITINGS, open_camera
from ..children import Server, running
from ..process import cpu_ns
from ..runs import SETTLE_S
from .measured import Disk

EVENTS = 20
CPU_S = 8.0
URL = "https://example.org/hook"


@dataclass(frozen=True, slots=True)
class _Written:
    at_s: float
    device_bytes: int
    flushes: int
    file_bytes: float
    syncs: float


def measure_disk(syncs: int) -> Disk:
    """Records until there were `syncs` of them, and one."""
    with (
        tempfile.TemporaryDirectory() as name,
        mounted_disk(Path(name)) as (folder, counters),
        open_camera(WRITINGS["once"]) as camera,
    ):
        options = ("--record-path", str(folder))
        with running(Server("ours", camera.segment, *options, log=sys.stderr)) as server:
            time.sleep(SETTLE_S)
            idle_before = _dirtied(server.pid)
            idle_percent = _cpu_percent(server.pid)
            idle_bytes = _dirtied(server.pid) - idle_before

            def synced(more: float) -> _Written:
                wanted = _syncs(server) + more
                wait_until(lambda: _syncs(server) >= wanted, TIMEOUT_S * more)
                return _written(counters, server)

            os.sync()
            first = _written(counters, server)
            server.request("POST", "/api/recording/start", {"filename": "cat"})
            begin = synced(1)
            cpu_percent = _cpu_percent(server.pid)
            end = synced(syncs)
            server.request("POST", "/api/recording/stop")
            os.sync()
            last = _written(counters, server)
        size = (folder / "cat.mp4").stat().st_size
        count = end.syncs - begin.syncs
        beside = end.device_bytes - begin.device_bytes - (end.file_bytes - begin.file_bytes)
        all_beside = last.device_bytes - first.device_bytes - size
        event_bytes, event_flushes = _events(folder, counters)
    window_s = end.at_s - begin.at_s
    return Disk(
        bits_per_second=BITS_PER_SECOND,
        sync_s=window_s / count,
        cpu_percent=cpu_percent - idle_percent,
        bytes_per_sync=beside / count,
        flushes_per_sync=(end.flushes - begin.flushes) / count,
        bytes_per_file=max(0.0, all_beside - beside / count * (last.syncs - first.syncs)),
        idle_bytes=idle_bytes,
        bytes_per_event=event_bytes,
        flushes_per_event=event_flushes,
    )


def _events(folder: Path, counters: Path) -> tuple[float, float]:
    """Bytes and flushes of an event that is kept for a webhook and then delivered."""
    outbox = Outbox(folder / "hooks.db")
    event = Event("recording_started", {"name": "cat.mp4", "camera": "kitchen"}, time.time())
    outbox.put(event, [URL])
    os.sync()
    before = _device(counters)
    for _ in range(EVENTS):
        outbox.put(event, [URL])
        letter = outbox.first(URL)
        assert letter is not None
        outbox.remove(letter)
    os.sync()
    after = _device(counters)
    outbox.close()
    return (after[0] - before[0]) / EVENTS, (after[1] - before[1]) / EVENTS


def _written(counters: Path, server: Server) -> _Written:
    metrics = server.metrics()
    device_bytes, flushes = _device(counters)
    return _Written(
        at_s=time.monotonic(),
        device_bytes=device_bytes,
        flushes=flushes,
        file_bytes=metrics["streaming_recording_bytes"],
        syncs=metrics["pet_stream_recording_sync_seconds_count"],
    )


def _syncs(server: Server) -> float:
    return server.metrics()["pet_stream_recording_sync_seconds_count"]


def _device(counters: Path) -> tuple[int, int]:
    """Bytes written and flushes (Documentation/admin-guide/iostats.rst, fields 7 and 16)."""
    fields = counters.read_text().split()
    return int(fields[6]) * SECTOR_BYTES, int(fields[15])


def _cpu_percent(pid: int) -> float:
    """Of a core, while nobody asks for anything."""
    before_ns = cpu_ns(pid)
    time.sleep(CPU_S)
    return (cpu_ns(pid) - before_ns) / CPU_S / 1e7


def _dirtied(pid: int) -> int:
    fields = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
    return int(fields["write_bytes"])
