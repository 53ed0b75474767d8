from __future__ import annotations

import ipaddress

import pytest

from pet_stream import addresses
from pet_stream.addresses import is_loopback, lan_addresses, page_urls, qr_code


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
        ("::", ["http://127.0.0.1:8080/"], ["http://10.0.0.2:8080/", "http://10.1.0.2:8080/"]),
        ("10.0.0.2", [], ["http://10.0.0.2:8080/"]),
        ("fd00::2", [], ["http://[fd00::2]:8080/"]),
    ],
)
def test_urls_are_those_that_work(
    monkeypatch: pytest.MonkeyPatch, host: str, here: list[str], elsewhere: list[str]
) -> None:
    monkeypatch.setattr(addresses, "lan_addresses", lambda: ["10.0.0.2", "10.1.0.2"])
    assert page_urls(host, 8080) == (here, elsewhere)


def test_addresses_of_this_machine_are_no_loopback_and_each_once() -> None:
    found = lan_addresses()
    assert len(found) == len(set(found))
    assert not any(ipaddress.ip_address(address).is_loopback for address in found)


def test_a_qr_code_is_a_square_of_blocks() -> None:
    lines = qr_code("http://192.168.1.20:8080/").splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines[0]) == pytest.approx(2 * len(lines), abs=1)
    assert set("".join(lines)) <= set("█▀▄ ")
