"""A link with a rate, a delay and losses, between two network namespaces.

    python -m benchmarks.loss.link SERVER_NAMESPACE VIEWER_NAMESPACE --loss 2

Does what `tc netem` does, which many kernels lack: a TAP device in each namespace, and this loop
carries the frames across. Prints `ready` when both are up, and counts at the end (SIGTERM). Reads
`{"megabits": 20}` lines, which change the rate of the way to the viewer.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import signal
import struct
import sys
import time
from dataclasses import dataclass, field
from types import FrameType

DEVICE = "link0"
QUEUE_S = 0.1
"""What the bottleneck's buffer holds; what does not fit is lost."""
_CLONE_NEWNET = 0x40000000
_TUNSETIFF, _TUNSETOFFLOAD, _TUNSETVNETHDRSZ = 0x400454CA, 0x400454D0, 0x400454D8
_IFF_TAP, _IFF_NO_PI, _IFF_VNET_HDR = 0x2, 0x1000, 0x4000
_TUN_F_CSUM = 1
_VNET_HDR_BYTES = 10
_FRAME_BYTES = 65536
_libc = ctypes.CDLL(None, use_errno=True)


def open_tap(namespace: str) -> int:
    """A TAP device in `namespace`. It takes checksums unfinished, as good network cards do (so that
    UDP segmentation offload works), but no segments: the kernel cuts those up before."""
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        _enter(there)
        tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        flags = _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR
        fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), flags))
        fcntl.ioctl(tap, _TUNSETVNETHDRSZ, struct.pack("i", _VNET_HDR_BYTES))
        fcntl.ioctl(tap, _TUNSETOFFLOAD, _TUN_F_CSUM)
    finally:
        _enter(home)
        os.close(home)
        os.close(there)
    return tap


@dataclass(slots=True)
class Direction:
    """Frames of one direction, each behind the time at which it comes out."""

    source: int
    target: int
    bits_per_second: float
    delay_s: float
    loss: float
    carried: int = 0
    lost: int = 0
    overflowed: int = 0
    max_queue_s: float = 0.0
    _free_at_s: float = 0.0
    _under_way: list[tuple[float, int, bytes]] = field(default_factory=list)

    def take(self, now_s: float) -> None:
        """All that waits at the entrance."""
        while True:
            try:
                frame = os.read(self.source, _FRAME_BYTES)
            except BlockingIOError:
                return
            if random.random() < self.loss:
                self.lost += 1
                continue
            queue_s = max(0.0, self._free_at_s - now_s)
            if queue_s > QUEUE_S:
                self.overflowed += 1
                continue
            self.max_queue_s = max(self.max_queue_s, queue_s)
            bits = 8 * (len(frame) - _VNET_HDR_BYTES)
            self._free_at_s = max(now_s, self._free_at_s) + bits / self.bits_per_second
            self.carried += 1
            due_s = self._free_at_s + self.delay_s
            heapq.heappush(self._under_way, (due_s, self.carried, frame))

    def give(self, now_s: float) -> None:
        """All that is due at the exit."""
        while self._under_way and self._under_way[0][0] <= now_s:
            os.write(self.target, heapq.heappop(self._under_way)[2])

    @property
    def next_s(self) -> float:
        return self._under_way[0][0] if self._under_way else now_s() + 1.0


def now_s() -> float:
    return time.monotonic()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("viewer")
    parser.add_argument("--megabits", type=float, default=10.0)
    parser.add_argument("--delay-ms", type=float, default=20.0)
    parser.add_argument("--loss", type=float, default=0.0, help="percent")
    parser.add_argument(
        "--both-ways", action="store_true", help="delay and loss towards the server, too"
    )
    arguments = parser.parse_args()
    taps = open_tap(arguments.server), open_tap(arguments.viewer)
    directions = [
        Direction(
            source,
            target,
            arguments.megabits * 1e6,
            arguments.delay_ms / 1000 if is_bad else 0.0,
            arguments.loss / 100 if is_bad else 0.0,
        )
        for source, target, is_bad in ((*taps, True), (*taps[::-1], arguments.both_ways))
    ]
    stopping = []

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.append(number)

    signal.signal(signal.SIGTERM, stop)
    # Frames that waited for this loop would look like a burst and overflow the buffer.
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(2))
    print("ready", flush=True)
    sources = [*taps, sys.stdin.fileno()]
    while not stopping:
        wait_s = min(direction.next_s for direction in directions) - now_s()
        readable, _, _ = select.select(sources, [], [], max(0.0, wait_s))
        if sys.stdin.fileno() in readable:
            line = sys.stdin.buffer.readline()
            if line:
                directions[0].bits_per_second = json.loads(line)["megabits"] * 1e6
            else:
                sources.remove(sys.stdin.fileno())
        for direction in directions:
            direction.take(now_s())
            direction.give(now_s())
    names = ("carried", "lost", "overflowed", "max_queue_s")
    print(json.dumps([{name: getattr(d, name) for name in names} for d in directions]), flush=True)


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


if __name__ == "__main__":
    main()
