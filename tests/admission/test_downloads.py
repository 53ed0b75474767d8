from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pet_stream.admission.downloads import BRIEF, USUAL, Downloads, LeaseTime
from pet_stream.errors import Busy
from tests.apps import mounted_app, stream_of
from tests.waiting import TIMEOUT_S


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


def test_a_client_that_reads_nothing_for_long_is_ended() -> None:
    swept: list[str] = []
    downloads = Downloads(on_taken=lambda: swept.append("soon"))
    server_side, client_side = socket.socketpair()
    with server_side, client_side:
        stuck, reading = downloads.acquire(server_side), downloads.acquire(None)
        assert swept == ["soon", "soon"]
        for _ in range(USUAL.unread - 1):
            assert downloads.sweep()
            reading.renew()
        assert stuck.socket is server_side
        assert downloads.sweep()
        assert client_side.recv(1) == b""
        assert (downloads.active_count, downloads.ended_count) == (1, 1)
    reading.release()
    assert not downloads.sweep()


def test_a_brief_one_ends_however_much_is_read() -> None:
    downloads = Downloads()
    download = downloads.acquire(None, lease_time=BRIEF)
    for _ in range(int(BRIEF.total) - 1):
        assert downloads.sweep()
        download.renew()
    assert not downloads.sweep()
    assert downloads.ended_count == 1


def test_the_event_loop_sweeps(tmp_path: Path) -> None:
    server_side, client_side = socket.socketpair()
    with server_side, client_side, mounted_app(tmp_path) as app:
        stream = stream_of(app)
        stream.start()
        stream.downloads.acquire(server_side, lease_time=LeaseTime(unread=1))
        client_side.settimeout(TIMEOUT_S)
        assert client_side.recv(1) == b""
