"""Media servers that the camera is published to."""

from __future__ import annotations

from .json_schema import EPOCH_S, TEXT, Schema, nullable, record, ref, rows, word
from .operation import Answer, Operation

_STATUS = (Answer("Its state", ref("Publication")),)

OPERATIONS = {
    "GET /pet-stream/api/publications": Operation(
        "What is published, and how that is",
        "the media servers of `PET_STREAM_PUBLISH` ([publishing.md](publishing.md)), in its order: "
        '`{"publications": [{"target", "state", "since", "reason"}]}`; `state` is `off`, '
        "`waiting` (for the camera), `connecting`, `live` or `failing`",
        answers=(Answer("All of them", record(publications=rows(ref("Publication")))),),
    ),
    "PUT /pet-stream/api/publications/<number>": Operation(
        "Publish to a media server",
        "begins to publish to the first, second … of them; nothing changes if it is published",
        answers=_STATUS,
    ),
    "DELETE /pet-stream/api/publications/<number>": Operation(
        "Publish there no longer",
        "ends it, until somebody begins it again or the process does",
        answers=_STATUS,
    ),
}

SCHEMAS: dict[str, Schema] = {
    "Publication": record(
        target=TEXT,
        state=word("off", "waiting", "connecting", "live", "failing"),
        since=EPOCH_S,
        reason=nullable(TEXT),
    ),
}
