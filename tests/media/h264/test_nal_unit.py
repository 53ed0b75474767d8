from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_stream.errors import BitstreamError
from pet_stream.media.h264.nal_unit import (
    MAX_NAL_UNITS,
    is_idr,
    nal_unit_type,
    split_annex_b,
)
from tests.footage import encode
from tests.media.syntax import escape

ZERO_HEAVY = st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 0x80]), max_size=60).map(bytes)


KEPT_TYPES = range(1, 10)


@st.composite
def legal_nal_units(draw: st.DrawFn, types: Sequence[int] = range(32)) -> bytes:
    """Any header byte of these types without forbidden_zero_bit, any payload, sometimes
    cabac_zero_words."""
    header = draw(st.integers(0, 3)) << 5 | draw(st.sampled_from(types))
    payload = draw(st.binary(max_size=60) | ZERO_HEAVY) + b"\x80"
    cabac_zero_words = draw(st.integers(0, 3)) * b"\0\0"
    return escape(bytes([header]) + payload + cabac_zero_words)


@given(
    st.binary(max_size=20).filter(lambda garbage: b"\0\0\1" not in garbage + b"\0\0"),
    st.lists(
        st.tuples(st.integers(0, 5), legal_nal_units() | st.just(b""), st.integers(0, 4)),
        min_size=1,
        max_size=8,
    ),
)
def test_splits_what_was_joined(garbage: bytes, parts: list[tuple[int, bytes, int]]) -> None:
    """Start codes of 3 and 4 bytes, leading and trailing zeros, empty NAL units in any mix."""
    data = garbage + b"".join(
        bytes(leading) + b"\0\0\1" + unit + bytes(trailing) for leading, unit, trailing in parts
    )
    units = [unit for _, unit, _ in parts if unit]
    if units:
        kept = tuple(unit for unit in units if unit[0] & 31 in KEPT_TYPES)
        assert split_annex_b(data) == kept
    else:
        with pytest.raises(BitstreamError):
            split_annex_b(data)


@given(st.binary(max_size=400) | ZERO_HEAVY)
def test_any_bytes_split_or_raise_bitstream_error(data: bytes) -> None:
    try:
        nal_units = split_annex_b(data)
    except BitstreamError:
        return
    for unit in nal_units:
        assert unit[-1] != 0
        assert b"\0\0\1" not in unit
    if nal_units:
        assert split_annex_b(b"".join(b"\0\0\0\1" + unit for unit in nal_units)) == nal_units


@pytest.mark.parametrize(
    ("data", "nal_units"),
    [
        ("000001 65aa", ["65aa"]),
        ("00000001 65aa", ["65aa"]),
        ("0000000000000001 65aa 0000000000", ["65aa"]),
        ("00000001 67aa 000001 68bb 00000001 65cc", ["67aa", "68bb", "65cc"]),
        ("000001 09f0 000001 65aa", ["09f0", "65aa"]),
        ("000001 65 000003 000003 0000", ["65000003000003"]),
        ("000001 65aa 000003 000001 41bb", ["65aa000003", "41bb"]),
        ("000001 65 00 01 00 00 02 ff", ["65000100" + "0002ff"]),
        ("000001 65 01 000001 41 01", ["6501", "4101"]),
    ],
)
def test_split(data: str, nal_units: list[str]) -> None:
    assert split_annex_b(bytes.fromhex(data)) == tuple(map(bytes.fromhex, nal_units))


@pytest.mark.parametrize(
    "oddity",
    [
        "000001",
        "00000001",
        "000001 000001 000001",
        "000001 00",
        "000001 000000000000",
        "000001 65",
        "000001 67",
        "000001 09",
        "000001 e5aa",
        "000001 ff",
        "000001 0a",
        "000001 0b",
        "000001 0cffff80",
        "000001 0c",
        *(f"000001 {kind:02x}aabbccddee80" for kind in range(32) if kind not in KEPT_TYPES),
        *(f"000001 {0x60 | kind:02x}aabbccddee80" for kind in range(24, 32)),
    ],
)
@pytest.mark.parametrize(
    "where", ["{} {sps} {pps} {idr}", "{sps} {} {pps} {} {idr}", "{sps} {pps} {idr} {}"]
)
def test_what_decoders_skip_harms_nobody(oddity: str, where: str) -> None:
    units = {"sps": "67aa", "pps": "68bb", "idr": "65cc"}
    parts = {name: "00000001" + unit for name, unit in units.items()}
    data = bytes.fromhex(where.replace("{}", oddity).format(**parts))
    expected = tuple(map(bytes.fromhex, units.values()))
    assert split_annex_b(data) == expected
    assert split_annex_b(b"\0\1garbage" + data + b"\0\0\0\1") == expected


@pytest.mark.parametrize("alone", ["0a", "0b", "0cff80", "0c", "1caabb", "00aa", "1faa", "14aabb"])
def test_what_holds_no_picture_is_no_error_either(alone: str) -> None:
    assert split_annex_b(bytes.fromhex("00000001" + alone)) == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "no start code"),
        ("00000000", "no start code"),
        ("65aabbcc", "no start code"),
        ("0001 65aa", "no start code"),
        ("000001", "empty or damaged"),
        ("00000001 0000", "empty or damaged"),
        ("000001 000001", "empty or damaged"),
        ("000001 65", "empty or damaged"),
        ("000001 e5aa", "forbidden_zero_bit"),
        ("000001 e5aa 000001 000001 65", "forbidden_zero_bit"),
    ],
)
def test_split_refuses(data: str, reason: str) -> None:
    with pytest.raises(BitstreamError, match=reason):
        split_annex_b(bytes.fromhex(data))


DELIMITER = b"\0\0\1\x09\x10"


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"\0\0\1\x41\1" + b"\0" * 3_000_000, 1),
        (DELIMITER * 100_000, 100_000),
        (b"\0\0\1\x0c" * 100_000 + DELIMITER, 1),
        (b"\0\0\1" * 100_000 + b"\x41\1", 1),
        (b"\xff" * 3_000_000 + DELIMITER, 1),
    ],
)
def test_splits_the_worst_input_in_one_pass(data: bytes, count: int) -> None:
    """A quadratic split would take minutes for these."""
    assert len(split_annex_b(data, max_nal_units=100_001)) == count


@pytest.mark.parametrize(
    "another", [DELIMITER, b"\0\0\1", b"\0\0\1\x0c", b"\0\0\1\x1c\xaa", b"\0\0\1\xe5\xaa"]
)
def test_a_picture_has_so_many_nal_units_and_no_more(another: bytes) -> None:
    """Those that are left out cost time, too."""
    most = DELIMITER * MAX_NAL_UNITS
    assert len(split_annex_b(most)) == MAX_NAL_UNITS
    with pytest.raises(BitstreamError, match="More than 4096"):
        split_annex_b(another + most)
    with pytest.raises(BitstreamError, match="More than 4096"):
        split_annex_b(another * (MAX_NAL_UNITS + 1))


@given(st.binary(min_size=1))
def test_the_type_is_five_bits(unit: bytes) -> None:
    assert nal_unit_type(unit) == unit[0] % 32


def test_an_empty_nal_unit_has_no_type() -> None:
    with pytest.raises(BitstreamError):
        nal_unit_type(b"")


def test_recognises_idr_access_units() -> None:
    idrs = [is_idr(split_annex_b(unit)) for unit in encode(gop=14, pictures=42, slices=2)]
    assert idrs == [number % 14 == 0 for number in range(42)]
