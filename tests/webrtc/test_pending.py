"""Which pending offer gives way to a newer one."""

from __future__ import annotations

from dataclasses import dataclass

from pet_stream.webrtc.pending import MAX_OF_CLIENT, MAX_PENDING, PATIENCE_S, PendingOffers


@dataclass(eq=False)
class Caller:
    name: str
    is_reached: bool = False


class Book:
    """Pending offers by name, of a client each, at times in seconds."""

    def __init__(self) -> None:
        self.offers: PendingOffers[Caller] = PendingOffers()
        self.count = 0

    def add(self, client: str, at_s: float = 0.0, *, is_reached: bool = False) -> list[str]:
        """The names of those that give way. The first offer of client `a` is `a0`."""
        name = f"{client}{self.count}"
        self.count += 1
        caller = Caller(name, is_reached)
        return [other.name for other in self.offers.add(caller, client, at_s)]


def test_a_fifth_of_one_client_takes_the_place_of_its_oldest() -> None:
    book = Book()
    book.add("b")
    for _ in range(MAX_OF_CLIENT):
        assert book.add("a") == []
    assert book.add("a", PATIENCE_S) == ["a1"]
    assert len(book.offers) == 1 + MAX_OF_CLIENT


def test_many_of_one_client_at_once_have_time_to_connect() -> None:
    book = Book()
    for _ in range(10):
        assert book.add("a", 1.0) == []
    assert book.add("a", 0.99 + PATIENCE_S) == []
    assert book.add("b", 1.0 + PATIENCE_S) == []
    assert book.add("a", 1.0 + PATIENCE_S) == [f"a{number}" for number in range(8)]
    assert len(book.offers) == 1 + MAX_OF_CLIENT


def test_one_that_was_reached_stays_while_silent_ones_go() -> None:
    book = Book()
    book.add("a", is_reached=True)
    for _ in range(3):
        book.add("a")
    assert book.add("a", PATIENCE_S) == ["a1"]
    assert book.add("a", PATIENCE_S) == ["a2"]


def test_when_there_is_no_room_at_all_the_client_with_most_gives_way() -> None:
    book = Book()
    book.add("a")
    for _ in range(MAX_PENDING - 1):
        book.add("b")
    assert book.add("c") == ["b1"]
    assert book.add("a") == ["b2"]
    assert book.add("b") == ["b3"]
    assert len(book.offers) == MAX_PENDING


def test_a_client_with_its_share_displaces_nobody_else() -> None:
    book = Book()
    for _ in range(MAX_OF_CLIENT):
        book.add("a")
    for number in range(MAX_PENDING - MAX_OF_CLIENT):
        book.add(f"other{number}-")
    assert book.add("a") == ["a0"]


def test_from_as_many_clients_as_there_is_room_for_the_oldest_gives_way() -> None:
    book = Book()
    for number in range(MAX_PENDING):
        book.add(f"{number}-")
    assert book.add("new") == ["0-0"]


def test_checks_alone_keep_nobody_out() -> None:
    book = Book()
    for _ in range(MAX_PENDING - 1):
        book.add("a", is_reached=True)
    book.add("b")
    assert book.add("a", is_reached=True) == ["a0"]
    for _ in range(3):
        book.add("a")
    assert book.add("a") == ["a4"]  # the silent ones stay until they are as many


def test_who_has_connected_or_ended_makes_room() -> None:
    offers: PendingOffers[Caller] = PendingOffers()
    callers = [Caller("a") for _ in range(MAX_PENDING)]
    for caller in callers:
        offers.add(caller, "a", 0.0)
    offers.discard(callers[7])
    offers.discard(callers[7])
    assert offers.add(Caller("b"), "b", 0.0) == []
