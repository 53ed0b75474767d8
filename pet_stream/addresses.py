"""Under which addresses a person opens the page."""

from __future__ import annotations

import fcntl
import io
import ipaddress
import socket
import struct

import segno

_SIOCGIFADDR = 0x8915
_ANYWHERE = ("192.0.2.1", 9)  # RFC 5737: nothing is sent, the kernel only chooses a route


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def page_urls(host: str, port: int) -> tuple[list[str], list[str]]:
    """The URLs for this machine, and those for others on its network, the likeliest first."""
    if is_loopback(host):
        return [_url(host, port)], []
    if host not in ("0.0.0.0", "::", ""):
        return [], [_url(host, port)]
    return [_url("127.0.0.1", port)], [_url(address, port) for address in lan_addresses()]


def lan_addresses() -> list[str]:
    """IPv4 addresses of this machine's interfaces, the one with the default route first."""
    found = [address for name in _interfaces() if (address := _address_of(name))]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ANYWHERE)
            found.insert(0, probe.getsockname()[0])
        except OSError:  # no default route
            pass
    return [address for address in dict.fromkeys(found) if not is_loopback(address)]


def qr_code(url: str) -> str:
    """`url` as a QR code of block characters, for a terminal."""
    output = io.StringIO()
    segno.make(url, micro=False).terminal(output, border=2, compact=True)
    return output.getvalue()


def _interfaces() -> list[str]:
    try:
        return [name for _, name in socket.if_nameindex()]
    except OSError:
        return []


def _address_of(interface: str) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = struct.pack("256s", interface.encode()[:15])
        try:
            answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)
        except OSError:  # it has none
            return None
    return socket.inet_ntoa(answer[20:24])


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
