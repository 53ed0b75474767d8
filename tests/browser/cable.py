"""A server and a browser on hosts of their own, and a cable between them that can be pulled out.

Both hosts are network namespaces of this test, joined by a pair of veth devices.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import TIMEOUT_S

SERVER_ADDRESS, BROWSER_ADDRESS = "10.213.8.1", "10.213.8.2"
DEVICE = "cable0"

_NO_IPV6 = "/proc/sys/net/ipv6/conf/default/disable_ipv6"


@dataclass(frozen=True)
class Cable:
    at_server: str
    """Names of the two hosts."""
    at_browser: str

    @property
    def in_server(self) -> Sequence[str]:
        """What to put in front of a command to run it there."""
        return ("ip", "netns", "exec", self.at_server)

    def browser_executable(self, folder: Path, executable: str) -> str:
        """A program that runs `executable` at the browser's end."""
        wrapper = folder / "browser"
        wrapper.write_text(f'#!/bin/sh\nexec ip netns exec {self.at_browser} {executable} "$@"\n')
        wrapper.chmod(0o755)
        return str(wrapper)

    def pull_out(self) -> None:
        """At the browser's end: its system says that it is offline."""
        _ip("-n", self.at_browser, "link", "set", DEVICE, "down")

    def plug_in(self) -> None:
        _ip("-n", self.at_browser, "link", "set", DEVICE, "up")

    @contextmanager
    def without_udp(self) -> Iterator[None]:
        """Only TCP gets through, as through some firewalls."""
        udp = "17"  # its name is only known where /etc/protocols is
        rule = ("ipproto", udp, "pref", "100", "blackhole")
        with ExitStack() as stack:
            for name in (self.at_server, self.at_browser):
                _ip("-n", name, "rule", "add", *rule)
                stack.callback(_ip, "-n", name, "rule", "delete", *rule)
            yield


@contextmanager
def cable() -> Iterator[Cable]:
    """Needs root."""
    ends = Cable(*(f"pet_test_{os.getpid()}_{end}" for end in ("server", "browser")))
    with ExitStack() as stack:
        for name in (ends.at_server, ends.at_browser):
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "delete", name)
            # Its duplicate address detection ends a second later, and Chromium then breaks off
            # every request, since the network has changed.
            _ip("netns", "exec", name, "sh", "-c", f"echo 1 >{_NO_IPV6}")
        peer = ("peer", "name", DEVICE, "netns", ends.at_browser)
        _ip("-n", ends.at_server, "link", "add", DEVICE, "type", "veth", *peer)
        for name, address in (
            (ends.at_server, SERVER_ADDRESS),
            (ends.at_browser, BROWSER_ADDRESS),
        ):
            _ip("-n", name, "address", "add", f"{address}/24", "dev", DEVICE)
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "link", "set", DEVICE, "up")
        yield ends


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, timeout=TIMEOUT_S)
