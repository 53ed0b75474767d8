"""When was recorded: for a strip of the day, and a calendar."""

from __future__ import annotations

from ...errors import BadRequest, StorageError
from ...library.timeline import MAX_SPANS
from .json_schema import (
    BOOLEAN,
    COUNT,
    EPOCH_S,
    NUMBER,
    TEXT,
    Schema,
    described,
    nullable,
    record,
    ref,
    rows,
    word,
)
from .operation import Answer, Operation, Parameter

_DAY = {**TEXT, "format": "date"}
_MONTH = {**TEXT, "pattern": "^[0-9]{4}-[0-9]{2}$"}
_UNCHANGED = Answer("It has not changed", status=304, headers=("ETag",))

OPERATIONS = {
    "GET /api/recordings/timeline": Operation(
        "When was recorded on a day",
        "what was recorded on `?day=2026-11-30` (today), oldest first; days are those of the "
        "server's `time_zone`. What lasts beyond midnight is not cut. `starred`, `clip`, `state` "
        "and `gaps` are left out where they are false, `complete`, none; `to` is null of what is "
        f"being made. At most {MAX_SPANS} spans, the newest; `left_out` says how many are missing. "
        "While `reading` is not 0, the ends of so many are only about right",
        parameters=(Parameter("day", _DAY, "a day; by default today"),),
        answers=(Answer("The day", ref("Timeline"), headers=("ETag",)), _UNCHANGED),
        errors=(BadRequest, StorageError),
    ),
    "GET /api/recordings/days": Operation(
        "The days that have recordings",
        "how many recordings each day has, and how long they are together: of all days, or of "
        "`?month=2026-11`. What lasts beyond midnight counts on each of its days",
        parameters=(Parameter("month", _MONTH, "this month only"),),
        answers=(Answer("The days, oldest first", ref("Days"), headers=("ETag",)), _UNCHANGED),
        errors=(BadRequest, StorageError),
    ),
}

SCHEMAS: dict[str, Schema] = {
    "Timeline": record(
        **{
            "day": _DAY,
            "from": EPOCH_S,
            "to": EPOCH_S,
            "time_zone": TEXT,
            "reading": COUNT,
            "left_out": COUNT,
            "spans": rows(ref("Span")),
        }
    ),
    "Span": record(
        "starred clip state gaps",
        **{
            "name": TEXT,
            "from": EPOCH_S,
            "to": nullable(EPOCH_S),
            "starred": BOOLEAN,
            "clip": BOOLEAN,
            "state": word("recording", "recovered"),
            "gaps": described(
                rows({"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}),
                "From and to, seconds since 1970; the longest.",
            ),
        },
    ),
    "Days": record(time_zone=TEXT, reading=COUNT, days=rows(ref("DayOfRecordings"))),
    "DayOfRecordings": record(day=_DAY, recordings=COUNT, starred=COUNT, duration_s=NUMBER),
}
