"""Keeps the last warnings, for whoever may operate."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import Any

from .secrets import without_secrets

MAX_COUNT = 50
MAX_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Warned:
    """A line of the log from WARNING on."""

    number: int
    """How many came before it: tells lines apart that say the same."""
    at: float
    """Epoch seconds."""
    level: str
    logger: str
    text: str

    def to_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "at": round(self.at, 3),
            "level": self.level,
            "logger": self.logger,
            "text": self.text,
        }


class Recent:
    """The newest warnings. Any thread may read them; one at a time adds."""

    def __init__(self) -> None:
        self.count = 0
        """How many there have been so far."""
        self._kept: deque[Warned] = deque(maxlen=MAX_COUNT)

    def add(self, record: logging.LogRecord) -> None:
        warned = Warned(
            self.count, record.created, record.levelname.lower(), record.name, _text(record)
        )
        self.count += 1
        self._kept.append(warned)

    def newest_first(self) -> list[Warned]:
        return list(reversed(self._kept.copy()))


def _text(record: logging.LogRecord) -> str:
    """Returns what it says, on one line, with the error but without its traceback."""
    text = record.getMessage()
    if record.exc_info and (error := record.exc_info[1]) is not None:
        text = f"{text}: {type(error).__name__}: {_words_of(error)}"
    return without_secrets(" ".join(text.split()))[:MAX_CHARACTERS]


def _words_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # of a host's: it must not end the thread that tells of it
        return "which has no words"
