"""Live view that is just being imported."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from pet_stream.errors import Busy
from pet_stream.webrtc.lazy_peers import LazyPeers
from pet_stream.webrtc.peers import Peers
from tests.waiting import TIMEOUT_S


class SlowImport:
    """Makes what stands for the peers when `may_end` is set."""

    def __init__(self) -> None:
        self.made = cast(Peers, object())
        self.count = 0
        self.has_begun = threading.Event()
        self.may_end = threading.Event()

    def __call__(self) -> Peers:
        self.count += 1
        self.has_begun.set()
        assert self.may_end.wait(TIMEOUT_S)
        return self.made


def test_they_are_made_once_for_all_who_wait() -> None:
    make = SlowImport()
    peers = LazyPeers(make, "test-import", TIMEOUT_S)
    peers.make_soon()
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(peers.get) for _ in range(8)]
        make.may_end.set()
        assert {future.result() for future in waiting} == {make.made}
    peers.join(TIMEOUT_S)
    assert make.count == 1


def test_who_waits_too_long_is_told_to_come_back() -> None:
    make = SlowImport()
    peers = LazyPeers(make, "test-import", 0.01)
    peers.make_soon()
    assert make.has_begun.wait(TIMEOUT_S)
    with ThreadPoolExecutor(40) as threads:
        waiting = [threads.submit(peers.get) for _ in range(40)]
        for future in waiting:
            with pytest.raises(Busy) as refused:
                future.result(TIMEOUT_S)
            assert refused.value.retry_after_s > 0
    make.may_end.set()
    peers.join(TIMEOUT_S)
    assert peers.get() is make.made
    assert make.count == 1


def test_one_attempt_that_fails_is_not_the_last() -> None:
    outcomes: list[Any] = [ImportError("no aiortc"), "peers"]

    def make() -> Peers:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return cast(Peers, outcome)

    peers = LazyPeers(make, "test-import")
    with pytest.raises(ImportError):
        peers.get()
    assert cast(Any, peers.get()) == "peers"
