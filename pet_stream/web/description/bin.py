"""Recordings that were deleted, and can be restored."""

from __future__ import annotations

from ...errors import BadName, BadRequest, NameExists, StorageError, TooMany
from .json_schema import (
    BOOLEAN,
    COUNT,
    EPOCH_S,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    nullable,
    record,
    ref,
    rows,
)
from .operation import Answer, Operation
from .recordings import PAGE

OPERATIONS = {
    "GET /api/recordings/bin": Operation(
        "What is in the bin",
        "what can be restored, last deleted first, and until when (`PET_STREAM_BIN_HOURS`); "
        "`?offset=` and `?limit=` as in the list",
        parameters=PAGE,
        answers=(Answer("One page of it", ref("Bin")),),
        errors=(BadRequest, StorageError),
    ),
    "DELETE /api/recordings/bin": Operation(
        "Empty the bin",
        "deletes all of it for good",
        answers=(Answer("It is empty", status=204),),
        errors=(StorageError, TooMany),
    ),
    "POST /api/recordings/bin/<name>/restore": Operation(
        "Restore a recording",
        "undoes its deletion, star and picture included. 409 `name_exists`: a file of its name was "
        "copied there since",
        answers=(Answer("Its row", ref("Recording")),),
        errors=(BadName, NameExists, StorageError, TooMany),
    ),
    "DELETE /api/recordings/bin/<name>": Operation(
        "Delete a recording for good",
        "deletes it for good",
        answers=(Answer("It is gone", status=204),),
        errors=(BadName, StorageError, TooMany),
    ),
}

SCHEMAS: dict[str, Schema] = {
    "Bin": record(
        recordings=rows(ref("Binned")),
        total=COUNT,
        total_bytes=COUNT,
        hours=NUMBER,
        time_zone=TEXT,
        next_offset=nullable(COUNT),
    ),
    "Binned": record(
        name=TEXT,
        size_bytes=COUNT,
        started_at=EPOCH_S,
        start_time=TIME,
        starred=BOOLEAN,
        segments=COUNT,
        deleted_at=EPOCH_S,
        restorable_until=EPOCH_S,
    ),
}
