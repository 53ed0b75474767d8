"""The pause: nobody sees and nothing records."""

from __future__ import annotations

from ...errors import StorageError
from ..pause import MAX_HOURS
from .json_schema import BOOLEAN, TIME, Schema, described, nullable, record, ref, up_to, word
from .operation import Answer, Body, Operation

_STATE = (Answer("Its state", ref("Pause")),)

OPERATIONS = {
    "GET /pet-stream/api/pause": Operation(
        "Whether the camera is paused",
        'whether the camera is [paused](rights.md#pause): `{"paused", "cause", "ends_at"}`; '
        "`cause` is `hand`, `schedule`, `unreadable` or null",
        answers=_STATE,
    ),
    "POST /pet-stream/api/pause": Operation(
        "Pause the camera",
        'pauses it at once, for `{"hours"}` (up to 8760), or until somebody ends it. 507 '
        "`storage`: it counts, but not after a restart",
        body=Body(ref("PauseWish")),
        answers=_STATE,
        errors=(StorageError,),
    ),
    "DELETE /pet-stream/api/pause": Operation(
        "End the pause",
        "ends it; what the schedule asks for now is left out, this once",
        answers=_STATE,
        errors=(StorageError,),
    ),
}

SCHEMAS: dict[str, Schema] = {
    "Pause": record(
        paused=BOOLEAN,
        cause=nullable(word("hand", "schedule", "unreadable")),
        ends_at=nullable(TIME),
    ),
    "PauseWish": record(
        "hours", hours=described(nullable(up_to(MAX_HOURS, above=0)), "Null: until it is ended.")
    ),
}
