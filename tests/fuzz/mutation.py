"""Valid inputs with a few faults, most of them where they hurt."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T", str, bytes)

FAULTS = (0, 1, 1, 1, 1, 2, 2, 3, 5)
"""How many, each as often: with many of them little is read before it is refused."""
_LONGEST_SPAN = 40
_MOST_REPEATS = 50
_EXTREMES = (0, 1, 2, 7, 255, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
NUMBERS = (*(struct.pack(">I", n) for n in _EXTREMES), bytes(8), b"\xff" * 8, b"\x80", b"\0")
"""Big-endian numbers that lie."""
HOSTILE_TEXTS = (
    *("", "\0", "\n", "\r\n", "\u2028", "\x7f", "é", "猫", "\U0001f408", "\u202e", "\ufeff", "％"),
    *("..", "/", "//", "%00", "%2e%2e%2f", "\\", "'", '"', "<", ";", ",", "=", "*"),
    *("0", "-1", "1e400", "NaN", "9" * 30, "9" * 5000, "x" * 300),
)


def mutants(
    seeds: Callable[[], Sequence[T]],
    tokens: Sequence[T],
    pieces: st.SearchStrategy[T],
) -> st.SearchStrategy[T]:
    """Returns seeds with a few FAULTS. `tokens` are what has a meaning in them: faults lie near
    them, and put others in their place. `pieces` mean nothing."""

    @st.composite
    def mutant(draw: st.DrawFn) -> T:
        known = seeds()
        value = draw(st.sampled_from(known))
        for _ in range(draw(st.sampled_from(FAULTS))):
            value = draw(faulty(value, known, tokens, pieces))
        return value

    return mutant()


def mutated_bytes(
    seeds: Callable[[], Sequence[bytes]], tokens: Sequence[bytes] = ()
) -> st.SearchStrategy[bytes]:
    """Mutants of `seeds`, and sometimes any bytes at all."""
    found = mutants(seeds, (*tokens, *NUMBERS), st.binary(max_size=8))
    return st.one_of(found, found, found, st.binary(max_size=200))


def mutated_text(
    seeds: Callable[[], Sequence[str]], tokens: Sequence[str] = ()
) -> st.SearchStrategy[str]:
    """Mutants of `seeds`, and sometimes any text at all."""
    found = mutants(seeds, (*tokens, *HOSTILE_TEXTS), st.text(max_size=8))
    return st.one_of(found, found, found, st.text(max_size=200))


@st.composite
def faulty(
    draw: st.DrawFn,
    value: T,
    others: Sequence[T],
    tokens: Sequence[T],
    pieces: st.SearchStrategy[T],
) -> T:
    at = draw(st.integers(0, len(value)))
    if draw(st.booleans()):  # near something that has a meaning
        found = value.find(draw(st.sampled_from(tokens)), at)
        at = max(0, found + draw(st.integers(-4, 24))) if found >= 0 else at
    end = at + draw(st.integers(0, _LONGEST_SPAN))
    kind = draw(st.sampled_from(["put", "insert", "cut", "end", "repeat", "splice"]))
    if kind in ("put", "insert"):
        token = draw(st.sampled_from(tokens) | pieces)
        return value[:at] + token + value[at + len(token) if kind == "put" else at :]
    if kind == "cut":
        return value[:at] + value[end:]
    if kind == "end":
        return value[:at]
    if kind == "repeat":
        return value[:at] + value[at:end] * draw(st.integers(2, _MOST_REPEATS)) + value[end:]
    other = draw(st.sampled_from(others))
    start = draw(st.integers(0, len(other)))
    return value[:at] + other[start : start + end - at] + value[at:]
