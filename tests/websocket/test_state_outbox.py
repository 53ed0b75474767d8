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


def test_of_each_viewer_the_newest_is_told_and_a_beat_only_if_there_is_nothing_else() -> None:
    outbox = StateOutbox()
    outbox.owes_beat = True
    for pc_id, frame in (("a", b"a 5"), ("b", b"b 2"), ("a", b"a 1")):
        outbox.thinned_frames[pc_id] = frame
    assert [outbox.pop(), outbox.pop()] == [b"a 1", b"b 2"]
    assert b"beat" in (outbox.pop() or b"")
    assert outbox.pop() is None
