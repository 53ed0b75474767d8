"""Who watches over HLS."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pet_stream.admission.places import LEASE_SWEEPS, Places
from pet_stream.errors import Full, NotFound, Superseded
from pet_stream.hls.sessions import Sessions
from pet_stream.rights import EVERYBODYS

TARGET_S = 2.0
SWEEPS = 15
"""Three target durations."""


@dataclass(frozen=True)
class Somebodys:
    holder: str
    name: str = ""
    is_owners: bool = True

    def is_valid(self) -> bool:
        return True


@pytest.fixture
def places() -> Places:
    return Places(3, max_per_holder=2)


@pytest.fixture
def sessions(places: Places) -> Sessions:
    return Sessions(places)


def ask(sessions: Sessions, session_id: str, holder: str = "") -> None:
    grant = Somebodys(holder) if holder else EVERYBODYS
    sessions.ask(session_id, grant, "10.0.0.1", TARGET_S)


def test_an_id_takes_no_place_before_somebody_asks_by_it(
    sessions: Sessions, places: Places
) -> None:
    ids = {sessions.make_id("") for _ in range(1000)}
    assert len(ids) == 1000
    assert (places.active_count, sessions.active_count) == (0, 0)
    for _ in range(3):
        ask(sessions, min(ids))
    assert [place.occupant.transport for place in places.taken] == ["hls"]


def test_who_asks_in_time_stays_and_who_does_not_goes(sessions: Sessions, places: Places) -> None:
    mine, other = sessions.make_id(""), sessions.make_id("")
    ask(sessions, other)
    for _ in range(3 * LEASE_SWEEPS):
        ask(sessions, mine)
        for _ in range(SWEEPS - 1):
            sessions.sweep()
            places.sweep()
    assert places.active_count == 1
    ask(sessions, other)  # and whoever comes back takes a place again
    assert places.active_count == 2


def test_the_last_one_who_goes_is_told_of(places: Places) -> None:
    told: list[str] = []
    sessions = Sessions(places, on_empty=lambda: told.append("empty"))
    ask(sessions, sessions.make_id(""))
    assert [sessions.sweep() for _ in range(SWEEPS)] == [True] * (SWEEPS - 1) + [False]
    assert (told, places.active_count) == (["empty"], 0)
    assert not sessions.sweep()
    assert told == ["empty"]


@pytest.mark.parametrize(
    "wrong",
    ["", "x", "live.m3u8", "AAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA", "{id}x", "{id}\n", "../{id}"],
)
def test_no_other_id_is_good(sessions: Sessions, places: Places, wrong: str) -> None:
    with pytest.raises(NotFound):
        ask(sessions, wrong.format(id=sessions.make_id("")))
    assert places.total_count == 0


def test_an_id_is_good_for_its_holder_only(sessions: Sessions, places: Places) -> None:
    session_id = sessions.make_id("anna")
    for stranger in ("", "bob"):
        with pytest.raises(NotFound):
            ask(sessions, session_id, stranger)
    ask(sessions, session_id, "anna")
    with pytest.raises(NotFound):
        ask(Sessions(places), session_id, "anna")  # of another process


def test_an_owner_ends_it_for_good(sessions: Sessions, places: Places) -> None:
    session_id = sessions.make_id("")
    ask(sessions, session_id)
    assert places.remove(places.taken[0].id)
    with pytest.raises(NotFound, match="ended"):
        ask(sessions, session_id)
    assert (places.active_count, sessions.active_count) == (0, 0)


def test_a_device_gives_way_to_itself(sessions: Sessions, places: Places) -> None:
    ids = [sessions.make_id("anna") for _ in range(3)]
    for session_id in ids:
        ask(sessions, session_id, "anna")
    with pytest.raises(Superseded):
        ask(sessions, ids[0], "anna")
    assert places.active_count == 2


def test_more_than_there_are_places_are_refused(sessions: Sessions, places: Places) -> None:
    for _ in range(3):
        ask(sessions, sessions.make_id(""))
    with pytest.raises(Full):
        ask(sessions, sessions.make_id(""))
    sessions.end_all()
    assert (places.active_count, sessions.active_count) == (0, 0)
