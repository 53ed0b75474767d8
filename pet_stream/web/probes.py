"""Answers machines that restart or route: 200 or 503, for everybody, with nothing to tell a
stranger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask.typing import ResponseReturnValue

from ..errors import LoopUnavailable
from .current import current_stream

if TYPE_CHECKING:
    from ..stream import Stream

LOOP_TIMEOUT_S = 1.0


def livez() -> ResponseReturnValue:
    """Whether every part lives: a 503 that lasts is a reason to start the process anew."""
    return _answer(_lives(current_stream()))


def readyz() -> ResponseReturnValue:
    """Whether a viewer gets a picture."""
    stream = current_stream()
    return _answer(_lives(stream) and stream.reader.status.state == "live")


def _answer(is_well: bool) -> ResponseReturnValue:
    return {"status": "ok" if is_well else "unavailable"}, 200 if is_well else 503


def _lives(stream: Stream) -> bool:
    """Whether the threads run, and the event loop answers."""
    if not stream.is_running or not all(life.is_alive for life in stream.lives()):
        return False
    try:
        stream.event_loop.call(_nothing(), LOOP_TIMEOUT_S)
    except LoopUnavailable:
        return False
    return True


async def _nothing() -> None:
    pass
