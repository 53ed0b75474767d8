"""Starting and stopping a recording, and clips."""

from __future__ import annotations

from ...errors import (
    AlreadyRecording,
    BadName,
    BadRequest,
    NameExists,
    NothingToSave,
    NotRecorderOwner,
    NotRecording,
    OtherRecording,
    Paused,
    StorageError,
    TooMany,
)
from ..json_bodies import MAX_SECONDS
from ..recording import DEFAULT_CLIP_S
from .json_schema import (
    BOOLEAN,
    COUNT,
    EPOCH_S,
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
from .operation import Answer, Body, Operation

_SECONDS = nullable(up_to(MAX_SECONDS))
_FILENAME = nullable(described(TEXT, "Letters, digits, `_` and `-`; an ending chooses the format."))
_FORMAT = nullable(word("mp4", "h264"))
_BEGINNING = (
    AlreadyRecording,
    BadName,
    NameExists,
    NotRecorderOwner,
    Paused,
    StorageError,
    TooMany,
)

OPERATIONS = {
    "POST /api/recording/start": Operation(
        "Start a recording",
        'optional `{"filename", "format", "duration_s", "preroll_s", "heartbeat_s"}`. The file '
        "begins at an IDR. A name has letters, digits, `_` and `-` only; an ending, `.mp4` or "
        "`.h264`, chooses the format. It exists while a file of it does, numbered or unfinished. "
        "Already recording, the name exists, or another process records: 409; more than ten starts "
        "at once, then more than one in 2 s: 429. All starts together get 60 s of pre-roll at "
        "once, then one second of it for each second. When the disk does not answer within a "
        "second, the recording begins in memory. `duration_s` counts from the start, without the "
        "pre-roll",
        body=Body(ref("RecordingWish")),
        answers=(Answer("It runs, or waits for a picture", ref("RecordingStarted")),),
        errors=_BEGINNING,
    ),
    "POST /api/recording/stop": Operation(
        "Stop the recording",
        'optional `{"recording_id"}`: if another one runs by then, 409. Answers when the file is '
        "complete on the disk. A recording that still waits leaves no "
        "file: 200 with `frame_count` 0, `file` null and, in `stats`, the `stop_code` `no_picture`",
        body=Body(ref("RecordingStop")),
        answers=(Answer("It is on the disk", ref("RecordingFinished")),),
        errors=(BadRequest, NotRecording, OtherRecording, StorageError),
    ),
    "GET /api/recording/status": Operation(
        "The running or last recording",
        "the running or last recording. `duration_ms` is the length of the file, `preroll_ms` how "
        "much of it was before the start, `receiving` whether pictures come now, `missing_ms` how "
        "long there were none since the start, `note` what is wrong with the disk",
        answers=(Answer("Its state", ref("RecordingStatus")),),
    ),
    "POST /api/recording/heartbeat": Operation(
        "Keep the recording running",
        "keeps the recording running (`PET_STREAM_HEARTBEAT_SECONDS`)",
        answers=(Answer("Its state", ref("RecordingStatus")),),
        errors=(NotRecording,),
    ),
    "POST /api/recording/clip": Operation(
        "Save what just happened",
        'optional `{"seconds": 30, "filename", "format"}`. Saves what just happened, from memory. '
        "One at a time and one a second, else 429; beyond `PET_STREAM_CLIPS_MB` 507",
        body=Body(ref("ClipWish")),
        answers=(Answer("It is on the disk", ref("RecordingFinished")),),
        errors=(*_BEGINNING, NothingToSave),
    ),
}

SCHEMAS: dict[str, Schema] = {
    "RecordingWish": record(
        "filename format duration_s preroll_s heartbeat_s",
        filename=_FILENAME,
        format=_FORMAT,
        duration_s=_SECONDS,
        preroll_s=_SECONDS,
        heartbeat_s=_SECONDS,
    ),
    "ClipWish": record(
        "seconds filename format",
        seconds={**_SECONDS, "default": DEFAULT_CLIP_S},
        filename=_FILENAME,
        format=_FORMAT,
    ),
    "RecordingStop": record(
        "recording_id",
        recording_id=nullable(described(TEXT, "What the answer to the start said.")),
    ),
    "RecordingStarted": record(
        "waiting",
        status=word("recording"),
        recording_id=TEXT,
        file=nullable(TEXT),
        filename=nullable(TEXT),
        started_at=nullable(EPOCH_S),
        waiting=described(BOOLEAN, "No picture has come yet."),
    ),
    "RecordingFinished": record(
        status=word("stopped", "saved"),
        file=nullable(TEXT),
        files=rows(TEXT),
        filename=nullable(TEXT),
        frame_count=COUNT,
        bytes_written=COUNT,
        duration_ms=COUNT,
        stats=ref("RecordingStatus"),
        stopped_at=nullable(EPOCH_S),
    ),
    "RecordingStatus": record(
        recording_id=nullable(described(TEXT, "Of this recording; null before the first one.")),
        recording=BOOLEAN,
        waiting=described(BOOLEAN, "No picture has come since its start."),
        receiving=described(BOOLEAN, "Pictures come now."),
        silent_s=described(nullable(NUMBER), "For how long none has come, while none come."),
        filename=nullable(TEXT),
        start_time=nullable(TIME),
        frame_count=COUNT,
        bytes_written=COUNT,
        duration_ms=COUNT,
        duration=described(NUMBER, "The same in seconds."),
        preroll_ms=COUNT,
        preroll_reason=nullable(TEXT),
        preroll_code=nullable(TEXT),
        dropped_count=COUNT,
        gap_count=described(COUNT, "Where more than a second is missing since the start."),
        missing_ms=described(COUNT, "How long these are together."),
        heartbeat_s=nullable(NUMBER),
        note=nullable(TEXT),
        note_code=nullable(TEXT),
        stop_reason=nullable(TEXT),
        stop_code=nullable(TEXT),
        failed=BOOLEAN,
        interrupted=described(
            nullable(ref("Interruption")),
            "What the last run of the server left in the middle; until somebody starts a "
            "recording, a day at most.",
        ),
    ),
    "Interruption": record(
        filename=described(TEXT, "As it was recorded."),
        cause=described(word("crash", "shut_down"), "How the server ended."),
        started_at=EPOCH_S,
        broke_off_at=EPOCH_S,
        repairing=described(BOOLEAN, "What is left of it is being repaired."),
        saved_as=described(nullable(TEXT), "Its name in the list; null: nothing, or not yet."),
        recovered=described(BOOLEAN, "It was left unfinished, and is repaired."),
        resumed_as=described(nullable(TEXT), "The recording that goes on with it."),
        not_resumed=described(nullable(TEXT), "Why there is none."),
        not_resumed_code=nullable(TEXT),
    ),
}
