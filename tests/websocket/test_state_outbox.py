from __future__ import annotations

from pet_stream.websocket.state_outbox import MAX_SIGHTINGS, StateOutbox


def test_the_newest_state_comes_first_and_of_the_sightings_the_newest_few() -> None:
    outbox = StateOutbox()
    for number in range(MAX_SIGHTINGS + 5):
        outbox.sightings.append(b"%d" % number)
    outbox.has_new_recordings = True
    outbox.state_frame = b"older"
    outbox.state_frame = b"newer"
    assert outbox.pop() == b"newer"
    assert b"recordings" in (outbox.pop() or b"")
    told = [outbox.pop() for _ in range(MAX_SIGHTINGS)]
    assert told == [b"%d" % number for number in range(5, MAX_SIGHTINGS + 5)]
    assert outbox.pop() is None
