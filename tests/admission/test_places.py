from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from pet_stream.admission.places import LEASE_SWEEPS, Ending, Occupant, Place, Places
from pet_stream.errors import Full
from tests.waiting import TIMEOUT_S


def test_the_viewer_after_the_last_place_is_refused_and_told_when_to_come_back() -> None:
    places = Places(2)
    places.acquire()
    places.acquire()
    with pytest.raises(Full) as refused:
        places.acquire()
    assert refused.value.max_clients == 2
    assert refused.value.retry_after_s > 0
    assert places.active_count == 2


def test_a_place_given_back_can_be_taken_again() -> None:
    places = Places(1)
    places.acquire().release()
    places.acquire()
    assert (places.active_count, places.total_count) == (1, 2)


def test_giving_a_place_back_twice_does_not_free_another_viewers_place() -> None:
    places = Places(2)
    first = places.acquire()
    places.acquire()
    first.release()
    first.release()
    assert places.active_count == 1


def test_who_is_refused_is_not_counted_as_a_viewer() -> None:
    places = Places(0)
    with pytest.raises(Full):
        places.acquire()
    assert places.total_count == 0


def test_as_many_threads_at_once_as_there_are_places_get_one() -> None:
    places, barrier = Places(3), Barrier(8)

    def come() -> Place | None:
        barrier.wait(TIMEOUT_S)
        try:
            return places.acquire()
        except Full:
            return None

    with ThreadPoolExecutor(8) as threads:
        futures = [threads.submit(come) for _ in range(8)]
    assert sum(future.result() is not None for future in futures) == 3
    assert places.active_count == 3


def test_place_that_nobody_renews_comes_back() -> None:
    places = Places(1)
    places.acquire()
    for _ in range(LEASE_SWEEPS - 1):
        assert places.sweep()
    assert not places.sweep()
    assert places.active_count == 0
    places.acquire()


def test_renewed_place_stays() -> None:
    places = Places(1)
    place = places.acquire()
    for _ in range(3 * LEASE_SWEEPS):
        place.renew()
        assert places.sweep()
    place.release()
    assert not places.sweep()


def test_some_places_are_kept_for_owners() -> None:
    places, guest = Places(3, kept_for_owners=2), Occupant(is_owner=False)
    places.acquire(guest)
    with pytest.raises(Full) as full:
        places.acquire(guest)
    assert full.value.max_clients == 1
    places.acquire()
    places.acquire()
    with pytest.raises(Full):
        places.check()


def test_a_device_that_takes_too_many_loses_its_oldest() -> None:
    ended: list[tuple[int, Ending]] = []

    def occupant(number: int, holder: str) -> Occupant:
        return Occupant(lambda why: ended.append((number, why)), holder=holder)

    places = Places(10, max_per_holder=2)
    for number, holder in enumerate(["a", "b", "a", "a", "a", "", "", ""]):
        places.acquire(occupant(number, holder))
    assert ended == [(0, Ending.SUPERSEDED), (2, Ending.SUPERSEDED)]
    assert [place.occupant.holder for place in places.taken] == ["b", "a", "a", "", "", ""]


def test_a_device_at_its_limit_gets_in_where_all_is_full() -> None:
    """It gives way to itself."""
    places = Places(2, max_per_holder=2)
    for _ in range(3):
        places.acquire(Occupant(holder="a"))
    with pytest.raises(Full):
        places.acquire(Occupant(holder="b"))


def test_a_place_can_be_taken_away() -> None:
    ended: list[Ending] = []
    places = Places(1)
    place = places.acquire(Occupant(ended.append))
    assert not places.remove("another")
    assert places.remove(place.id)
    assert not places.remove(place.id)
    assert ended == [Ending.REMOVED]
    place.release()
    places.acquire()


def test_a_device_that_is_refused_keeps_what_it_has() -> None:
    """Otherwise it would watch without a place, once more for each try."""
    ended: list[Ending] = []
    places = Places(4, kept_for_owners=2, max_per_holder=1)
    mine = places.acquire(Occupant(ended.append, holder="a", is_owner=False))
    for name in ("b", "c", "d"):
        places.acquire(Occupant(holder=name))
    with pytest.raises(Full):
        places.acquire(Occupant(ended.append, holder="a", is_owner=False))
    with pytest.raises(Full):
        places.check("a", is_owner=False)
    assert mine in places.taken
    assert not ended


def test_whoever_gives_way_to_itself_is_told_before_that_there_is_room() -> None:
    places = Places(2, max_per_holder=2)
    for _ in range(2):
        places.acquire(Occupant(holder="a"))
    places.check("a")
    with pytest.raises(Full):
        places.check("b")


def test_fewer_places_take_none_away() -> None:
    places = Places(3)
    first, _second = places.acquire(), places.acquire()
    places.set_limit(1, 0)
    first.release()
    with pytest.raises(Full) as refused:
        places.acquire()
    assert (places.active_count, refused.value.max_clients) == (1, 1)
    places.set_limit(3, 1)
    places.acquire()
    with pytest.raises(Full):
        places.acquire(Occupant(is_owner=False))
    places.acquire()
