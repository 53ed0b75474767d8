"""The routes of the pause: nobody sees and nothing records now."""

from __future__ import annotations

import time

from flask.typing import ResponseReturnValue

from ..errors import BadRequest
from .current import current_stream
from .json_bodies import read_json

MAX_HOURS = 8760
_HOUR_S = 3600


def show_pause() -> ResponseReturnValue:
    pause = current_stream().pause
    pause.look()
    return pause.state.to_json()


def begin_pause() -> ResponseReturnValue:
    """Pause from now on: `{"hours"}`; without it until somebody ends it."""
    hours = read_json().get("hours")
    ends_at = None if hours is None else time.time() + _HOUR_S * _checked(hours)
    current_stream().authority.note("pauses", "the camera")
    current_stream().pause.begin(ends_at)
    return show_pause()


def end_pause() -> ResponseReturnValue:
    """Go on: what the schedule asks for now is left out, this once."""
    current_stream().authority.note("ends", "the pause")
    current_stream().pause.end()
    return show_pause()


def _checked(hours: object) -> float:
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 < hours <= MAX_HOURS:
        raise BadRequest(f"hours must be a number up to {MAX_HOURS}")
    return hours
