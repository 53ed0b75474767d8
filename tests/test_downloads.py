from __future__ import annotations

import socket

import pytest

from pet_stream.downloads import LEASE_S, Downloads
from pet_stream.errors import Busy


def test_a_bounded_number_and_each_comes_back_once() -> None:
    downloads = Downloads(max_count=2)
    first, _second = downloads.acquire(None), downloads.acquire(None)
    with pytest.raises(Busy):
        downloads.acquire(None)
    assert downloads.refused_count == 1
    first.release()
    first.release()
    assert downloads.active_count == 1
    downloads.acquire(None)


def test_the_servers_threads_may_allow_fewer() -> None:
    downloads = Downloads(max_count=2)
    downloads.acquire(None, room=1)
    with pytest.raises(Busy):
        downloads.acquire(None, room=1)


def test_the_one_whose_client_reads_least_gives_way() -> None:
    downloads = Downloads(max_count=2, give_way_s=0)
    server_side, client_side = socket.socketpair()
    with server_side, client_side:
        stuck, reading = downloads.acquire(server_side), downloads.acquire(None)
        reading.renew()
        downloads.acquire(None)
        assert client_side.recv(1) == b""  # it was ended
        assert downloads.ended_count == 1
        stuck.release()
        assert downloads.active_count == 2


def test_none_gives_way_that_is_read() -> None:
    downloads = Downloads(give_way_s=60)
    downloads.acquire(None)
    assert not downloads.make_room()
    assert not Downloads().make_room()


def test_one_that_nobody_asks_for_more_is_gone() -> None:
    downloads = Downloads(max_count=1)
    lost = downloads.acquire(None)
    lost.renewed_at_s -= LEASE_S
    assert downloads.active_count == 0
    downloads.acquire(None)
