from __future__ import annotations

import pytest

from pet_stream.errors import BitstreamError
from pet_stream.media.h264 import ParameterSets, split_annex_b
from pet_stream.media.h264.coded_picture import CodedPicture
from pet_stream.media.h264.continuity import Continuity, ReferenceChain
from tests.footage import encode
from tests.media.syntax import Sps, pps, slice_nal_unit

FIRST, NEXT, GAP, UNKNOWN = Continuity


class Chain:
    """A reference chain over one stream, whose parameter sets count as they are delivered."""

    def __init__(self, parameter_sets: ParameterSets | None = None) -> None:
        self.parameter_sets = parameter_sets or ParameterSets()
        self._chain = ReferenceChain()

    def check(self, unit: tuple[bytes, ...]) -> Continuity:
        return self._chain.check(CodedPicture.parse(unit, self.parameter_sets))

    def advance(self, unit: tuple[bytes, ...]) -> Continuity:
        picture = CodedPicture.parse(unit, self.parameter_sets)
        self.parameter_sets = picture.parameter_sets
        return self._chain.advance(picture)


STREAMS = {
    "gop 14": {"gop": 14, "pictures": 42},
    "gop 30": {"gop": 30, "pictures": 65},
    "slices": {"gop": 14, "pictures": 30, "slices": 4},
    "B pictures that nothing refers to": {
        "gop": 15,
        "pictures": 45,
        "profile": "main",
        "bframes": 2,
        "x264": ("b-pyramid=none",),
    },
    "B pictures of both kinds": {
        "gop": 15,
        "pictures": 45,
        "profile": "high",
        "bframes": 3,
        "x264": ("b-pyramid=normal",),
    },
    "frame_num wraps": {"gop": 100, "pictures": 100},
    "all intra": {"gop": 1, "pictures": 5},
    "interlaced": {"gop": 14, "pictures": 30, "profile": "high", "x264": ("interlaced=1",)},
    "headers only once, with delimiters": {
        "gop": 14,
        "pictures": 30,
        "headers": "first",
        "aud": True,
    },
}


def units_of(stream: str) -> list[tuple[bytes, ...]]:
    return [split_annex_b(unit) for unit in encode(**STREAMS[stream])]  # type: ignore[arg-type]


def is_reference(unit: tuple[bytes, ...]) -> bool:
    """nal_ref_idc of the slices, read by hand."""
    return any(nal_unit[0] & 0x1F in (1, 5) and nal_unit[0] & 0x60 for nal_unit in unit)


def is_idr(unit: tuple[bytes, ...]) -> bool:
    return any(nal_unit[0] & 0x1F == 5 for nal_unit in unit)


@pytest.mark.parametrize("stream", STREAMS)
def test_every_picture_of_a_whole_stream_is_the_next(stream: str) -> None:
    chain = Chain()
    for unit in units_of(stream):
        assert chain.check(unit) is NEXT
        assert chain.check(unit) is NEXT, "checking changes nothing"
        chain.advance(unit)


@pytest.mark.parametrize("stream", STREAMS)
def test_notices_each_lost_reference_picture_at_once(stream: str) -> None:
    units = units_of(stream)
    noticed = 0
    for lost in range(1, len(units) - 1):
        if is_idr(units[lost]):
            continue  # its GOP begins with nothing known of it; see the test on lost IDRs
        chain = Chain()
        for unit in units[:lost]:
            chain.advance(unit)
        after = units[lost + 1]
        expected = NEXT if is_idr(after) or not is_reference(units[lost]) else GAP
        assert chain.check(after) is expected
        noticed += expected is GAP
    assert noticed or stream == "all intra"


@pytest.mark.parametrize("stream", ["gop 14", "slices", "frame_num wraps", "interlaced"])
def test_takes_no_earlier_picture_of_the_gop_for_the_next(stream: str) -> None:
    """What a slot with a new header over old bytes holds."""
    units = units_of(stream)
    chain = Chain()
    since_idr: list[tuple[bytes, ...]] = []
    for unit in units:
        since_idr = [] if is_idr(unit) else since_idr
        chain.advance(unit)
        if not is_idr(unit):
            since_idr.append(unit)
        recent = since_idr[-14:]  # MaxFrameNum is 16
        assert all(chain.check(old) is GAP for old in recent)


def test_a_lost_idr_shows_in_its_first_p_picture() -> None:
    units = units_of("gop 14")
    chain = Chain()
    for unit in units[:14]:
        chain.advance(unit)
    assert chain.check(units[15]) is GAP


def test_exactly_max_frame_num_lost_pictures_are_not_to_be_seen() -> None:
    units = units_of("frame_num wraps")
    chain = Chain()
    for unit in units[:40]:
        chain.advance(unit)
    assert [chain.check(units[40 + lost]) for lost in range(17)] == [NEXT, *[GAP] * 15, NEXT]


PLAIN = Sps()
SPS, PPS = PLAIN.nal_unit(), pps()
IDR = slice_nal_unit(idr=True)


def p(frame_num: int, ref_idc: int = 2, sps: Sps = PLAIN, field: str = "") -> tuple[bytes, ...]:
    return (slice_nal_unit(frame_num, ref_idc=ref_idc, sps=sps, field=field),)


def chain_after(*units: tuple[bytes, ...]) -> Chain:
    chain = Chain()
    for unit in ((SPS, PPS, IDR), *units):
        chain.advance(unit)
    return chain


