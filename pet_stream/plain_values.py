"""Parses the values that a page can ask a person for: numbers, words, a text, yes or no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")

Form = Mapping[str, object]

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}


class Parser(Generic[T]):
    """Parses a value. `form` is what a page must know to ask for it."""

    __slots__ = ("_parse", "form")

    def __init__(self, parse: Callable[[object], T], **form: object) -> None:
        self._parse = parse
        self.form: Form = form

    def __call__(self, value: object) -> T:
        """Raises ValueError, whose text says what is expected."""
        return self._parse(value)


def _flag(value: object) -> bool:
    word = str(value).lower()
    if isinstance(value, bool | int | str) and word in _TRUE | _FALSE:
        return word in _TRUE
    raise ValueError("True or False")


flag = Parser(_flag, kind="flag")


def whole_number(minimum: int, maximum: int) -> Parser[int]:
    def parse(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            raise ValueError(f"a whole number from {minimum} to {maximum}")
        return value

    return Parser(parse, kind="whole", minimum=minimum, maximum=maximum)


def number(minimum: float, maximum: float) -> Parser[float]:
    def parse(value: object) -> float:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", value):
            value = float(value)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not minimum <= value <= maximum
        ):
            raise ValueError(f"a number from {minimum:g} to {maximum:g}")
        return value

    return Parser(parse, kind="number", minimum=minimum, maximum=maximum)


def one_of(*words: str, hint: str = "") -> Parser[str]:
    def parse(value: object) -> str:
        if value not in words:
            raise ValueError(" or ".join(map(repr, words)) + hint)
        return str(value)

    return Parser(parse, kind="choice", choices=list(words))


def line(max_characters: int) -> Parser[str]:
    """Returns a parser of one line of text, without spaces around it; it may be empty."""

    def parse(value: object) -> str:
        if isinstance(value, str):
            text = value.strip()
            if len(text) <= max_characters and text.isprintable():
                return text
        raise ValueError(f"one line of text, {max_characters} characters at most")

    return Parser(parse, kind="text", max_characters=max_characters)
