from __future__ import annotations

import threading

from pet_stream.mailbox import Mailbox
from tests.waiting import TIMEOUT_S


def test_what_does_not_fit_costs_the_oldest() -> None:
    mailbox: Mailbox[int] = Mailbox(2)
    assert [mailbox.put(number) for number in range(3)] == [True, True, False]
    assert len(mailbox) == 2
    assert [mailbox.take(0) for _ in range(3)] == [1, 2, None]


def test_closing_wakes_everybody_and_leaves_what_is_there() -> None:
    mailbox: Mailbox[int] = Mailbox(2)
    waiting = [threading.Thread(target=mailbox.take, args=(TIMEOUT_S,)) for _ in range(2)]
    for thread in waiting:
        thread.start()
    mailbox.close()
    for thread in waiting:
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()
    assert mailbox.is_closed
    mailbox.put(1)
    assert [mailbox.take(TIMEOUT_S) for _ in range(2)] == [1, None]
