"""The ICE settings as values: a STUN or TURN server, and a network. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

IpNetwork = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server, like RTCIceServer of the WebRTC standard."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None
