"""The routes for the strip of a day, and for the calendar."""

from __future__ import annotations

import json
import math
import time
from datetime import date
from typing import TYPE_CHECKING, Any

from flask import Response, request
from flask.typing import ResponseReturnValue

from ..errors import BadRequest
from ..time_zone import day_of, local_zone
from .current import current_stream

if TYPE_CHECKING:
    from ..library.timeline import Span


def show_timeline() -> ResponseReturnValue:
    """Answer with what was recorded on `?day=`, by default today."""
    from ..library.timeline import day_of_recordings  # lazy: who looks back needs it

    stream = current_stream()
    asked = request.args.get("day")
    day = day_of(time.time()) if asked is None else _date(asked, "day must be such as 2026-11-30")
    try:
        shown = day_of_recordings(stream.library, day)
    except ValueError as exc:
        raise BadRequest("day is beyond the calendar") from exc
    unread = sum(not span.is_read for span in shown.spans)
    _read_soon(unread)
    return _answer(
        {
            "day": day.isoformat(),
            "from": shown.from_s,
            "to": shown.to_s,
            "time_zone": local_zone(),
            "reading": unread,
            "left_out": shown.left_out,
            "spans": [_span(span) for span in shown.spans],
        }
    )


def show_days() -> ResponseReturnValue:
    """Answer with the days that have recordings: all, or those of `?month=`."""
    from ..library.timeline import days_of_recordings

    stream = current_stream()
    month = request.args.get("month")
    if month is not None:
        _date(f"{month}-01", "month must be such as 2026-11")
    totals, unread = days_of_recordings(stream.library, time.time())
    _read_soon(unread)
    return _answer(
        {
            "time_zone": local_zone(),
            "reading": unread,
            "days": [
                {
                    "day": day.isoformat(),
                    "recordings": total.recordings,
                    "starred": total.starred,
                    "duration_s": round(total.duration_s, 3),
                }
                for day, total in totals.items()
                if month is None or day.isoformat().startswith(month)
            ],
        }
    )


def _span(span: Span) -> dict[str, Any]:
    """Returns it without what is usual: ten thousand may be on one day."""
    recording = span.recording
    told: dict[str, Any] = {
        "name": recording.name,
        "from": round(span.from_s, 3),
        "to": None if math.isinf(span.to_s) else round(span.to_s, 3),
    }
    if recording.is_starred:
        told["starred"] = True
    if recording.state != "complete":
        told["state"] = recording.state
    if current_stream().library.facts.known_clip(recording):
        told["clip"] = True
    if span.gaps is not None and span.gaps.longest:
        told["gaps"] = [
            [round(span.from_s + gap.from_s, 3), round(span.from_s + gap.to_s, 3)]
            for gap in span.gaps.longest
        ]
    return told


def _read_soon(unread: int) -> None:
    stream = current_stream()
    if unread or stream.library.facts.has_news:
        stream.archive.facts.read_soon()


def _date(text: str, expected: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as exc:
        raise BadRequest(expected) from exc
    if found.isoformat() != text:  # 20261130, 2026-W49-1
        raise BadRequest(expected)
    return found


def _answer(content: dict[str, Any]) -> Response:
    response = Response(json.dumps(content, separators=(",", ":")), mimetype="application/json")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
