"""Measures on this machine what the bounds are computed from; about three minutes."""

from __future__ import annotations

import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pet_stream.media.rtp.packets import MAX_PACKET_BYTES
from pet_stream.webrtc.private.cipher import cipher_costs
from pet_stream.webrtc.sending.route import SOL_UDP, UDP_SEGMENT
from tests.camera.camera import Camera

from ..camera import BITS_PER_SECOND, FPS, WRITINGS, open_camera, temporary_folder
from ..children import Child, Server, running
from ..machine import describe_machine
from ..process import cpu_ns
from ..runs import ADD_TIMEOUT_S, SETTLE_S, say
from ..window import Row
from ..window import measure as measure_window
from .disk import measure_disk
from .measured import SEGMENTS, SLOWER, Calls, Load, Measured, Slowed, read
from .slow_core import SlowCore

HIGH_BITS_PER_SECOND = 4 * BITS_PER_SECOND
VIEWERS = (0, 1, 10)
CONNECTS = 10
CONNECT_WINDOW_S = 4.0
SLOWED_VIEWERS = {BITS_PER_SECOND: (40, 80), HIGH_BITS_PER_SECOND: (20, 40)}
SYNCS = 4
_BATCHES, _BATCH = 20, 50


def measure(seconds: float) -> Measured:
    machine = describe_machine()
    shown = "{date}, {cpu}, {cores} cores, Linux {kernel}, Python {python}, commit {commit}"
    calls = measure_calls()
    if os.geteuid() == 0:
        disk = measure_disk(SYNCS)
    else:
        disk = read().disk
        say("not root: what is written to a disk is taken from where it was measured before")
    say(f"recording: {disk}")
    rates = (BITS_PER_SECOND, HIGH_BITS_PER_SECOND)
    loads = [load for rate in rates for load in measure_loads(rate, seconds)]
    return Measured(
        machine=shown.format(**machine),
        loads=tuple(loads),
        disk=disk,
        calls=calls,
        connect_ms=measure_connects(),
        slowed=tuple(row for rate in rates for row in measure_slowed(rate, seconds)),
    )


def measure_loads(bits_per_second: int, seconds: float) -> Iterator[Load]:
    with _watched(bits_per_second) as (camera, server, crowd):
        for row in _rows(camera, server, crowd, VIEWERS, seconds):
            load = _load(bits_per_second, row)
            say(str(load))
            yield load


def measure_connects() -> float:
    """The server's processor time, in ms, for one who comes and goes, beside one who stays."""
    with _watched(BITS_PER_SECOND) as (camera, server, crowd):
        (row,) = _rows(camera, server, crowd, (1,), CONNECT_WINDOW_S)
        began_s, began_ns = time.monotonic(), cpu_ns(server.pid)
        crowd.ask(ADD_TIMEOUT_S, do="reconnect", count=CONNECTS)
        used_ms = (cpu_ns(server.pid) - began_ns) / 1e6
        beside_ms = 10 * row.cpu_percent * (time.monotonic() - began_s)
    return (used_ms - beside_ms) / CONNECTS


def measure_slowed(bits_per_second: int, seconds: float) -> Iterator[Slowed]:
    """As on the slowest core that a board is taken to have."""
    slower = max(quoted.value for quoted in SLOWER)
    with (
        _watched(bits_per_second) as (camera, server, crowd),
        SlowCore(server.pid, slower) as core,
    ):
        for row in _rows(camera, server, crowd, SLOWED_VIEWERS[bits_per_second], seconds):
            slowed = Slowed(
                bits_per_second=bits_per_second,
                viewers=row.viewers,
                slower=slower,
                given_percent=core.given_percent,
                cpu_percent=row.cpu_percent,
                missing=row.missing_pictures,
                of_pictures=round(row.viewers * row.seconds * FPS),
                p95_ms=row.p95_ms or 0.0,
            )
            say(str(slowed))
            yield slowed


@contextmanager
def _watched(bits_per_second: int) -> Iterator[tuple[Camera, Server, Child]]:
    with (
        temporary_folder() as folder,
        open_camera(WRITINGS["once"], bits_per_second=bits_per_second) as camera,
        running(Server("ours", camera.segment, "--record-path", folder, log=sys.stderr)) as server,
        running(Child("benchmarks.viewers", *server.viewer_arguments, log=sys.stderr)) as crowd,
    ):
        yield camera, server, crowd


def _rows(
    camera: Camera, server: Server, crowd: Child, counts: Sequence[int], seconds: float
) -> Iterator[Row]:
    there = 0
    for count in counts:
        if count > there:
            crowd.ask(ADD_TIMEOUT_S, do="add", count=count - there)
        there = count
        time.sleep(SETTLE_S)
        yield measure_window(
            server,
            crowd,
            camera,
            WRITINGS["once"],
            system="ours",
            viewers=count,
            seconds=seconds,
        )


def measure_calls() -> Calls:
    data = bytes(MAX_PACKET_BYTES)
    segment = ((SOL_UDP, UDP_SEGMENT, struct.pack("=H", MAX_PACKET_BYTES)),)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.bind(("127.0.0.1", 0))  # nobody reads: what does not fit is dropped there
        sender.connect(receiver.getsockname())
        return Calls(
            encrypt_us=min(cost.packet_s for cost in cipher_costs()) * 1e6,
            packet_us=_median_us(lambda: sender.sendmsg((data,))),
            segmented_us=_median_us(lambda: sender.sendmsg((data * SEGMENTS,), segment)),
        )


def _median_us(call: Callable[[], object]) -> float:
    batches = []
    for _ in range(_BATCHES):
        began_ns = time.thread_time_ns()
        for _ in range(_BATCH):
            call()
        batches.append((time.thread_time_ns() - began_ns) / _BATCH / 1000)
    return sorted(batches)[_BATCHES // 2]


def _load(bits_per_second: int, row: Row) -> Load:
    return Load(
        bits_per_second=bits_per_second,
        viewers=row.viewers,
        cpu_percent=row.cpu_percent,
        packets_per_s=row.packets_per_s or 0.0,
        rss_mb=row.rss_mb - row.replay_mb,
    )
