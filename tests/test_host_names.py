from __future__ import annotations

import socket

import pytest

from pet_stream.host_names import is_allowed_host, is_name, parse_host
from pet_stream.origins import normalize_origin

HOSTS = [
    ("localhost", ("localhost", None)),
    ("CAM.Example:8080", ("cam.example", 8080)),
    ("cam.example.", ("cam.example.", None)),
    ("my_pi:80", ("my_pi", 80)),
    ("a_b.example", ("a_b.example", None)),
    ("xn--kche-0ra.example", ("xn--kche-0ra.example", None)),
    ("192.168.1.20:65535", ("192.168.1.20", 65535)),
    ("[FD00:0::1]:8080", ("[fd00::1]", 8080)),
    ("[::1]", ("[::1]", None)),
    (f"{'a' * 63}.example", (f"{'a' * 63}.example", None)),
]
NO_HOSTS = [
    "",
    ".",
    ":8080",
    "cam.example:",
    "cam.example:0",
    "cam.example:65536",
    "cam.example:http",
    "cam.example:8080:8080",
    "cam..example",
    ".example",
    "a b",
    "a,b",
    "cam.example/path",
    "user@cam.example",
    "cam.example\n",
    "cam.example#",
    "a%5Fb.example",
    "küche.example",
    "cam.example:8\u0660",
    "fd00::1",
    "[fd00::1",
    "[fe80::1%eth0]",
    "[cam.example]",
    "[192.168.1.20]",
    "[]",
    f"{'a' * 64}.example",
    ".".join(["a" * 50] * 6),
]


@pytest.mark.parametrize(("text", "parsed"), HOSTS)
def test_host_and_port_are_read(text: str, parsed: tuple[str, int | None]) -> None:
    assert parse_host(text) == parsed
    host, port = parsed
    assert parse_host(host if port is None else f"{host}:{port}") == parsed


@pytest.mark.parametrize("text", NO_HOSTS)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_host(text)
    assert not is_name(text)


@pytest.mark.parametrize("text", ["null", "", "cam.example", "//cam.example", "http://", "file://"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        normalize_origin(text)


@pytest.mark.parametrize("text", NO_HOSTS)
def test_no_origin_has_what_is_no_host(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        normalize_origin(f"http://{text}")


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("127.0.0.1", True),
        ("203.0.113.7", True),
        ("[2001:db8::1]", True),
        ("localhost", True),
        ("localhost.", True),
        ("cam.localhost", True),
        ("raspberrypi", True),
        ("raspberrypi.", True),
        ("raspberrypi.local", True),
        ("raspberrypi.lan", True),
        ("raspberrypi.home.arpa", True),
        ("cam.example.org", True),
        ("cam.example.org.", True),
        ("example.net", True),
        ("a.b.example.net", True),
        ("raspberrypi.attacker.example", False),
        ("raspberrypi.fritz.box", False),  # somebody can own it
        ("raspberrypi.com", False),
        ("attacker.local", False),
        ("notraspberrypi.local", False),
        ("raspberrypi.local.attacker.example", False),
        ("a.raspberrypi.local", False),
        ("localhost.attacker.example", False),
        ("notlocalhost", False),
        ("example.org", False),
        ("x.cam.example.org", False),
        ("badexample.net", False),
        ("127.0.0.1.attacker.example", False),
        ("127.0.0.1.nip.example", False),
        ("2130706433", False),
        ("0x7f.1", False),
    ],
)
def test_only_names_that_no_stranger_can_own_are_this_machines(
    monkeypatch: pytest.MonkeyPatch, host: str, is_allowed: bool
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "RaspberryPi")
    assert is_allowed_host(host, {"cam.example.org", ".example.net"}) is is_allowed


def test_a_machines_full_name_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "pi.example.org")
    for host in ("pi.example.org", "pi", "pi.local"):
        assert is_allowed_host(host, ())
    assert not is_allowed_host("example.org", ())


def test_the_star_allows_every_name() -> None:
    assert is_allowed_host("attacker.example", {"*"})
