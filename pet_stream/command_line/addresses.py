"""Finds the addresses under which a person can open the page."""

from __future__ import annotations

import ipaddress
import socket

import ifaddr

_ANYWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""RFC 5737 and 3849: nothing is sent, the kernel only chooses a route."""


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def page_urls(host: str, port: int, scheme: str = "http") -> tuple[list[str], list[str]]:
    """Returns the URLs for this machine, and those for others on its network, likeliest first."""
    here, elsewhere = ([_url(scheme, h, port) for h in hosts] for hosts in page_hosts(host))
    return here, elsewhere


def page_hosts(host: str) -> tuple[list[str], list[str]]:
    """Returns the names or addresses in those URLs."""
    if is_loopback(host):
        return [host], []
    if host not in ("0.0.0.0", "::", ""):
        return [], [host]
    addresses = lan_addresses(socket.AF_INET)
    if host == "::":
        addresses += lan_addresses(socket.AF_INET6)
    return ["127.0.0.1"], addresses


def lan_addresses(family: socket.AddressFamily) -> list[str]:
    """Returns this machine's addresses, the one with the default route first."""
    found = [*_with_default_route(family), *_of_interfaces(family)]
    return [address for address in dict.fromkeys(found) if _can_be_opened(address)]


def _with_default_route(family: socket.AddressFamily) -> list[str]:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((_ANYWHERE[family], 9))
            return [probe.getsockname()[0]]
    except OSError:  # no default route, or no IPv6
        return []


def _of_interfaces(family: socket.AddressFamily) -> list[str]:
    addresses = [address.ip for adapter in ifaddr.get_adapters() for address in adapter.ips]
    if family == socket.AF_INET:
        return [address for address in addresses if isinstance(address, str)]
    return [address[0] for address in addresses if not isinstance(address, str)]


def _can_be_opened(text: str) -> bool:
    """Whether other machines can open it. Browsers can't open a link-local IPv6 address, which
    needs an interface's name."""
    address = ipaddress.ip_address(text)
    return not (address.is_loopback or (address.version == 6 and address.is_link_local))


def _url(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"
