"""Each access unit becomes a message once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pet_stream.errors import BitstreamError
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.h264 import split_annex_b
from pet_stream.websocket.video_messages import LEADING, VideoMessages
from tests.footage import encode
from tests.webrtc.pictures import picture

GOP = 3
OFFSET_NS = 10**18


def footage(width: int = 320) -> list[AccessUnit]:
    return [
        replace(picture(is_idr=n % GOP == 0), nal_units=split_annex_b(data), width=width)
        for n, data in enumerate(encode(width, 240, gop=GOP, pictures=2 * GOP))
    ]


def malformed(idr: AccessUnit) -> AccessUnit:
    return replace(idr, nal_units=idr.nal_units[-1:])


def told_width(frame: bytes) -> int:
    width: int = json.loads(frame[frame.index(b"{") :])["width"]
    return width


def test_the_message_of_a_unit_is_made_once_until_its_gop_is_forgotten() -> None:
    messages, units = VideoMessages(), footage()
    made = [messages.message(unit, OFFSET_NS) for unit in units[:GOP]]
    assert None not in made
    again = [messages.message(unit, OFFSET_NS + 10**9) for unit in units[:GOP]]
    assert all(one is other for one, other in zip(made, again, strict=True))
    newest = messages.message(units[GOP], OFFSET_NS)
    messages.forget_before(units[GOP])
    assert messages.message(units[1], OFFSET_NS) is not made[1]
    assert messages.message(units[GOP], OFFSET_NS) is newest
    messages.forget_before(None)
    assert messages.message(units[GOP], OFFSET_NS) is not newest


def test_what_was_forgotten_is_made_anew_and_equal() -> None:
    messages, units = VideoMessages(), footage()
    made = [messages.message(unit, OFFSET_NS) for unit in units[:GOP]]
    messages.forget()
    again = [messages.message(unit, OFFSET_NS) for unit in units[:GOP]]
    assert again == made
    assert not any(one is other for one, other in zip(made, again, strict=True))


def test_there_is_none_before_the_first_idr() -> None:
    messages, units = VideoMessages(), footage()
    assert messages.message(units[1], OFFSET_NS) is None
    assert messages.message(units[GOP], OFFSET_NS) is not None


def test_another_format_is_told_with_the_idr_that_has_it() -> None:
    messages = VideoMessages()
    frames = []
    for unit in (*footage(320), *footage(640)):
        message = messages.message(unit, OFFSET_NS)
        assert message is not None
        frames.append(message.format_frame)
    assert list(map(told_width, frames)) == 2 * GOP * [320] + 2 * GOP * [640]


def test_after_a_malformed_idr_there_is_none_up_to_the_next() -> None:
    messages, units = VideoMessages(), footage()
    first = messages.message(units[0], OFFSET_NS)
    assert first is not None
    broken = malformed(units[GOP])
    for _ in range(2):
        with pytest.raises(BitstreamError):
            messages.message(broken, OFFSET_NS)
        assert messages.message(units[GOP + 1], OFFSET_NS) is None
    later = messages.message(replace(units[0], sequence=units[-1].sequence + 1), OFFSET_NS)
    assert later is not None
    assert later.format_frame == first.format_frame


def test_a_flag_tells_what_a_player_that_began_at_a_recovery_point_leaves_out() -> None:
    messages, (idr, leading, *_) = VideoMessages(), footage()
    messages.message(idr, OFFSET_NS)
    made = messages.message(replace(leading, is_leading=True), OFFSET_NS)
    assert made is not None
    assert header_flags(made.frame) == LEADING


def header_flags(frame: bytes) -> int:
    begin = {126: 4, 127: 10}.get(frame[1], 2)
    return frame[begin]
