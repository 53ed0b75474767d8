from __future__ import annotations

from contextlib import ExitStack

import pytest

from pet_stream.admission.turns import Turns
from pet_stream.errors import Busy


def test_one_more_than_there_are_turns_is_refused_until_one_is_over() -> None:
    turns = Turns(3, 3)
    with ExitStack() as taken:
        for client in "abc":
            taken.enter_context(turns.turn(client))
        with pytest.raises(Busy) as refused, turns.turn("d"):
            pass
    assert (refused.value.http_status, refused.value.code) == (503, "busy")
    assert refused.value.retry_after_s > 0
    assert turns.refused_count == 1
    with turns.turn("d"):
        pass


def test_one_client_leaves_turns_to_the_others() -> None:
    turns = Turns(4, 2)
    with turns.turn("a"), turns.turn("a"):
        with pytest.raises(Busy), turns.turn("a"):
            pass
        with turns.turn("b"):
            pass


def test_a_turn_ends_however_the_work_ends() -> None:
    turns = Turns(1, 1)
    for _ in range(3):
        with pytest.raises(KeyError), turns.turn("a"):
            raise KeyError
    assert turns.refused_count == 0
