"""What the journal remembers of a recording. Pure."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass
from typing import Any

from ..format_version import check_version
from .interruption import Cause
from .names import is_new_name

VERSION = 1
"""Of the file's format."""
MAX_RESUMED = 10
_ID = re.compile("[0-9a-f]{1,64}")
_CODE = re.compile("[a-z_]{1,40}")
_MAX_TIME = 1e11
_MAX_S = 1e8


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A recording that runs, or that its server has ended."""

    recording_id: str
    filename: str
    is_named: bool
    """Somebody has chosen its name; else it is made of the time."""
    started_at: float
    """Epoch seconds."""
    preroll_ms: int
    max_duration_s: float
    preroll_s: float
    heartbeat_s: float
    resumed_at: tuple[float, ...] = ()
    """When it went on by itself of late, this one or one before it: epoch seconds."""
    cause: Cause | None = None
    """What has ended it; None: it runs, or a crash has, and nobody has looked yet."""
    broke_off_at: float | None = None
    """Epoch seconds; None as long as `cause` is."""
    not_resumed_code: str | None = None
    """Why it is not gone on with; None: it is to be."""

    def to_json(self) -> bytes:
        return json.dumps({"version": VERSION, **asdict(self)}).encode()

    @classmethod
    def from_json(cls, data: bytes) -> JournalEntry:
        """Returns what stands in `data`, which anybody may have written. Raises ValueError, whose
        text goes on after the file's name."""
        try:
            value = json.loads(data)
        except (ValueError, RecursionError) as exc:
            raise ValueError("is not JSON") from exc
        if not isinstance(value, dict):
            raise ValueError("is not of a recording")
        check_version(value, VERSION)
        try:
            return cls(
                recording_id=_matching(_ID, value["recording_id"]),
                filename=_filename(value["filename"]),
                is_named=_flag(value["is_named"]),
                started_at=_number(value["started_at"], _MAX_TIME),
                preroll_ms=int(_number(value["preroll_ms"], 1000 * _MAX_S)),
                max_duration_s=_number(value["max_duration_s"], _MAX_S),
                preroll_s=_number(value["preroll_s"], _MAX_S),
                heartbeat_s=_number(value["heartbeat_s"], _MAX_S),
                resumed_at=_times(value["resumed_at"]),
                cause=_cause(value["cause"], value["broke_off_at"]),
                broke_off_at=_or_none(value["broke_off_at"], _MAX_TIME),
                not_resumed_code=_code(value["not_resumed_code"]),
            )
        except KeyError as exc:
            raise ValueError(f"has no {exc.args[0]}") from exc


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError("has something else where a word should be")
    return value


def _filename(value: Any) -> str:
    if not isinstance(value, str) or not is_new_name(value):
        raise ValueError("has no name of a recording")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("has something else where true or false should be")
    return value


def _number(value: Any, most: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= most or math.isnan(value):
        raise ValueError("has something else where a number should be")
    return float(value)


def _or_none(value: Any, most: float) -> float | None:
    return None if value is None else _number(value, most)


def _times(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) > MAX_RESUMED:
        raise ValueError("has no list of times")
    return tuple(_number(time, _MAX_TIME) for time in value)


def _cause(value: Any, broke_off_at: Any) -> Cause | None:
    if value not in (None, "crash", "shut_down") or (value is None) != (broke_off_at is None):
        raise ValueError("does not know its end")
    cause: Cause | None = value
    return cause


def _code(value: Any) -> str | None:
    return None if value is None else _matching(_CODE, value)
