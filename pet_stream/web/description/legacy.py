"""The old streaming server's names for the same things."""

from __future__ import annotations

from dataclasses import replace

from .json_schema import BOOLEAN, COUNT, TEXT, TIME, Schema, nullable, record, ref, word
from .operation import Answer, Operation
from .recording import OPERATIONS as RECORDING
from .watching import OPERATIONS as WATCHING

_WHERE = "the old streaming server's name (`PET_STREAM_LEGACY_ROUTES`) for "
_STATUS = Operation(
    "The running or last recording, by its old name",
    f"{_WHERE}`GET /api/recording/status`",
    answers=(Answer("Its state", ref("LegacyStatus")),),
)


def _like(request: str, schema: str, rooms: dict[str, Operation]) -> Operation:
    """Returns the description of an old name for `request`."""
    new = rooms[request]
    return Operation(
        f"{new.summary}, by its old name",
        f"{_WHERE}`{request}`",
        body=new.body,
        answers=(Answer(new.answers[0].text, ref(schema)),),
        errors=new.errors,
    )


OPERATIONS = {
    "POST /offer": _like("POST /api/webrtc/offer", "LegacyAnswer", WATCHING),
    "POST /start": _like("POST /api/recording/start", "LegacyChange", RECORDING),
    "POST /stop": _like("POST /api/recording/stop", "LegacyChange", RECORDING),
    "GET /status": _STATUS,
    "POST /status": replace(_STATUS, name="legacy_status_by_post"),
}

SCHEMAS: dict[str, Schema] = {
    "LegacyAnswer": record(type=word("answer"), sdp=TEXT),
    "LegacyChange": record(success=BOOLEAN, status=ref("LegacyStatus")),
    "LegacyStatus": record(
        recording=BOOLEAN,
        filename=nullable(TEXT),
        frame_count=COUNT,
        bytes_written=COUNT,
        duration_ms=COUNT,
        start_time=nullable(TIME),
    ),
}
