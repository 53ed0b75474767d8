from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_stream.errors import BitstreamError
from pet_stream.media.h264.nal_unit import (
    MAX_NAL_UNITS,
    NalUnitType,
    is_idr,
    is_recovery_point,
    nal_unit_type,
    split_annex_b,
)
from tests.footage import encode
from tests.media.syntax import escape, nal_unit

ZERO_HEAVY = st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 0x80]), max_size=60).map(bytes)


@st.composite
def legal_nal_units(draw: st.DrawFn) -> bytes:
    """Any header byte without forbidden_zero_bit, any payload, sometimes cabac_zero_words."""
    header = draw(st.integers(0, 0x7F))
    payload = draw(st.binary(max_size=60) | ZERO_HEAVY)
    stop = b"\x80" if header == 0 or draw(st.booleans()) else b""
    cabac_zero_words = draw(st.integers(0, 3)) * b"\0\0"
    return escape(bytes([header]) + payload + stop + cabac_zero_words)


@given(
    st.lists(
        st.tuples(st.integers(0, 5), legal_nal_units(), st.integers(0, 4)), min_size=1, max_size=8
    )
)
def test_splits_what_was_joined(parts: list[tuple[int, bytes, int]]) -> None:
    """Start codes of 3 and 4 bytes, leading and trailing zeros in any mix."""
    data = b"".join(
        bytes(leading) + b"\0\0\1" + unit + bytes(trailing) for leading, unit, trailing in parts
    )
    assert split_annex_b(data) == tuple(unit for _, unit, _ in parts)


@given(st.binary(max_size=400) | ZERO_HEAVY)
def test_any_bytes_split_or_raise_bitstream_error(data: bytes) -> None:
    try:
        nal_units = split_annex_b(data)
    except BitstreamError:
        return
    assert nal_units
    for unit in nal_units:
        assert unit[-1] != 0
        assert b"\0\0\1" not in unit
    assert split_annex_b(b"".join(b"\0\0\0\1" + unit for unit in nal_units)) == nal_units


@pytest.mark.parametrize(
    ("data", "nal_units"),
    [
        ("000001 65aa", ["65aa"]),
        ("00000001 65aa", ["65aa"]),
        ("0000000000000001 65aa 0000000000", ["65aa"]),
        ("00000001 67aa 000001 68bb 00000001 65cc", ["67aa", "68bb", "65cc"]),
        ("000001 0a", ["0a"]),
        ("000001 65 000003 000003 0000", ["65000003000003"]),
        ("000001 65aa 000003 000001 41bb", ["65aa000003", "41bb"]),
        ("000001 65 00 01 00 00 02 ff", ["65000100" + "0002ff"]),
        ("000001 65 01 000001 41 01", ["6501", "4101"]),
    ],
)
def test_split(data: str, nal_units: list[str]) -> None:
    assert split_annex_b(bytes.fromhex(data)) == tuple(map(bytes.fromhex, nal_units))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "No start code"),
        ("00000000", "No start code"),
        ("65aabbcc", "No start code"),
        ("0001 65aa", "No start code"),
        ("ff 000001 65aa", "before the first start code"),
        ("0100 000001 65aa", "before the first start code"),
        ("000001", "empty"),
        ("00000001 0000", "empty"),
        ("000001 000001 65aa", "empty"),
        ("000001 65aa 00000001", "empty"),
        ("000001 e5aa", "forbidden_zero_bit"),
    ],
)
def test_split_refuses(data: str, reason: str) -> None:
    with pytest.raises(BitstreamError, match=reason):
        split_annex_b(bytes.fromhex(data))


@pytest.mark.parametrize("data", [b"\0\0\1\x41" + b"\0" * 3_000_000, b"\0\0\1\x09" * 100_000])
def test_splits_the_worst_input_in_one_pass(data: bytes) -> None:
    """A quadratic split would take minutes for these."""
    assert len(split_annex_b(data, max_nal_units=100_000)) == data.count(1)


def test_a_picture_has_so_many_nal_units_and_no_more() -> None:
    most = b"\0\0\1\x09" * MAX_NAL_UNITS
    assert len(split_annex_b(most)) == MAX_NAL_UNITS
    with pytest.raises(BitstreamError, match="More than 4096"):
        split_annex_b(b"\0\0\1\x09" + most)


def test_what_is_behind_the_limit_is_not_looked_at() -> None:
    """The split goes backwards: the empty NAL unit at the beginning is not found."""
    with pytest.raises(BitstreamError, match="More than 4096"):
        split_annex_b(b"\0\0\1" + b"\0\0\1\x09" * (MAX_NAL_UNITS + 1))


@given(st.binary(min_size=1))
def test_the_type_is_five_bits(unit: bytes) -> None:
    assert nal_unit_type(unit) == unit[0] % 32


def test_an_empty_nal_unit_has_no_type() -> None:
    with pytest.raises(BitstreamError):
        nal_unit_type(b"")


def test_recognises_idr_access_units() -> None:
    idrs = [is_idr(split_annex_b(unit)) for unit in encode(gop=14, pictures=42, slices=2)]
    assert idrs == [number % 14 == 0 for number in range(42)]


def test_recognises_recovery_points_of_a_stream_with_intra_refresh() -> None:
    units = encode(gop=10, pictures=40, x264=("intra-refresh=1",))
    points = [
        any(
            is_recovery_point(nal)
            for nal in split_annex_b(unit)
            if nal_unit_type(nal) == NalUnitType.SEI
        )
        for unit in units
    ]
    assert sum(points) >= 3
    assert not all(points)


def sei(*messages: tuple[int, bytes]) -> bytes:
    rbsp = b""
    for payload_type, payload in messages:
        for number in (payload_type, len(payload)):
            rbsp += b"\xff" * (number // 255) + bytes([number % 255])
        rbsp += payload
    return nal_unit(6, rbsp + b"\x80", ref_idc=0)


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([(6, b"\xc4")], True),
        ([(5, bytes(300)), (6, b"\xc4")], True),
        ([(5, b"\0\0\0\0\6\1\1"), (1, b"")], False),
        ([(6 + 255, b"\xc4")], False),
        ([(1, b"\6\1\1"), (300, b"\6" * 600)], False),
        ([(0, b""), (6, b"\xc4"), (4, b"x")], True),
    ],
)
def test_finds_the_recovery_point_among_messages(
    messages: list[tuple[int, bytes]], expected: bool
) -> None:
    assert is_recovery_point(sei(*messages)) is expected


@pytest.mark.parametrize("broken", ["", "06", "0680", "06ff", "0605ff", "06050a0102", "65aabbcc"])
def test_refuses_broken_sei(broken: str) -> None:
    with pytest.raises(BitstreamError):
        is_recovery_point(bytes.fromhex(broken))


@given(st.binary(max_size=60))
def test_any_sei_is_judged_or_raises_bitstream_error(payload: bytes) -> None:
    try:
        assert is_recovery_point(b"\6" + payload) in (True, False)
    except BitstreamError:
        pass
