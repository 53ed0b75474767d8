"""What has been recorded."""

from __future__ import annotations

from ...errors import (
    BadName,
    BadRequest,
    NotCuttable,
    RecordingInUse,
    StorageError,
    TooFewThreads,
    TooMany,
)
from ..recordings import DEFAULT_LIMIT, MAX_LIMIT, MAX_SECONDS
from .json_schema import (
    BINARY,
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
    up_to,
    word,
)
from .operation import Answer, Operation, Parameter

_VIDEO = ("video/mp4", "video/h264")
_HELD = ("Accept-Ranges", "Cache-Control", "ETag", "Last-Modified")
_CONDITIONS = tuple(
    Parameter(name, TEXT, f"RFC 9110, section {section}", "header")
    for name, section in (
        ("If-Match", "13.1.1"),
        ("If-None-Match", "13.1.2"),
        ("If-Modified-Since", "13.1.3"),
        ("If-Unmodified-Since", "13.1.4"),
        ("If-Range", "13.1.5"),
        ("Range", "14.2"),
    )
)

_OFFSET = {**COUNT, "maximum": 10**9 - 1, "default": 0}
_LIMIT = {**COUNT, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}

OPERATIONS = {
    "GET /api/recordings": Operation(
        "The list of recordings",
        "newest first, `?offset=` and `?limit=` (100, at most 1 000); with the space on the disk, "
        "how many are being repaired, and a `revision` that changes with the list",
        parameters=(
            Parameter("offset", _OFFSET, "how many to skip"),
            Parameter("limit", _LIMIT, "how many at most"),
        ),
        answers=(Answer("One page of the list", ref("Recordings")),),
        errors=(BadRequest, StorageError),
    ),
    "GET /api/recordings/<name>": Operation(
        "One recording",
        "one recording, also where it has several files (a composite file); ranges and "
        "conditional requests (RFC 9110); `?download=1` for saving; `?from=` and `?to=` (seconds) "
        "for a cut, from the IDR before to the end of a GOP. One cut or composite file is made at "
        "a time, four requests wait, more get 429",
        parameters=(
            Parameter("download", TEXT, "have the browser save it"),
            Parameter("from", up_to(MAX_SECONDS), "where a cut begins, in seconds"),
            Parameter("to", up_to(MAX_SECONDS), "where a cut ends, in seconds"),
            *_CONDITIONS,
        ),
        answers=(
            Answer("All of it", BINARY, media_types=_VIDEO, headers=_HELD),
            Answer(
                "The range",
                BINARY,
                206,
                media_types=_VIDEO,
                headers=(*_HELD, "Content-Range"),
            ),
            Answer("It has not changed", status=304, headers=("ETag",)),
        ),
        errors=(BadName, BadRequest, NotCuttable, StorageError, TooFewThreads, TooMany),
        refusals=(412, 416),
    ),
    "DELETE /api/recordings/<name>": Operation(
        "Delete a recording",
        "deletes it; the name of one of its files deletes that file",
        answers=(Answer("It is deleted", status=204),),
        errors=(BadName, RecordingInUse, StorageError),
    ),
    "PUT /api/recordings/<name>/star": Operation(
        "Set the star",
        "sets the star; a starred recording is never deleted by the settings",
        answers=(Answer("Its row", ref("Recording")),),
        errors=(BadName, RecordingInUse, StorageError),
        name="star_recording",
    ),
    "DELETE /api/recordings/<name>/star": Operation(
        "Remove the star",
        "removes it",
        answers=(Answer("Its row", ref("Recording")),),
        errors=(BadName, RecordingInUse, StorageError),
        name="unstar_recording",
    ),
    "GET /api/recordings/<name>/thumbnail": Operation(
        "A picture of it",
        "a small JPEG",
        parameters=_CONDITIONS,
        answers=(
            Answer("The picture", BINARY, media_types=("image/jpeg",), headers=("ETag",)),
            Answer("A part of it", BINARY, 206, ("image/jpeg",), ("Content-Range", "ETag")),
            Answer("It has not changed", status=304, headers=("ETag",)),
        ),
        errors=(BadName, StorageError, TooMany),
        refusals=(412, 416),
    ),
}

SCHEMAS: dict[str, Schema] = {
    "Recordings": record(
        "disk",
        recordings=rows(ref("Recording")),
        total=COUNT,
        total_bytes=COUNT,
        revision=TEXT,
        repairing=COUNT,
        next_offset=nullable(COUNT),
        disk=ref("DiskSpace"),
    ),
    "Recording": record(
        name=TEXT,
        url=TEXT,
        thumbnail=nullable(TEXT),
        start_time=TIME,
        started_at=EPOCH_S,
        duration_s=nullable(NUMBER),
        size_bytes=COUNT,
        width=nullable(COUNT),
        height=nullable(COUNT),
        codec=nullable(TEXT),
        format=word("mp4", "h264"),
        starred=BOOLEAN,
        segments=COUNT,
        clip=BOOLEAN,
        state=word("recording", "complete", "recovered"),
    ),
    "DiskSpace": record(free_bytes=COUNT, size_bytes=COUNT),
}
