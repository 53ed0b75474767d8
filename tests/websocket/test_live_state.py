"""What a page is told about its own viewer."""

from __future__ import annotations

import json

from pet_stream.websocket.live_state import Followed


def told(followed: Followed) -> object:
    frame = followed.news()
    return None if frame is None else json.loads(frame[frame.index(b"{") :])


def test_a_page_is_told_how_many_pictures_come_when_that_changes() -> None:
    rates = iter([None, None, 0.0, 2.1, 2.1, 0.5, 0.0, None, None])
    followed = Followed("x", lambda: next(rates))
    assert [told(followed) for _ in range(9)] == [
        None,
        None,
        None,  # how many is not known yet
        {"type": "thinned", "pc_id": "x", "fps": 2.1},
        None,
        {"type": "thinned", "pc_id": "x", "fps": 0.5},
        None,
        {"type": "thinned", "pc_id": "x", "fps": None},
        None,
    ]
