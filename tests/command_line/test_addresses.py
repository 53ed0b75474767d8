from __future__ import annotations

import ipaddress
import socket

import pytest

from pet_stream.command_line import addresses
from pet_stream.command_line.addresses import is_loopback, lan_addresses, page_urls


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.1.20", False),
        ("camera.local", False),
    ],
)
def test_loopback_is_told_from_the_network(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("host", "here", "elsewhere"),
    [
        ("127.0.0.1", ["http://127.0.0.1:8080/"], []),
        ("localhost", ["http://localhost:8080/"], []),
        ("::1", ["http://[::1]:8080/"], []),
        ("0.0.0.0", ["http://127.0.0.1:8080/"], ["http://10.0.0.2:8080/", "http://10.1.0.2:8080/"]),
        (
            "::",
            ["http://127.0.0.1:8080/"],
            ["http://10.0.0.2:8080/", "http://10.1.0.2:8080/", "http://[fd00::2]:8080/"],
        ),
        ("10.0.0.2", [], ["http://10.0.0.2:8080/"]),
        ("fd00::2", [], ["http://[fd00::2]:8080/"]),
    ],
)
def test_urls_are_those_that_work(
    monkeypatch: pytest.MonkeyPatch, host: str, here: list[str], elsewhere: list[str]
) -> None:
    found = {socket.AF_INET: ["10.0.0.2", "10.1.0.2"], socket.AF_INET6: ["fd00::2"]}
    monkeypatch.setattr(addresses, "lan_addresses", found.__getitem__)
    assert page_urls(host, 8080) == (here, elsewhere)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_addresses_of_this_machine_can_be_opened_by_others_and_are_there_once(
    family: socket.AddressFamily,
) -> None:
    found = lan_addresses(family)
    assert len(found) == len(set(found))
    for text in found:
        address = ipaddress.ip_address(text)
        assert address.version == (4 if family == socket.AF_INET else 6)
        assert not address.is_loopback
        assert address.version == 4 or not address.is_link_local
        with socket.socket(family) as listener:
            listener.bind((text, 0))  # it is this machine's