def test_pictures_that_nothing_refers_to_count_ahead_but_are_not_followed() -> None:
    """Two temporal layers: each reference P is followed by P pictures with nal_ref_idc 0."""
    chain = chain_after()
    for unit in (p(1, 0), p(1, 0), p(1), p(2, 0), p(2), p(3), p(4, 0)):
        assert chain.check(unit) is NEXT
        chain.advance(unit)
    assert chain.check(p(3)) is GAP
    assert chain.check(p(5)) is GAP
    assert chain.check(p(4)) is NEXT


def test_a_delivered_picture_behind_a_gap_is_the_new_beginning() -> None:
    chain = chain_after(p(1))
    assert chain.check(p(5)) is GAP
    chain.advance(p(5))
    assert chain.check(p(6)) is NEXT
    chain.advance(p(9, 0))
    assert chain.check(p(9)) is NEXT


INTERLACED = Sps(frame_mbs_only=False)


def test_the_second_field_of_a_reference_frame_has_the_same_frame_num() -> None:
    chain = Chain()
    first = slice_nal_unit(idr=True, sps=INTERLACED, field="top")
    chain.advance((INTERLACED.nal_unit(), PPS, first))
    for field, frame_num, expected in (
        ("top", 0, GAP),
        ("bottom", 0, NEXT),  # of the IDR
        ("bottom", 0, GAP),
        ("top", 1, NEXT),
        ("bottom", 1, NEXT),
        ("top", 1, GAP),
        ("", 1, GAP),
        ("", 2, NEXT),
        ("bottom", 2, GAP),  # the picture before was a frame
        ("bottom", 3, NEXT),
        ("top", 3, NEXT),
    ):
        unit = p(frame_num, sps=INTERLACED, field=field)
        assert chain.check(unit) is expected, (field, frame_num)
        if expected is NEXT:
            chain.advance(unit)


def test_fields_that_nothing_refers_to_are_not_paired() -> None:
    chain = Chain()
    chain.advance((INTERLACED.nal_unit(), PPS, slice_nal_unit(idr=True, sps=INTERLACED)))
    chain.advance(p(1, sps=INTERLACED, field="top"))
    assert chain.check(p(1, 0, sps=INTERLACED, field="bottom")) is GAP
    chain.advance(p(2, 0, sps=INTERLACED, field="top"))
    assert chain.check(p(2, 0, sps=INTERLACED, field="bottom")) is NEXT
    assert chain.check(p(1, sps=INTERLACED, field="bottom")) is GAP


def test_where_gaps_are_allowed_only_the_same_frame_num_is_one() -> None:
    gappy = Sps(gaps_allowed=True)
    chain = Chain()
    chain.advance((gappy.nal_unit(), PPS, IDR))
    assert chain.check(p(3)) is NEXT
    chain.advance(p(3))
    assert chain.check(p(3)) is GAP
    assert chain.check(p(7)) is NEXT


def test_the_first_picture_is_first_unless_it_is_an_idr() -> None:
    chain = Chain(ParameterSets().including((SPS, PPS)))
    assert chain.check(p(5)) is FIRST
    assert chain.check((IDR,)) is NEXT
    chain.advance(p(5))
    assert chain.check(p(6)) is NEXT
    assert chain.check(p(8)) is GAP


def test_without_parameter_sets_it_is_unknown_but_an_idr_is_next() -> None:
    chain = Chain()
    assert chain.check(p(1)) is UNKNOWN
    assert chain.check((IDR,)) is NEXT
    chain.advance((IDR,))
    assert chain.check(p(1)) is UNKNOWN
    chain.advance((SPS, PPS))
    assert chain.check(p(1)) is NEXT, "an IDR's frame_num is known without them"
    chain.advance((slice_nal_unit(7, pps_id=9),))
    assert chain.check(p(1)) is FIRST, "what was delivered could not be read"


def test_parameter_sets_in_the_picture_itself_count() -> None:
    chain = chain_after(p(1))
    longer = Sps(log2_max_frame_num=9)
    assert chain.check((longer.nal_unit(), slice_nal_unit(2, sps=longer))) is NEXT
    assert chain.check(p(2)) is NEXT, "check does not take them"
    chain.advance((longer.nal_unit(), slice_nal_unit(2, sps=longer)))
    assert chain.check(p(3, sps=longer)) is NEXT


@pytest.mark.parametrize("unit", [(), (SPS, PPS), (b"\x09\x10",), (b"\x06\x01\x01\x12\x80",)])
def test_no_slice_is_no_picture(unit: tuple[bytes, ...]) -> None:
    chain = chain_after(p(1))
    assert chain.check(unit) is UNKNOWN
    chain.advance(unit)
    assert chain.check(p(2)) is NEXT


@pytest.mark.parametrize(
    "unit",
    [
        (b"",),
        (b"\x41",),
        (b"\x41" + bytes(40),),
        (SPS, PPS, b"\x65\x88", IDR),
        (slice_nal_unit(3, idr=True),),
    ],
)
def test_a_malformed_picture_raises_and_changes_nothing(unit: tuple[bytes, ...]) -> None:
    chain = chain_after(p(1))
    with pytest.raises(BitstreamError):
        chain.check(unit)
    with pytest.raises(BitstreamError):
        chain.advance(unit)
    assert chain.check(p(2)) is NEXT
    assert chain.parameter_sets.insert((IDR,)) == (SPS, PPS, IDR)
