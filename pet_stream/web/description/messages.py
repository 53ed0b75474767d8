"""The messages of both WebSockets, as JSON schemas (draft 2020-12)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ...rights import Right
from .errors import error_schema, every_code
from .json_schema import (
    BOOLEAN,
    COUNT,
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
from .operations import all_schemas
from .process import ACTIVE_CAMERA, CAMERA_STATE, HEALTH_STATE

_CANDIDATE = record(
    "sdpMid sdpMLineIndex usernameFragment",
    candidate=TEXT,
    sdpMid=nullable(TEXT),
    sdpMLineIndex=nullable(COUNT),
    usernameFragment=nullable(TEXT),
)


def _message(kind: str, optional: str = "", /, **fields: Schema) -> Schema:
    return record(optional, type={"const": kind}, **fields)


def _errors() -> Schema:
    codes = sorted({"internal", *(code for codes in every_code().values() for code in codes)})
    schema = error_schema(codes)
    of = described(word("ping", "candidate", "detections", "follow"), "Which message it answers.")
    return {
        **schema,
        "properties": {"type": {"const": "error"}, "of": of, **schema["properties"]},
        "required": ["type", *schema["required"]],
    }


_FPS = described(nullable(NUMBER), "This many pictures a second are sent; null: all.")

FROM_SERVER: dict[str, Schema] = {
    "State": _message(
        "state",
        recording=ref("RecordingStatus"),
        pause=ref("Pause"),
        publications=rows(ref("Publication")),
        viewers=COUNT,
        max_viewers=COUNT,
        camera=record(
            state=CAMERA_STATE,
            reason=TEXT,
            reason_code=TEXT,
            width=nullable(COUNT),
            height=nullable(COUNT),
            fps=nullable(NUMBER),
            active=ACTIVE_CAMERA,
        ),
        health=record(status=HEALTH_STATE, reasons=rows(TEXT), reason_codes=rows(TEXT)),
        notices=rows(TEXT),
        notice_codes=rows(TEXT),
        warnings=COUNT,
        disk=nullable(ref("DiskSpace")),
        page=ref("PageState"),
        detections=BOOLEAN,
    ),
    "Beat": _message("beat"),
    "RecordingsChanged": _message("recordings"),
    "Detections": {},
    "ViewerThinned": _message("thinned", pc_id=TEXT, fps=_FPS),
    "Pong": _message(
        "pong", t=NUMBER, server_us=described(COUNT, "The server's wall clock since 1970, in µs.")
    ),
    "Format": _message(
        "format",
        codec=TEXT,
        width=COUNT,
        height=COUNT,
        avcc=described(TEXT, "The decoder configuration record (ISO/IEC 14496-15), base64."),
    ),
    "Thinned": _message("thinned", fps=_FPS),
    "Status": _message("status", camera=CAMERA_STATE, reason=TEXT, reason_code=TEXT),
    "Error": {},
}
FROM_PAGE: dict[str, Schema] = {
    "Ping": _message("ping", t=NUMBER),
    "Subscribe": _message("subscribe", to=word("detections")),
    "Unsubscribe": _message("unsubscribe", to=word("detections")),
    "Follow": _message("follow", pc_id=TEXT),
    "Candidate": _message(
        "candidate",
        pc_id=TEXT,
        candidate=described(nullable(_CANDIDATE), "An RTCIceCandidateInit; null: the last one."),
    ),
}
BINARY_HEADER = (
    ("flags", "u8", "1: a player can begin here; 2: discontinuity; 4: leading"),
    ("composition_offset_us", "i24", "how much later than its capture time it is shown"),
    ("sequence", "u32", "which picture it is"),
    ("capture_us", "u64", "its capture time on CLOCK_MONOTONIC"),
    ("capture_epoch_us", "u64", "its capture time since 1970"),
)
SOCKETS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "/api/stream/ws": (
        ("State", "Beat", "RecordingsChanged", "Detections", "ViewerThinned", "Pong", "Error"),
        tuple(FROM_PAGE),
    ),
    "/api/stream/h264": (("Format", "Status", "Thinned", "Error"), ()),
}
"""What comes from the server, and from the page, by path."""


@cache
def messages_json() -> bytes:
    return json.dumps(messages()).encode()


def messages() -> dict[str, Any]:
    """Returns one document: `$defs` has a schema for each message, `x-sockets` says what is sent
    where."""
    sighting = all_schemas()["Sighting"]
    detections = _message("detections", **sighting["properties"])
    kept = (
        *("Detection", "DiskSpace", "Interruption", "PageState", "Pause", "Publication"),
        "RecordingStatus",
    )
    shared = {name: all_schemas()[name] for name in kept}
    defined = {
        **FROM_SERVER,
        "Detections": detections,
        "Error": _errors(),
        **FROM_PAGE,
        **shared,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The WebSocket messages of pet_stream",
        "description": "Others may come later: a page leaves out what it does not know.",
        "$defs": {name: _at_home(schema) for name, schema in defined.items()},
        "x-sockets": [
            {
                "path": path,
                "x-right": Right.VIEW.value,
                "from_server": {"oneOf": [_def(name) for name in server]},
                "from_page": {"oneOf": [_def(name) for name in page]} if page else False,
                "binary_from_server": _picture() if "Format" in server else None,
            }
            for path, (server, page) in SOCKETS.items()
        ],
    }


def _picture() -> dict[str, Any]:
    """Returns what stands in a binary message, big-endian."""
    fields = [{"name": name, "type": kind, "text": text} for name, kind, text in BINARY_HEADER]
    rest = "an access unit, each NAL unit behind a 4-byte length, parameter sets in `format`"
    return {"byte_order": "big", "header": fields, "rest": rest}


def _def(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _at_home(schema: Any) -> Any:
    """Returns `schema` with its references into this document."""
    if isinstance(schema, list):
        return [_at_home(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: value.replace("#/components/schemas/", "#/$defs/")
        if key == "$ref"
        else _at_home(value)
        for key, value in schema.items()
    }
