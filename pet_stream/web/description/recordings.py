"""What has been recorded."""

from __future__ import annotations

from ...errors import (
    BadName,
    BadRequest,
    NameExists,
    NotCuttable,
    NotRecorderOwner,
    RecordingInUse,
    Starred,
    StorageError,
    TooFewThreads,
    TooLarge,
    TooMany,
)
from ..recordings import DEFAULT_LIMIT, MAX_LIMIT, MAX_SECONDS
from .json_schema import (
    BINARY,
    BOOLEAN,
    COUNT,
    EPOCH_S,
    INTEGER,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    described,
    nullable,
    record,
    ref,
    rows,
    up_to,
    word,
)
from .operation import Answer, Body, Operation, Parameter

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
PAGE = (
    Parameter("offset", _OFFSET, "how many to skip"),
    Parameter("limit", _LIMIT, "how many at most"),
)
_FLAG = {**COUNT, "maximum": 1, "default": 0}

_BOX = described(
    {**rows(INTEGER), "minItems": 6, "maxItems": 6},
    "The index of its class, the confidence in percent, and x, y, width and height in pixels.",
)

OPERATIONS = {
    "GET /api/recordings": Operation(
        "The list of recordings",
        "newest first, `?offset=` and `?limit=` (100, at most 1 000); with the space on the disk, "
        "how many are being repaired, and a `revision` that changes with the list",
        parameters=PAGE,
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
        "moves it into the bin, from which it can be restored until `Restorable-Until`; without "
        "this header it is gone for good: `PET_STREAM_BIN_HOURS` is 0, or the disk is too full. "
        "`?for_good=1` deletes it at once. A starred one needs `?starred=1`, otherwise 409 "
        "`starred`. The name of one of its files deletes that file",
        parameters=(
            Parameter("for_good", _FLAG, "1: not into the bin"),
            Parameter("starred", _FLAG, "1: even if it has a star"),
        ),
        answers=(Answer("It is deleted", status=204, optional_headers=("Restorable-Until",)),),
        errors=(BadName, BadRequest, RecordingInUse, Starred, StorageError, TooMany),
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
    "GET /api/recordings/<name>/details": Operation(
        "One row of the list",
        "its row, and the names of the recordings made before and after it",
        answers=(Answer("Its row and its neighbours", ref("RecordingDetails")),),
        errors=(BadName, StorageError),
    ),
    "GET /api/recordings/<name>/part": Operation(
        "What a cut gives",
        "where a cut between `?from=` and `?to=` (seconds) really begins and ends, at the bounds "
        "of GOPs, and how large it is",
        parameters=(
            Parameter("from", up_to(MAX_SECONDS), "where it begins, in seconds"),
            Parameter("to", up_to(MAX_SECONDS), "where it ends, in seconds"),
        ),
        answers=(Answer("Its bounds", ref("RecordingPart")),),
        errors=(BadName, BadRequest, NotCuttable, StorageError, TooMany),
    ),
    "POST /api/recordings/<name>/clip": Operation(
        "Save a part as a recording",
        '`{"from_s": 1.5, "to_s": 9, "filename"}`: saves this part, from the IDR before to the end '
        "of a GOP, as a recording of its own, a clip. One is saved at a time, four at once and "
        "then one in two seconds, else 429; more than 1 GB 413; beyond `PET_STREAM_CLIPS_MB`, or "
        "where less than twice `PET_STREAM_MIN_FREE_MB` would be left, 507",
        body=Body(ref("PartWish"), is_required=True),
        answers=(Answer("The new recording", ref("RecordingSaved"), 201),),
        errors=(
            BadName,
            NameExists,
            NotCuttable,
            NotRecorderOwner,
            StorageError,
            TooLarge,
            TooMany,
        ),
        name="save_part",
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
    "GET /api/recordings/<name>/detections": Operation(
        "What was seen in it",
        "what the detector saw from `?from=` to `?to=`, seconds from the beginning, at most 60 "
        "together; nothing where nothing is kept. With an `ETag`",
        parameters=(
            Parameter("from", up_to(MAX_SECONDS), "where it begins, in seconds"),
            Parameter("to", up_to(MAX_SECONDS), "where it ends; else 60 seconds later"),
        ),
        answers=(
            Answer("What was seen", ref("RecordedDetections"), headers=("ETag",)),
            Answer("It has not changed", status=304, headers=("ETag",)),
        ),
        errors=(BadName, BadRequest, NotCuttable, StorageError),
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
        time_zone=described(TEXT, "Of the server, which names recordings in it."),
        bin=record(hours=NUMBER, count=COUNT),
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
        gap_count=described(nullable(COUNT), "Where more than a second is missing; null: unknown."),
        missing_s=described(nullable(NUMBER), "How long these are together."),
        gaps=described(
            nullable(rows(record(from_s=NUMBER, to_s=NUMBER))),
            "Those, in order; of more than 20 the longest.",
        ),
        clip=BOOLEAN,
        state=word("recording", "complete", "recovered"),
        has_detections=BOOLEAN,
    ),
    "RecordedDetections": record(
        **{"from": NUMBER, "to": NUMBER},
        complete=BOOLEAN,
        classes=rows(TEXT),
        updates=described(
            rows({"type": "array", "items": {"anyOf": [COUNT, _BOX]}, "minItems": 1}),
            "Each update of the detector, in order: milliseconds from the beginning of the "
            "recording, then its boxes.",
        ),
    ),
    "RecordingDetails": record(
        recording=ref("Recording"), newer=nullable(TEXT), older=nullable(TEXT)
    ),
    "RecordingPart": record(
        from_s=NUMBER, to_s=NUMBER, size_bytes=described(COUNT, "Of the pictures alone.")
    ),
    "PartWish": record(
        "filename",
        from_s=up_to(MAX_SECONDS),
        to_s=up_to(MAX_SECONDS),
        filename=nullable(described(TEXT, "Letters, digits, `_` and `-`.")),
    ),
    "RecordingSaved": record(recording=ref("Recording")),
    "DiskSpace": record(free_bytes=COUNT, size_bytes=COUNT),
}
