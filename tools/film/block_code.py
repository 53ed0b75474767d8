"""A number drawn into the picture that a program reads back from the decoded pixels.

Two rows of 16 blocks, 16 × 16 pixels each, black or white, on the macroblock grid. The upper row
holds 16 bits, most significant first, white for 1: twelve bits of number, then a check, the
exclusive or of their three groups of four and 1010. The lower row is the inverse of the upper one,
so that a bit is a comparison of two neighbours, whatever the brightness, and a picture made of two
others' halves gives none.
"""

from __future__ import annotations

from collections.abc import Sequence

BLOCK = 16
BIT_COUNT = 16
WIDTH = BIT_COUNT * BLOCK
HEIGHT = 2 * BLOCK
NUMBER_LIMIT = 1 << 12

_MIN_CONTRAST = 60


def encode_block_code(number: int) -> tuple[tuple[bool, ...], tuple[bool, ...]]:
    """The upper and the lower row, true for white. Raises ValueError outside of 0 to 4095."""
    if not 0 <= number < NUMBER_LIMIT:
        raise ValueError(f"{number} does not fit into the block code (0 to {NUMBER_LIMIT - 1})")
    word = number << 4 | _check(number)
    upper = tuple(bool(word >> bit & 1) for bit in reversed(range(BIT_COUNT)))
    return upper, tuple(not bit for bit in upper)


def decode_block_code(rows: Sequence[Sequence[int]], block: float = BLOCK) -> int | None:
    """The number in `rows` of luma that begin at the code's upper left corner; None if there is
    none, or a damaged one. `block` is the size of a block where the picture was scaled."""
    word = 0
    for bit in range(BIT_COUNT):
        upper = _brightness(rows, bit * block, 0, block)
        lower = _brightness(rows, bit * block, block, block)
        if abs(upper - lower) < _MIN_CONTRAST:
            return None
        word = word << 1 | (upper > lower)
    number, check = word >> 4, word & 15
    return number if check == _check(number) else None


def _check(number: int) -> int:
    return (number ^ number >> 4 ^ number >> 8 ^ 0b1010) & 15


def _brightness(rows: Sequence[Sequence[int]], left: float, top: float, block: float) -> float:
    """Mean of the middle quarter of a block."""
    first, last = round(left + block / 4), round(left + block * 3 / 4)
    lines = [row[first:last] for row in rows[round(top + block / 4) : round(top + block * 3 / 4)]]
    return sum(sum(line) for line in lines) / sum(len(line) for line in lines)
