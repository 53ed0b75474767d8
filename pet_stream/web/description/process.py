"""How the process is: health, metrics, profiles; and this description."""

from __future__ import annotations

from ...errors import BadRequest, TooFewThreads
from ...profiling.limits import ProfileLimits
from .json_schema import (
    BOOLEAN,
    COUNT,
    EPOCH_S,
    INTEGER,
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

_METRICS_TEXT = ("text/plain", "application/openmetrics-text")
_PROBES = (
    Answer("It is", ref("Probe")),
    Answer("It is not", ref("Probe"), 503),
)
_METRICS = (Answer("The metrics", TEXT, media_types=_METRICS_TEXT),)
_METRICS_NAMES = (Parameter("name[]", rows(TEXT), "only these"),)
_LIMITS = ProfileLimits()
_DESCRIPTION = (
    Answer("The document", {"type": "object"}, headers=("ETag", "Cache-Control")),
    Answer("It has not changed", status=304, headers=("ETag",)),
)
_VERSIONS = (Parameter("If-None-Match", TEXT, "RFC 9110, section 13.1.2", "header"),)

OPERATIONS = {
    "GET /health": Operation(
        "How the camera and the process are",
        "always 200; `status` is `ok`, `degraded` or `camera_offline`, with `reasons`. Who may "
        "neither `view` nor `operate` gets the status only",
        answers=(Answer("The state", ref("Health")),),
    ),
    "GET /livez": Operation(
        "Whether the process works",
        "200, or 503 while a part has died or hangs without which nobody sees a picture: a reason "
        "to start the process anew, if it lasts. For everybody",
        answers=_PROBES,
    ),
    "GET /readyz": Operation(
        "Whether a viewer gets a picture",
        "200, or 503 as long as a viewer would get no picture. For everybody",
        answers=_PROBES,
    ),
    "GET /metrics": Operation(
        "Metrics",
        "[metrics](metrics.md) as Prometheus text, or as OpenMetrics if `Accept` prefers it",
        parameters=_METRICS_NAMES,
        answers=_METRICS,
    ),
    "GET /pet-stream/metrics": Operation(
        "Metrics beside the host's own",
        "the same, only where the host sets `PROMETHEUS_MULTIPROC_DIR`",
        parameters=_METRICS_NAMES,
        answers=_METRICS,
        name="metrics_beside",
    ),
    "GET /api/debug/profile": Operation(
        "A profile of the next seconds",
        "a [profile](logs-and-profiles.md#profiles) of the next `?seconds=` (10; 0.1 to 60), a "
        "file for speedscope. One at a time, more get 503 `busy`; a client that hangs up ends it",
        parameters=(
            Parameter(
                "seconds",
                {
                    "type": "number",
                    "minimum": _LIMITS.min_s,
                    "maximum": _LIMITS.max_s,
                    "default": _LIMITS.default_s,
                },
                "how long",
            ),
        ),
        answers=(Answer("The profile", ref("Profile"), headers=("Content-Disposition",)),),
        errors=(BadRequest, TooFewThreads),
    ),
    "GET /api/debug/threads": Operation(
        "What each thread and task is doing now",
        "what each thread, and each task of the event loop, is doing now: "
        '`{"threads": [{"name", "native_id", "daemon", "cpu_s", "stack": [{"function", "file", '
        '"line"}]}], "tasks": [{"name", "stack"}]}`, outermost calls first',
        answers=(Answer("Their stacks", ref("Stacks")),),
    ),
    "GET /api/debug/memory": Operation(
        "What was allocated since the first look",
        "what was allocated since the first look, by lines of the source, and what has changed "
        'since the last one: `{"traced_for_s", "ends_in_s", "rss_bytes", "traced_bytes", '
        '"peak_bytes", "traces_bytes", "top", "changed"}`, rows with `file`, `line`, '
        "`size_bytes`, `count`, `change_bytes`. The first look begins it, and it ends when nobody "
        "has looked for five minutes",
        answers=(Answer("The lines that hold most", ref("Memory")),),
    ),
    "GET /api/debug/warnings": Operation(
        "The last warnings of our log",
        "the last fifty warnings of our log, newest first: "
        '`{"warnings": [{"number", "at", "level", "logger", "text"}]}`; `at` in epoch seconds',
        answers=(Answer("The warnings", ref("Warnings")),),
    ),
    "GET /api/openapi.json": Operation(
        "This description",
        "all of this [for programs](#for-programs): OpenAPI 3.1. For everybody",
        parameters=_VERSIONS,
        answers=_DESCRIPTION,
    ),
    "GET /api/messages.json": Operation(
        "The messages of both WebSockets",
        "the messages of both WebSockets as JSON schemas. For everybody",
        parameters=_VERSIONS,
        answers=_DESCRIPTION,
    ),
}

HEALTH_STATE = word("ok", "degraded", "camera_offline")
CAMERA_STATE = word("offline", "waiting", "live", "stalled", "unusable", "paused")
ACTIVE_CAMERA = nullable(word("day", "night"))
_CALL = record(function=TEXT, file=TEXT, line=COUNT)

SCHEMAS: dict[str, Schema] = {
    "Health": {
        **record(
            status=HEALTH_STATE,
            reasons=rows(TEXT),
            reason_codes=rows(TEXT),
            pause=ref("Pause"),
            notices=rows(TEXT),
            notice_codes=rows(TEXT),
            webrtc_clients=described(COUNT, "Viewers of all kinds."),
            viewers=described(
                {"type": "object", "additionalProperties": COUNT}, "The same by their way."
            ),
            max_clients=COUNT,
            recording=BOOLEAN,
            has_headers=BOOLEAN,
            camera=ref("Camera"),
            publications=rows(ref("Publication")),
            parts={"type": "object", "additionalProperties": ref("Part")},
            page=ref("PageState"),
            detections=BOOLEAN,
            warnings=COUNT,
            uptime_s=NUMBER,
            version=TEXT,
        ),
        "required": ["status"],
    },
    "PageState": record(
        camera_name=TEXT,
        language=described(TEXT, "`auto`, or that of devices where none was chosen."),
        replay_seconds=NUMBER,
    ),
    "Camera": record(
        state=CAMERA_STATE,
        segment=TEXT,
        source=nullable(TEXT),
        active=ACTIVE_CAMERA,
        clock=nullable(word("monotonic", "realtime", "unknown", "arrival")),
        picture_age_s=nullable(NUMBER),
        fps=nullable(NUMBER),
        entry=nullable(word("idr", "recovery_point", "gradual_refresh")),
        b_pictures=BOOLEAN,
        width=nullable(COUNT),
        height=nullable(COUNT),
        profile_level_id=nullable(TEXT),
    ),
    "Part": record(
        state=word("running", "resting", "stuck", "dead", "restarting", "failed"),
        age_s=nullable(NUMBER),
        reason=TEXT,
    ),
    "Probe": record(status=word("ok", "unavailable")),
    "Profile": {
        "type": "object",
        "description": "https://www.speedscope.app/file-format-schema.json",
    },
    "Stacks": record(
        threads=rows(
            record(
                name=TEXT,
                native_id=nullable(INTEGER),
                daemon=BOOLEAN,
                cpu_s=nullable(NUMBER),
                stack=rows(_CALL),
            )
        ),
        tasks=rows(record(name=TEXT, stack=rows(_CALL))),
    ),
    "Memory": record(
        traced_for_s=nullable(NUMBER),
        ends_in_s=nullable(NUMBER),
        rss_bytes=COUNT,
        traced_bytes=COUNT,
        peak_bytes=COUNT,
        traces_bytes=COUNT,
        top=rows(ref("MemoryLine")),
        changed=rows(ref("MemoryLine")),
    ),
    "MemoryLine": record(
        file=TEXT, line=COUNT, size_bytes=COUNT, count=COUNT, change_bytes=INTEGER
    ),
    "Warnings": record(
        warnings=rows(record(number=COUNT, at=EPOCH_S, level=TEXT, logger=TEXT, text=TEXT))
    ),
}
