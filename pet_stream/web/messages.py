"""What a page may say over the state's WebSocket, and the right that each message needs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import PetStreamError
from ..rights import Right
from ..websocket.frames import json_frame
from ..websocket.live_state import Followed
from .access import check_further_right, current_grant
from .errors import error_json
from .signaling import take_candidate

if TYPE_CHECKING:
    from ..stream import Stream
    from ..websocket.connection import Connection

_LOOP_TIMEOUT_S = 5.0
_MAX_TIME = 2**53
"""The largest time on a page's own clock: larger numbers are not exact in JavaScript."""

_NAMED = {"subscribe": "detections", "unsubscribe": "detections"}
"""What an error is `of`, if not of the message's type. Nothing that the page sent is repeated: not
all that JSON can hold can be sent."""

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    type: str
    handle: Callable[[Stream, Connection, Fields], Fields | None]
    """Returns the answer, if there is one. May raise PetStreamError."""
    right: Right


def take_message(stream: Stream, connection: Connection, text: str | bytes) -> None:
    """Handle a message of the page, in its request's thread. An unknown one is ignored: a newer
    page may have sent it. An error is answered."""
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return
    kind = fields.get("type") if isinstance(fields, dict) else None
    message = MESSAGES.get(kind) if isinstance(kind, str) else None
    if message is None:
        return
    try:
        check_further_right(message.right)
        answer = message.handle(stream, connection, fields)
    except PetStreamError as exc:
        answer = _error(message, exc)
    except Exception as exc:  # the page goes on
        stream.errors.end("web", exc, f"a page's message {message.type!r} failed")
        answer = _error(message, PetStreamError("Internal error"))
    if answer is not None:
        stream.event_loop.call_soon(connection.send_control, json_frame(answer))


def _error(message: Message, error: PetStreamError) -> Fields:
    return {"type": "error", "of": _NAMED.get(message.type, message.type), **error_json(error)}


def _answer_ping(_stream: Stream, _connection: Connection, fields: Fields) -> Fields | None:
    """Answer with our wall clock, by which the page tells how old a picture is."""
    sent_at = fields.get("t")
    if not isinstance(sent_at, int | float) or not abs(sent_at) < _MAX_TIME:
        return None
    return {"type": "pong", "t": sent_at, "server_us": time.time_ns() // 1000}


def _take_candidate(stream: Stream, _connection: Connection, fields: Fields) -> None:
    take_candidate(stream, fields)


def _follow(stream: Stream, connection: Connection, fields: Fields) -> None:
    """Have the page told what becomes of its viewer. Raises NotFound."""
    pc_id = fields.get("pc_id")
    if not isinstance(pc_id, str):
        return
    peers = stream.peers.existing()
    peers.check(pc_id, current_grant().holder)
    followed = Followed(pc_id, partial(peers.thinned_to, pc_id))
    stream.event_loop.call_soon(stream.live_state.follow, connection, followed)


def _subscribe(stream: Stream, connection: Connection, fields: Fields) -> None:
    if fields.get("to") == "detections":
        stream.event_loop.call(stream.live_state.feed.subscribe(connection), _LOOP_TIMEOUT_S)


def _unsubscribe(stream: Stream, connection: Connection, fields: Fields) -> None:
    if fields.get("to") == "detections":
        stream.event_loop.call_soon(stream.live_state.feed.unsubscribe, connection)


MESSAGES = {
    message.type: message
    for message in (
        Message("ping", _answer_ping, Right.VIEW),
        Message("candidate", _take_candidate, Right.VIEW),
        Message("follow", _follow, Right.VIEW),
        Message("subscribe", _subscribe, Right.VIEW),
        Message("unsubscribe", _unsubscribe, Right.VIEW),
    )
}
