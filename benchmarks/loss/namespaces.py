"""Two network namespaces of this run's own, joined by link.py; gone again afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..children import BenchError, Child, running
from .link import DEVICE

SERVER_ADDRESS, VIEWER_ADDRESS = "10.213.7.1", "10.213.7.2"
START_TIMEOUT_S = 10.0
_NO_IPV6 = "/proc/sys/net/ipv6/conf/default/disable_ipv6"


class LossUnavailable(Exception):
    """This machine or user can't make namespaces, or there is no browser."""


@dataclass(frozen=True, slots=True)
class Link:
    in_server: Sequence[str]
    """What to put in front of a command to run it at the server's end."""
    in_viewer: Sequence[str]
    process: Child

    def counts(self) -> list[dict[str, float]]:
        """Ends the link; what it carried and lost, from the server first."""
        os.kill(self.process.pid, 15)
        counts: list[dict[str, float]] = json.loads(self.process.read_line(START_TIMEOUT_S))
        return counts


@contextlib.contextmanager
def open_link(
    *, megabits: float, delay_ms: float, loss_percent: float, both_ways: bool
) -> Iterator[Link]:
    """Raises LossUnavailable."""
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        raise LossUnavailable("needs root and /dev/net/tun")
    server, viewer = (f"pet_bench_{os.getpid()}_{end}" for end in ("server", "viewer"))
    with contextlib.ExitStack() as stack:
        for name in (server, viewer):
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "delete", name)
            # Its duplicate address detection ends a second later, and Chromium then breaks off
            # every request, since the network has changed.
            _ip("netns", "exec", name, "sh", "-c", f"echo 1 >{_NO_IPV6}")
        options = [f"--megabits={megabits}", f"--delay-ms={delay_ms}", f"--loss={loss_percent}"]
        if both_ways:
            options.append("--both-ways")
        process = Child("benchmarks.loss.link", server, viewer, *options)
        stack.enter_context(running(process))
        try:
            process.read_line(START_TIMEOUT_S)
        except BenchError as exc:
            raise LossUnavailable(str(exc)) from exc
        for name, address in ((server, SERVER_ADDRESS), (viewer, VIEWER_ADDRESS)):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", DEVICE)
            _ip("-n", name, "link", "set", DEVICE, "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield Link(
            in_server=("ip", "netns", "exec", server),
            in_viewer=("ip", "netns", "exec", viewer),
            process=process,
        )


def _ip(*arguments: str) -> None:
    try:
        subprocess.run(
            ["ip", *arguments], check=True, capture_output=True, text=True, timeout=START_TIMEOUT_S
        )
    except FileNotFoundError as exc:
        raise LossUnavailable("needs iproute2's ip") from exc
    except subprocess.CalledProcessError as exc:
        raise LossUnavailable(f"ip {' '.join(arguments)}: {exc.stderr.strip()}") from exc
