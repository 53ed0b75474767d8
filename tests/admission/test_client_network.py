from __future__ import annotations

import pytest

from pet_stream.admission.client_network import client_network, is_this_machine


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::1%eth1", True),
        (None, "", True),
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_network(
    one: str | None, other: str | None, are_one: bool
) -> None:
    assert (client_network(one) == client_network(other)) == are_one


@pytest.mark.parametrize(
    ("own_address", "are_one"),
    [
        ("2001:db8:0:1::8080", False),
        ("2001:db8:0:2::8080", True),
        ("fe80::1%eth0", True),
        ("::1", True),
        ("::ffff:192.0.2.1", True),
    ],
)
def test_a_neighbour_on_our_network_has_no_part_in_the_owners_share(
    own_address: str, are_one: bool
) -> None:
    owner, stranger = (
        client_network(address, own_address) for address in ("2001:db8:0:1::1", "2001:db8:0:1::2")
    )
    assert (owner == stranger) == are_one


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_this_machine(address: str) -> None:
    assert is_this_machine(address)


@pytest.mark.parametrize("address", ["192.0.2.1", "::2", "fe80::1%eth0", "::ffff:192.0.2.1"])
def test_others_are_not(address: str) -> None:
    assert not is_this_machine(address)
