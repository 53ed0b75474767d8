from __future__ import annotations

import pytest

from tools.film.block_code import (
    BLOCK,
    HEIGHT,
    NUMBER_LIMIT,
    WIDTH,
    decode_block_code,
    encode_block_code,
)


def draw(number: int, *, black: int = 16, white: int = 235, block: int = BLOCK) -> list[bytes]:
    return [
        b"".join(bytes([white if bit else black]) * block for bit in bits)
        for bits in encode_block_code(number)
        for _ in range(block)
    ]


@pytest.mark.parametrize("numbers", [range(16), range(7, NUMBER_LIMIT, 97), [NUMBER_LIMIT - 1]])
def test_numbers_come_back(numbers: list[int]) -> None:
    assert [decode_block_code(draw(number)) for number in numbers] == list(numbers)


@pytest.mark.parametrize(
    ("black", "white"), [(16, 235), (0, 120), (130, 250)], ids=["full", "dark", "bright"]
)
def test_brightness_does_not_matter(black: int, white: int) -> None:
    assert decode_block_code(draw(1234, black=black, white=white)) == 1234


@pytest.mark.parametrize("block", [5, 8, 24])
def test_a_scaled_picture_is_read_with_its_own_block_size(block: int) -> None:
    assert decode_block_code(draw(777, block=block), block) == 777


def test_a_picture_made_of_two_gives_nothing() -> None:
    first, second = draw(100), draw(101)
    assert decode_block_code(first[:BLOCK] + second[BLOCK:]) is None


def test_a_single_wrong_bit_gives_nothing() -> None:
    rows = draw(1000)
    swapped = [bytes(251 - value for value in row[:BLOCK]) + row[BLOCK:] for row in rows]
    assert decode_block_code(swapped) is None


@pytest.mark.parametrize(
    "rows",
    [
        [bytes([128]) * WIDTH] * HEIGHT,
        [bytes([16]) * WIDTH] * BLOCK + [bytes([235]) * WIDTH] * BLOCK,
        [bytes([235]) * WIDTH] * BLOCK + [bytes([16]) * WIDTH] * BLOCK,
    ],
    ids=["grey", "edge", "edge-upside-down"],
)
def test_what_is_no_code_gives_nothing(rows: list[bytes]) -> None:
    assert decode_block_code(rows) is None


@pytest.mark.parametrize("number", [-1, NUMBER_LIMIT])
def test_a_number_that_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="block code"):
        encode_block_code(number)
