from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_stream.errors import BitstreamError
from pet_stream.media.h264.bits import BitReader, unescape
from tests.media.syntax import BitWriter, escape

ZERO_HEAVY = st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 0x80]), max_size=60).map(bytes)
ELEMENTS = st.one_of(
    st.tuples(st.just("ue"), st.integers(0, 2**32 - 2)),
    st.tuples(st.just("se"), st.integers(-(2**31) + 1, 2**31 - 1)),
    st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(f"u{n}"), st.integers(0, (1 << n) - 1))),
)


@given(st.lists(ELEMENTS))
def test_reads_back_any_row_of_elements(elements: list[tuple[str, int]]) -> None:
    writer = BitWriter()
    for kind, value in elements:
        if kind == "ue":
            writer.ue(value)
        elif kind == "se":
            writer.se(value)
        else:
            writer.u(int(kind[1:]), value)
    reader = BitReader(writer.rbsp())
    for kind, value in elements:
        if kind == "ue":
            assert reader.ue() == value
        elif kind == "se":
            assert reader.se() == value
        else:
            assert reader.u(int(kind[1:])) == value


@given(st.binary() | ZERO_HEAVY, st.integers(0, 3))
def test_unescape_takes_out_what_escape_put_in(payload: bytes, cabac_zero_words: int) -> None:
    rbsp = payload + b"\x80" + b"\0\0" * cabac_zero_words
    assert unescape(escape(rbsp)) == rbsp


@pytest.mark.parametrize(
    ("escaped", "rbsp"),
    [
        ("000003", "0000"),
        ("00000300", "000000"),
        ("00000301", "000001"),
        ("00000303", "000003"),
        ("0000030000030000", "000000000000"),
        ("00000303000003", "0000030000"),
        ("0003", "0003"),
        ("000400000300", "0004000000"),
    ],
)
def test_unescape(escaped: str, rbsp: str) -> None:
    assert unescape(bytes.fromhex(escaped)) == bytes.fromhex(rbsp)


@pytest.mark.parametrize(
    "rbsp", [b"", b"\0", b"\0\0\0\0", b"\0\0\0\0\x80\0\0\0\0", b"\x08", b"\0\0\0\x01\0\0\0"]
)
def test_refuses_exp_golomb_codes_that_are_cut_off_or_absurd(rbsp: bytes) -> None:
    with pytest.raises(BitstreamError):
        BitReader(rbsp).ue()


def test_refuses_to_read_past_the_end() -> None:
    reader = BitReader(b"\xff")
    assert reader.u(8) == 255
    with pytest.raises(BitstreamError):
        reader.flag()


def test_refuses_values_out_of_range_by_name() -> None:
    assert BitReader(BitWriter().ue(31).rbsp()).ue_up_to(31, "id") == 31
    with pytest.raises(BitstreamError, match="id is 32, more than 31"):
        BitReader(BitWriter().ue(32).rbsp()).ue_up_to(31, "id")
