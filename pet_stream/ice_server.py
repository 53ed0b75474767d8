"""The ICE settings as values: servers, and which host candidates are offered. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

IpNetwork = IPv4Network | IPv6Network
IpAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server, like RTCIceServer of the WebRTC standard."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = field(default=None, repr=False)

    @property
    def wants_credentials(self) -> bool:
        """Whether it is a TURN server, and has none."""
        return self.credential is None and any(map(is_turn, self.urls))


@dataclass(frozen=True, slots=True)
class Announced:
    """An address under which others reach this machine: a router's, or a container host's."""

    address: IpAddress
    first_port: int | None = None
    """There, of the first of `HostCandidates.ports`; None: ports are the same there."""

    def port_of(self, port: int, ports: range | None) -> int:
        """Returns the port there of `port` here."""
        if self.first_port is None or ports is None:
            return port
        return self.first_port + port - ports.start


@dataclass(frozen=True, slots=True)
class HostCandidates:
    """What a connection offers of this machine's addresses."""

    networks: tuple[IpNetwork, ...] | None = None
    """Those inside; None: all."""
    ports: range | None = None
    """One for each connection, the same at each address; None: any."""
    announced: tuple[Announced, ...] = ()


def is_turn(url: str) -> bool:
    return url.startswith("turn")


def usable_here(servers: Sequence[IceServer]) -> tuple[IceServer, ...]:
    """Returns what aiortc uses of `servers`: the first STUN URL, and the first TURN URL of a
    transport that it has."""
    found: dict[bool, IceServer] = {}
    for server in servers:
        for url in server.urls:
            if is_turn(url) and not _is_dtls(url):
                found.setdefault(True, IceServer((url,), server.username, server.credential))
            elif url.startswith("stun:"):  # aiortc refuses a query there
                found.setdefault(False, IceServer((url.partition("?")[0],)))
    return tuple(found.values())


def _is_dtls(url: str) -> bool:
    return url.startswith("turns:") and url.endswith("?transport=udp")
