"""A home, a network elsewhere, and a router between them, which nothing crosses at first.

Each is a network namespace of this test. A thread that enters one opens its sockets there.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import TIMEOUT_S

HOME_ADDRESS, AWAY_ADDRESS = "10.213.8.1", "10.213.9.1"
PUBLIC_ADDRESS = "10.213.10.1"
"""The router's, which both sides can reach."""

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Networks:
    home: str
    away: str
    router: str

    def cross(self, *, udp: bool = True) -> None:
        """From now on the router lets everything cross, or everything but UDP."""
        if not udp:
            self._rule(
                "chain across { type filter hook forward priority 0; meta l4proto udp drop; }"
            )
        _run("ip", "netns", "exec", self.router, "sysctl", "-q", "net.ipv4.ip_forward=1")

    def forward(self, ports: range, to: int) -> None:
        """From now on the router forwards `ports` of its public address to those from `to` on at
        home, and lets nothing else cross."""
        self.cross()
        mappings = "\n".join(
            f"ip daddr {PUBLIC_ADDRESS} udp dport {port} dnat to {HOME_ADDRESS}:{to + index};"
            for index, port in enumerate(ports)
        )
        self._rule(f"""
            chain before {{
                type nat hook prerouting priority -100;
                {mappings}
            }}
            chain across {{
                type filter hook forward priority 0; policy drop;
                ct state established,related accept;
                ct status dnat accept;
            }}
        """)

    def _rule(self, chains: str) -> None:
        told = f"table ip router {{\n{chains}\n}}"
        _run("ip", "netns", "exec", self.router, "nft", "-f", "-", told=told)


def enter(name: str) -> None:
    """Have this thread's sockets be there from now on."""
    with open(f"/run/netns/{name}") as namespace:
        if _libc.setns(namespace.fileno(), _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def networks() -> Iterator[Networks]:
    """Needs root."""
    made = Networks(*(f"pet_test_{os.getpid()}_{end}" for end in ("home", "away", "router")))
    with ExitStack() as stack:
        for name in (made.home, made.away, made.router):
            _run("ip", "netns", "add", name)
            stack.callback(_run, "ip", "netns", "delete", name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        _run("ip", "-n", made.router, "address", "add", f"{PUBLIC_ADDRESS}/32", "dev", "lo")
        for name, device, address in (
            (made.home, "home0", HOME_ADDRESS),
            (made.away, "away0", AWAY_ADDRESS),
        ):
            gateway = address.removesuffix(".1") + ".254"
            peer = ("peer", "name", device, "netns", made.router)
            _run("ip", "-n", name, "link", "add", device, "type", "veth", *peer)
            for where, its_address in ((name, address), (made.router, gateway)):
                _run("ip", "-n", where, "address", "add", f"{its_address}/24", "dev", device)
                _run("ip", "-n", where, "link", "set", device, "up")
            _run("ip", "-n", name, "route", "add", "default", "via", gateway)
        yield made


@contextmanager
def turn_server(made: Networks, folder: Path, secret: str, certificate: Path) -> Iterator[None]:
    """Debian's coturn at the router's public address: UDP and TCP at 3478, TLS at 5349."""
    log = folder / "turnserver.log"
    command = [
        *("ip", "netns", "exec", made.router, "turnserver", "-n"),
        *("--no-cli", "--no-dtls", "--fingerprint", "--realm=pet_stream.test"),
        *(f"--listening-ip={PUBLIC_ADDRESS}", f"--relay-ip={PUBLIC_ADDRESS}"),
        *("--use-auth-secret", f"--static-auth-secret={secret}"),
        *(f"--cert={certificate}", f"--pkey={certificate}"),
        *(f"--pidfile={folder / 'turnserver.pid'}", "--log-file=stdout"),
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, cwd=folder)
        try:
            yield
        finally:
            process.kill()
            process.wait(TIMEOUT_S)


def _run(*command: str, told: str = "") -> None:
    subprocess.run(command, check=True, timeout=TIMEOUT_S, input=told, text=True)
