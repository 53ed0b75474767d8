"""The WebSocket routes: live video where WebRTC does not work, and live state.

flask-sock does the handshake; from then on the event loop reads and sends. Each WebSocket occupies
one of the server's threads until it ends; the event loop gives back everything else it has taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from ..admission.places import Places
from ..errors import BadRequest, LoopUnavailable, NotSignedIn, PetStreamError
from ..websocket.connections import Room
from ..websocket.frames import json_frame
from ..websocket.loop_socket import take_socket
from .access import check_page, check_right, current_grant
from .client import current_client
from .current import current_stream
from .errors import error_json
from .lasting_requests import check_threads, require_threads, room_for_pending
from .messages import take_message
from .metrics import count_rejection
from .signaling import check_race

if TYPE_CHECKING:
    from ..stream import Stream
    from ..websocket.connection import Connection

CLOSE_CODE_BASE = 4000
"""An error closes with 4000 plus its HTTP status (4503: full): a page sees only the close code."""

_KEY = re.compile("[A-Za-z0-9+/]{22}==")
_LOOP_TIMEOUT_S = 5.0
_LOOK_S = 1.0


def prepare_websocket() -> None:
    """Take the server's socket before a WebSocket's handshake. Raises LoopUnavailable, Busy,
    TooFewThreads, and BadRequest under a server that can't do WebSockets."""
    if request.url_rule is None or not request.url_rule.websocket:
        return
    if not current_stream().is_running:
        raise LoopUnavailable("Streaming is not running")
    if (
        request.method != "GET"
        or not _KEY.fullmatch(request.headers.get("Sec-Websocket-Key", ""))
        or request.headers.get("Sec-Websocket-Version") != "13"
    ):
        raise _bad_handshake()
    require_threads()
    stream = current_stream()
    g.pet_stream_refusal = _refusal()
    stream.connections.check(_whose_share(), room_for_pending(stream))
    g.pet_stream_socket = take_socket(request.environ)
    if g.pet_stream_socket is None:
        raise BadRequest("This web server can't do WebSockets: use gunicorn with threads")
    # flask-sock answers by these headers. With compression a few bytes could fill a lot of memory.
    request.environ["HTTP_CONNECTION"] = "Upgrade"
    for name in ("EXTENSIONS", "PROTOCOL"):
        request.environ.pop(f"HTTP_SEC_WEBSOCKET_{name}", None)


def add_websocket(blueprint: Blueprint, rule: str, view: Callable[[object], None]) -> None:
    """Add a route whose `view` is called with a WebSocket, after the handshake."""

    @wraps(view)
    def answer() -> ResponseReturnValue:
        # lazy: see handshake
        from wsproto.utilities import ProtocolError

        from .handshake import with_handshake

        try:
            return with_handshake(view)()
        except ProtocolError as exc:
            raise _bad_handshake() from exc

    blueprint.add_url_rule(rule, view_func=answer, websocket=True)


def stream_h264(ws: object) -> None:
    """Send the camera's H.264, see `websocket.video_messages`."""
    stream = current_stream()
    with _opened(stream) as connection:
        view = stream.view(request.args.get("camera", "active"))
        race = check_race(request.args.get("race", ""))
        _admit(stream, connection, stream.places, view.video_viewers, race)
        while not connection.inbox.is_closed:
            connection.inbox.take(_LOOK_S)  # and ignore it: viewers have nothing to say


def stream_state(ws: object) -> None:
    """Send the state as JSON whenever it changes; `messages` tells what the page may say."""
    stream = current_stream()
    with _opened(stream) as connection:
        stream.folder_watch.look()
        _admit(stream, connection, stream.listener_places, stream.live_state)
        while not connection.inbox.is_closed:
            message = connection.inbox.take(_LOOK_S)
            stream.folder_watch.look()
            if message is not None:
                take_message(stream, connection, message)


def _bad_handshake() -> BadRequest:
    return BadRequest("Not a WebSocket handshake (RFC 6455 section 4.1)")


def _refusal() -> PetStreamError | None:
    """Returns why whoever asks has no right to it, which the page is told after the handshake; None
    if it has."""
    try:
        check_page()
        check_right()
    except HTTPException:  # the host's own answer can't be shown there
        return NotSignedIn()
    except PetStreamError as exc:
        return exc
    return None


def _whose_share() -> str:
    """Returns who may have so many WebSockets without a place: a known device has a share of its
    own, which strangers behind the same proxy can't use up."""
    client = current_client()
    return current_grant().holder or client


@contextmanager
def _opened(stream: Stream) -> Iterator[Connection]:
    """Gives the request's connection. Errors while it is open are told to the page."""
    loop_socket = g.pet_stream_socket
    event_loop, connections = stream.event_loop, stream.connections
    try:
        opening = connections.open(loop_socket, _whose_share(), room_for_pending(stream))
        connection = event_loop.call(opening, _LOOP_TIMEOUT_S)
        try:
            yield connection
        except PetStreamError as exc:
            _refuse(stream, connection, exc)
        finally:
            with suppress(LoopUnavailable):
                event_loop.call(connections.drop(connection), _LOOP_TIMEOUT_S)
    finally:
        loop_socket.shut_down()


def _admit(
    stream: Stream, connection: Connection, places: Places, room: Room, race: str = ""
) -> None:
    """Raises OriginRefused, NotSignedIn, NotAllowed, Full, TooFewThreads."""
    if g.pet_stream_refusal is not None:
        raise g.pet_stream_refusal
    check_threads(stream)
    connections = stream.connections
    timeout_s = connections.limits.silence_s + _LOOP_TIMEOUT_S  # the client has to answer first
    client, grant = current_client(), current_grant()
    admission = connections.admit(connection, places, room, client, grant, race)
    stream.event_loop.call(admission, timeout_s)


def _refuse(stream: Stream, connection: Connection, error: PetStreamError) -> None:
    """Tell the page why, and wait for a moment until it hangs up."""
    count_rejection(error)

    def say() -> None:
        connection.send_control(json_frame({"type": "error", **error_json(error)}))
        connection.close(CLOSE_CODE_BASE + error.http_status, error.code)

    stream.event_loop.call_soon(say)
    while not connection.inbox.is_closed:  # in a second, since it is closing
        connection.inbox.take(_LOOK_S)
