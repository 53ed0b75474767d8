"""What a page is told about its own viewers."""

from __future__ import annotations

import json

from pet_stream.websocket.live_state import MAX_FOLLOWED, Followed, FollowedViewers


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


def test_of_many_viewers_of_a_page_the_newest_are_followed() -> None:
    viewers = FollowedViewers()
    for number in range(MAX_FOLLOWED + 1):
        viewers.add(Followed(str(number), lambda: 2.0))
    viewers.add(Followed("1", lambda: 2.0))  # again: it is the newest then
    viewers.add(Followed("last", lambda: None))
    assert list(viewers.news()) == ["3", "4", "1"]
    assert viewers.news() == {}
