"""Answers machines that restart or route: 200 or 503, for everybody, with nothing to tell a
stranger.

They tell what the watcher has found at its last look, so they answer at once, whatever hangs."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from .current import current_stream


def livez() -> ResponseReturnValue:
    """Whether every part lives without which nobody sees a picture: a 503 that lasts is a reason to
    start the process anew."""
    return _answer(current_stream().lives)


def readyz() -> ResponseReturnValue:
    """Whether a viewer gets a picture."""
    stream = current_stream()
    return _answer(stream.lives and stream.camera_status.state == "live")


def _answer(is_well: bool) -> ResponseReturnValue:
    return {"status": "ok" if is_well else "unavailable"}, 200 if is_well else 503
