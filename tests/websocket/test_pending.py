from __future__ import annotations

import pytest

from pet_stream.errors import Busy
from pet_stream.websocket.pending import MAX_OF_CLIENT, MAX_PENDING, PATIENCE_S, PendingClients

ATTACKER, FRIEND = "198.51.100.66", "192.0.2.7"
LATER_S = PATIENCE_S


@pytest.fixture
def pending() -> PendingClients[int]:
    return PendingClients()


def fill(pending: PendingClients[int], count: int, client: str, first: int = 0) -> None:
    for number in range(first, first + count):
        pending.add(number, client, 0.0)


def test_there_is_room_for_some(pending: PendingClients[int]) -> None:
    fill(pending, MAX_OF_CLIENT - 1, ATTACKER)
    assert pending.first_to_go(ATTACKER, 0.0) is None
    assert pending.first_to_go(FRIEND, 0.0) is None


def test_a_client_with_its_share_waits_for_its_oldest(pending: PendingClients[int]) -> None:
    fill(pending, MAX_OF_CLIENT, ATTACKER)
    with pytest.raises(Busy):
        pending.first_to_go(ATTACKER, 0.9 * PATIENCE_S)
    assert pending.first_to_go(ATTACKER, LATER_S) == 0
    assert pending.first_to_go(FRIEND, 0.0) is None


def test_the_oldest_of_whoever_has_most_gives_way_to_another_at_once(
    pending: PendingClients[int],
) -> None:
    fill(pending, MAX_OF_CLIENT - 1, "a")
    fill(pending, MAX_OF_CLIENT, ATTACKER, 100)
    fill(pending, MAX_PENDING - 2 * MAX_OF_CLIENT + 1, "b", 200)
    assert pending.first_to_go(FRIEND, 0.0) == 100


def test_who_has_a_place_does_not_give_way(pending: PendingClients[int]) -> None:
    fill(pending, MAX_OF_CLIENT, ATTACKER)
    pending.discard(0)
    pending.discard(0)
    assert pending.first_to_go(ATTACKER, LATER_S) is None


def test_a_server_with_few_threads_has_room_for_one(pending: PendingClients[int]) -> None:
    assert pending.first_to_go(FRIEND, 0.0, max_pending=1) is None
    fill(pending, 1, ATTACKER)
    assert pending.first_to_go(FRIEND, 0.0, max_pending=1) == 0
