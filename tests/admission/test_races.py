from __future__ import annotations

import pytest

from pet_stream.admission.place import LEASE_SWEEPS, Ending, Occupant, Place
from pet_stream.admission.places import Places
from pet_stream.admission.races import RACE_SWEEPS
from pet_stream.errors import Full

RACE, OTHER = "a" * 16, "b" * 16


class Room:
    """Places, and who was ended."""

    def __init__(self, max_clients: int = 1, max_per_holder: int = 1000) -> None:
        self.places = Places(max_clients, max_per_holder=max_per_holder)
        self.ended: list[tuple[str, Ending]] = []

    def come(self, transport: str, race: str = RACE, holder: str = "") -> Place:
        def end(why: Ending) -> None:
            self.ended.append((transport, why))

        return self.places.acquire(Occupant(end, holder=holder, transport=transport, race=race))

    @property
    def count(self) -> int:
        return self.places.active_count


@pytest.fixture
def room() -> Room:
    return Room()


def test_the_two_ways_of_a_page_share_the_last_place(room: Room) -> None:
    first = room.come("webrtc")
    room.places.check(race=RACE, transport="websocket")
    second = room.come("websocket")
    assert (room.count, room.places.total_count) == (1, 1)
    first.release()
    assert room.places.taken == (second,)
    assert (second.id, second.taken_at_s) == (first.id, first.taken_at_s)
    second.release()
    assert room.count == 0


@pytest.mark.parametrize("order", [("webrtc", "websocket"), ("websocket", "webrtc")])
def test_the_slower_way_leaves_and_the_other_goes_on(room: Room, order: tuple[str, str]) -> None:
    first, second = map(room.come, order)
    second.release()
    second.release()
    assert room.places.taken == (first,)
    for _ in range(2 * RACE_SWEEPS):
        first.renew()
        room.places.sweep()
    assert room.places.taken == (first,)
    assert room.ended == []


@pytest.mark.parametrize(
    ("race", "holder", "transport"),
    [
        (OTHER, "phone", "websocket"),
        ("", "phone", "websocket"),
        (RACE, "laptop", "websocket"),
        (RACE, "", "websocket"),
        (RACE, "phone", "webrtc"),
    ],
)
def test_nobody_else_shares_it(room: Room, race: str, holder: str, transport: str) -> None:
    room.come("webrtc", holder="phone")
    with pytest.raises(Full):
        room.places.check(holder, race=race, transport=transport)
    with pytest.raises(Full):
        room.come(transport, race, holder)


def test_those_who_take_one_way_share_nothing(room: Room) -> None:
    room.come("webrtc", race="")
    with pytest.raises(Full):
        room.come("websocket", race="")


def test_a_page_that_keeps_both_loses_the_one_that_came_second(room: Room) -> None:
    first, second = room.come("webrtc"), room.come("websocket")
    for _ in range(RACE_SWEEPS):
        assert room.ended == []
        first.renew()
        second.renew()
        room.places.sweep()
    assert room.ended == [("websocket", Ending.RACED)]
    assert room.places.taken == (first,)
    second.release()
    assert room.places.taken == (first,)


@pytest.mark.parametrize("leaves_first", [True, False])
def test_a_place_is_shared_once(room: Room, leaves_first: bool) -> None:
    ways = {"webrtc": room.come("webrtc"), "websocket": room.come("websocket")}
    gone = "webrtc" if leaves_first else "websocket"
    ways[gone].release()
    with pytest.raises(Full):
        room.come(gone)
    with pytest.raises(Full):
        room.places.check(race=RACE, transport=gone)


def test_a_third_way_does_not_exist(room: Room) -> None:
    room.come("webrtc")
    room.come("websocket")
    with pytest.raises(Full):
        room.come("mp4")


@pytest.mark.parametrize(("max_clients", "expected"), [(1, 1), (7, 1), (8, 2), (10, 2)])
def test_few_places_are_shared_at_once(max_clients: int, expected: int) -> None:
    room = Room(max_clients)
    pages = [f"{number:016}" for number in range(max_clients)]
    for page in pages:
        room.come("webrtc", page)
    shared = 0
    for page in pages:
        try:
            room.come("websocket", page)
        except Full:
            continue
        shared += 1
    assert shared == expected
    assert room.count == max_clients


def test_both_ways_end_where_the_place_is_taken_away(room: Room) -> None:
    first = room.come("webrtc")
    room.come("websocket")
    assert room.places.remove(first.id)
    assert room.ended == [("webrtc", Ending.REMOVED), ("websocket", Ending.REMOVED)]
    assert room.count == 0


def test_both_ways_end_where_a_newer_page_takes_over() -> None:
    room = Room(max_clients=2, max_per_holder=1)
    room.come("webrtc", holder="phone")
    room.come("websocket", holder="phone")
    newer = room.come("webrtc", OTHER, holder="phone")
    assert room.ended == [("webrtc", Ending.SUPERSEDED), ("websocket", Ending.SUPERSEDED)]
    assert room.places.taken == (newer,)


def test_nobody_renews_either_of_them(room: Room) -> None:
    room.come("webrtc")
    room.come("websocket")
    for _ in range(LEASE_SWEEPS):
        room.places.sweep()
    assert room.count == 0
    room.come("webrtc", OTHER)
