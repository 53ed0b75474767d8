"""Measures on this machine what the bounds are computed from; about two minutes."""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable

from pet_stream.media.rtp.packets import MAX_PACKET_BYTES
from pet_stream.webrtc.private.cipher import cipher_costs
from pet_stream.webrtc.sending.route import SOL_UDP, UDP_SEGMENT

from ..camera import BITS_PER_SECOND, WRITINGS, open_camera, temporary_folder
from ..children import Child, Server, running
from ..machine import describe_machine
from ..runs import ADD_TIMEOUT_S, SETTLE_S, say
from ..window import Row
from ..window import measure as measure_window
from .disk import measure_disk
from .measured import SEGMENTS, Calls, Load, Measured

HIGH_BITS_PER_SECOND = 4 * BITS_PER_SECOND
VIEWERS = (0, 1, 10)
SYNCS = 4
_BATCHES, _BATCH = 20, 50


def measure(seconds: float) -> Measured:
    machine = describe_machine()
    shown = "{date}, {cpu}, {cores} cores, Linux {kernel}, Python {python}, commit {commit}"
    calls = measure_calls()
    disk = measure_disk(SYNCS)
    say(f"recording: {disk}")
    rates = (BITS_PER_SECOND, HIGH_BITS_PER_SECOND)
    loads = [load for rate in rates for load in measure_loads(rate, seconds)]
    return Measured(shown.format(**machine), tuple(loads), disk, calls)


def measure_loads(bits_per_second: int, seconds: float) -> list[Load]:
    writing = WRITINGS["once"]
    loads = []
    with (
        temporary_folder() as folder,
        open_camera(writing, bits_per_second=bits_per_second) as camera,
        running(Server("ours", camera.segment, "--record-path", folder, log=sys.stderr)) as server,
        running(Child("benchmarks.viewers", *server.viewer_arguments, log=sys.stderr)) as crowd,
    ):
        there = 0
        for viewers in VIEWERS:
            if viewers > there:
                crowd.ask(ADD_TIMEOUT_S, do="add", count=viewers - there)
            there = viewers
            time.sleep(SETTLE_S)
            row = measure_window(
                server, crowd, camera, writing, system="ours", viewers=viewers, seconds=seconds
            )
            loads.append(_load(bits_per_second, row))
            say(str(loads[-1]))
    return loads


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
