from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from pet_stream.own_server import ConnectionCounts
from pet_stream.web_server.http_clients import ClientLimits, HttpClients

LIMITS = ClientLimits(max_count=4, max_per_network=2, max_per_own_network=3)


@pytest.fixture
def connections() -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(socket.socket()) for _ in range(8)]


@pytest.fixture
def counts() -> ConnectionCounts:
    return ConnectionCounts()


@pytest.fixture
def clients(counts: ConnectionCounts) -> HttpClients:
    return HttpClients(LIMITS, counts)


def serve(clients: HttpClients, connection: socket.socket) -> None:
    """Its request is whole."""
    clients.of(connection).waiting_since_s = None


def test_the_one_that_keeps_us_waiting_longest_gives_way(
    clients: HttpClients, counts: ConnectionCounts, connections: list[socket.socket]
) -> None:
    for number, connection in enumerate(connections[:4]):
        assert clients.admit(connection, f"192.0.2.{number}")
    serve(clients, connections[0])
    assert clients.admit(connections[4], "192.0.2.9")
    assert [clients.of(c).is_ended for c in connections[:5]] == [False, True, False, False, False]
    assert (counts.refused, counts.ended) == (0, 1)


def test_nobody_is_let_in_while_all_are_served(
    clients: HttpClients, counts: ConnectionCounts, connections: list[socket.socket]
) -> None:
    for number, connection in enumerate(connections[:4]):
        assert clients.admit(connection, f"192.0.2.{number}")
        serve(clients, connection)
    assert not clients.admit(connections[4], "192.0.2.9")
    assert (counts.refused, counts.ended) == (1, 0)
    clients.remove(connections[0])
    clients.remove(connections[0])
    assert clients.admit(connections[4], "192.0.2.9")


@pytest.mark.parametrize(
    ("hosts", "are_many"),
    [
        (("192.0.2.1", "192.0.2.1"), True),
        (("192.0.2.1", "::ffff:192.0.2.1"), True),
        (("2001:db8::1", "2001:db8::2"), True),
        (("2001:db8::1", "2001:db8:0:1::1"), False),
        (("192.0.2.1", "192.0.2.2"), False),
        (("127.0.0.1", "127.0.0.1"), False),
        (("::1", "::1"), False),
        (("::ffff:127.0.0.1", "127.0.0.1"), False),
    ],
)
def test_a_network_has_a_share_this_machine_a_larger_one(
    clients: HttpClients, connections: list[socket.socket], hosts: tuple[str, str], are_many: bool
) -> None:
    first, second = hosts
    for connection, host in zip(connections, (first, second, first), strict=False):
        assert clients.admit(connection, host)
    assert clients.of(connections[0]).is_ended == are_many
    assert not clients.of(connections[1]).is_ended


def test_clients_of_a_proxy_leave_room_for_others(
    clients: HttpClients, counts: ConnectionCounts, connections: list[socket.socket]
) -> None:
    for connection in connections[:3]:
        assert clients.admit(connection, "127.0.0.1")
        serve(clients, connection)
    assert not clients.admit(connections[3], "127.0.0.1")
    assert clients.admit(connections[4], "127.0.0.2")
    assert (counts.refused, counts.ended) == (1, 0)


def test_a_network_that_is_served_its_share_gets_no_more(
    clients: HttpClients, counts: ConnectionCounts, connections: list[socket.socket]
) -> None:
    for connection in connections[:2]:
        assert clients.admit(connection, "192.0.2.1")
        serve(clients, connection)
    assert not clients.admit(connections[2], "192.0.2.1")
    assert clients.admit(connections[3], "192.0.2.2")
    assert counts.refused == 1


def test_a_neighbour_keeps_nobody_of_our_own_ipv6_network_out(
    clients: HttpClients, counts: ConnectionCounts, connections: list[socket.socket]
) -> None:
    """A LAN is one /64: there each address has its share."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        address = listener.getsockname()[:2]
        for number, host in enumerate(("::2", "::2", "::2", "::3")):
            stack.enter_context(socket.create_connection(address))
            connection = stack.enter_context(listener.accept()[0])
            assert clients.admit(connection, host) == (number != 2)
            if number != 2:
                serve(clients, connection)
    assert counts.refused == 1


def test_room_can_be_made_while_somebody_waits(
    clients: HttpClients, connections: list[socket.socket]
) -> None:
    assert not clients.make_room()
    clients.admit(connections[0], "192.0.2.1")
    assert clients.make_room()
    assert not clients.make_room()  # once is enough
