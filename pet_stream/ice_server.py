"""What settings say of ICE: servers, and the networks whose addresses may be offered. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

IpNetwork = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server, as RTCIceServer of the WebRTC standard."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None
