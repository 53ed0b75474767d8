from __future__ import annotations

import pytest
from aioice import stun

from pet_stream.media.stun import answered_transaction, is_stun, proves

PASSWORD = b"0123456789abcdefghijkl"


def message(message_class: stun.Class = stun.Class.REQUEST) -> stun.Message:
    made = stun.Message(message_method=stun.Method.BINDING, message_class=message_class)
    made.attributes["USERNAME"] = "they:we"
    return made


def signed() -> bytes:
    """As aioice and browsers do it, with a fingerprint behind the proof."""
    made = message()
    made.add_message_integrity(PASSWORD)
    return bytes(made)


def test_who_knows_the_password_proves_it() -> None:
    assert proves(signed(), PASSWORD)
    without_fingerprint = bytearray(signed()[:-8])
    without_fingerprint[3] -= 8
    assert proves(bytes(without_fingerprint), PASSWORD)


UNPROVED = {
    "empty": b"",
    "no proof": bytes(message()),
    "a header": bytes(message())[:20],
    "not the fingerprint's length": signed()[:-8] + bytes(8) + bytes(8),
    "another name": signed()[:30] + b"x" + signed()[31:],
    "another proof": signed()[:-9] + b"x" + signed()[-8:],
    "a proof alone": b"\x00\x08\x00\x14" + bytes(20),
}


@pytest.mark.parametrize("unproved", UNPROVED.values(), ids=UNPROVED)
def test_nothing_else_does(unproved: bytes) -> None:
    assert not proves(unproved, PASSWORD)


def test_another_password_does_not() -> None:
    assert not proves(signed(), PASSWORD[:-1])


@pytest.mark.parametrize(
    ("message_class", "is_answer"),
    [
        (stun.Class.REQUEST, False),
        (stun.Class.INDICATION, False),
        (stun.Class.RESPONSE, True),
        (stun.Class.ERROR, True),
    ],
)
def test_an_answer_names_its_request(message_class: stun.Class, is_answer: bool) -> None:
    made = message(message_class)
    assert is_stun(bytes(made))
    expected = made.transaction_id if is_answer else None
    assert answered_transaction(bytes(made)) == expected


OTHERS = {
    "empty": b"",
    "zeros": bytes(20),
    "too short": signed()[:19],
    "DTLS": b"\x16" + signed()[1:],
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_other_datagrams_are_told_from_stun(other: bytes) -> None:
    assert not is_stun(other)
