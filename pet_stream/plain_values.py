"""Parses the values of settings that a person can be asked for: numbers, words, a text, yes or no.

Each parser has a `form`: what a page must know of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}

Form = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Flag:
    @property
    def form(self) -> Form:
        return {"kind": "flag"}

    def __call__(self, value: object) -> bool:
        word = str(value).lower()
        if isinstance(value, bool | int | str) and word in _TRUE | _FALSE:
            return word in _TRUE
        raise ValueError("True or False")


@dataclass(frozen=True, slots=True)
class WholeNumber:
    minimum: int
    maximum: int

    @property
    def form(self) -> Form:
        return {"kind": "whole", "minimum": self.minimum, "maximum": self.maximum}

    def __call__(self, value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
            value = int(value)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not is_number or not self.minimum <= value <= self.maximum:  # type: ignore[operator]
            raise ValueError(f"a whole number from {self.minimum} to {self.maximum}")
        return value  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Number:
    minimum: float
    maximum: float

    @property
    def form(self) -> Form:
        return {"kind": "number", "minimum": self.minimum, "maximum": self.maximum}

    def __call__(self, value: object) -> float:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", value):
            value = float(value)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not self.minimum <= value <= self.maximum
        ):
            raise ValueError(f"a number from {self.minimum:g} to {self.maximum:g}")
        return value


@dataclass(frozen=True, slots=True)
class OneOf:
    words: tuple[str, ...]
    hint: str = ""

    @property
    def form(self) -> Form:
        return {"kind": "choice", "choices": list(self.words)}

    def __call__(self, value: object) -> str:
        if value not in self.words:
            raise ValueError(" or ".join(map(repr, self.words)) + self.hint)
        return str(value)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text, without spaces around it; may be empty."""

    max_characters: int

    @property
    def form(self) -> Form:
        return {"kind": "text", "max_characters": self.max_characters}

    def __call__(self, value: object) -> str:
        if isinstance(value, str):
            text = value.strip()
            if len(text) <= self.max_characters and (not text or text.isprintable()):
                return text
        raise ValueError(f"one line of text, {self.max_characters} characters at most")


flag = Flag()
whole_number = WholeNumber
number = Number
line = Line


def one_of(*words: str, hint: str = "") -> OneOf:
    return OneOf(words, hint)
