"""What those who watch do, and strangers."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from simple_websocket import ConnectionClosed

from benchmarks.children import CHECKOUT
from tests.websocket.client import WebSocket

from .disturbance import Disturbance, table
from .site import Site

FLOOD_S = 2.0
RTCP = bytes.fromhex("80c90001 00000001")
"""An empty receiver report (RFC 3550 section 6.4.2), which nobody has encrypted."""
VIEWERS: list[Disturbance] = []
disturbance = table(VIEWERS)


@contextlib.contextmanager
def _crowd(site: Site, count: int = 3) -> Iterator[subprocess.Popen[str]]:
    """Viewers in a process of their own, connected."""
    crowd = subprocess.Popen(
        [
            sys.executable,
            "-W",
            "ignore",
            "-m",
            "benchmarks.viewers",
            f"{site.url}/api/webrtc/offer",
        ],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert crowd.stdin is not None
    assert crowd.stdout is not None
    try:
        crowd.stdin.write(f'{{"do": "add", "count": {count}}}\n')
        assert "first_idr_ms" in crowd.stdout.readline()
        yield crowd
    finally:
        crowd.kill()
        crowd.communicate()


@disturbance("viewers killed", is_mild=True, is_short=True)
def kill(site: Site) -> Iterator[None]:
    with _crowd(site):
        pass
    yield


@disturbance("viewers stopped", is_mild=True)
def stop(site: Site) -> Iterator[None]:
    """As a laptop does whose lid is closed; and opened again."""
    with _crowd(site) as crowd:
        crowd.send_signal(signal.SIGSTOP)
        time.sleep(1.0)
        crowd.send_signal(signal.SIGCONT)
        time.sleep(0.2)
    yield


@disturbance("viewers flood", is_mild=True)
def flood(site: Site) -> Iterator[None]:
    """Pages that say as much as they can, and datagrams in viewers' names."""
    ends_s = time.monotonic() + FLOOD_S
    pages = [WebSocket(f"{site.url.replace('http', 'ws', 1)}/api/stream/ws") for _ in range(3)]
    _, udp = open_ports(site.pid)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        while time.monotonic() < ends_s:
            for page in pages:
                with contextlib.suppress(ConnectionClosed, OSError):
                    page.send({"type": "ping", "t": 1})
            for port in udp:
                with contextlib.suppress(OSError):
                    stranger.sendto(RTCP, ("127.0.0.1", port))
    for page in pages:
        page.close()
    yield


@disturbance("strangers send garbage", is_mild=True, is_short=True)
def garbage(site: Site) -> Iterator[None]:
    """To every port that the server has open."""
    dice = random.Random(1)
    tcp, udp = open_ports(site.pid)
    for port in tcp:
        for _ in range(20):
            with (
                socket.create_connection(("127.0.0.1", port)) as client,
                contextlib.suppress(OSError),
            ):
                client.sendall(dice.randbytes(dice.randrange(2000)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for port in udp:
            for _ in range(200):
                data = dice.randbytes(dice.randrange(1400))
                with contextlib.suppress(OSError):
                    stranger.sendto(data, ("127.0.0.1", port))
    yield


def open_ports(pid: int) -> tuple[list[int], list[int]]:
    """The TCP ports at which the process listens, and its UDP ports."""
    inodes = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            target = os.readlink(entry.path)
            if target.startswith("socket:["):
                inodes.add(target[8:-1])

    def ports(name: str, state: str) -> list[int]:
        rows = [row.split() for row in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]]
        return sorted(
            {int(r[1].rpartition(":")[2], 16) for r in rows if r[9] in inodes and r[3] == state}
        )

    return ports("tcp", "0A"), ports("udp", "07")
