"""The WebSocket routes: live video where WebRTC does not work, and live state.

flask-sock does the handshake and reads; what is sent comes from the event loop. Each WebSocket
occupies one of the server's threads until it ends.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from flask import g, request
from simple_websocket import ConnectionClosed

from ..admission import Places
from ..errors import BadRequest, LoopUnavailable, PetStreamError
from ..websocket.connection import Connection
from ..websocket.frames import json_frame
from ..websocket.shared_socket import share_socket
from .access import check_origin
from .current import current_stream
from .errors import error_json
from .lasting_requests import check_threads
from .signaling import take_candidate

if TYPE_CHECKING:
    from ..stream import Stream

MAX_MESSAGE_BYTES = 16 * 1024
CLOSE_CODE_BASE = 4000
"""An error closes with 4000 and its HTTP status (4503: full), since a page sees nothing else."""

_LOOP_TIMEOUT_S = 5.0
_LOOK_S = 1.0
_READER_TIMEOUT_S = 1.0


class WebSocket(Protocol):
    """What flask-sock hands to a view (simple_websocket.Server), as far as it is used here."""

    max_message_size: int | None
    thread: Any

    def receive(self, timeout: float | None = None) -> str | bytes | None: ...


def prepare_websocket() -> None:
    """Before a WebSocket's handshake: give flask-sock our socket. Raises LoopUnavailable, and
    BadRequest under a server that can't do WebSockets."""
    if request.url_rule is None or not request.url_rule.websocket:
        return
    if not current_stream().is_running:
        raise LoopUnavailable("Streaming is not running")
    if "Sec-Websocket-Key" not in request.headers or (
        request.headers.get("Sec-Websocket-Version") != "13"
    ):
        raise BadRequest("Not a WebSocket handshake (RFC 6455 section 4.1)")
    g.pet_stream_socket = share_socket(request.environ)
    if g.pet_stream_socket is None:
        raise BadRequest("This web server can't do WebSockets: use gunicorn with threads")


def stream_h264(ws: WebSocket) -> None:
    """The camera's H.264, see websocket.video_messages."""
    stream = current_stream()
    viewers = stream.video_viewers
    with (
        _opened(ws, stream) as connection,
        _admitted(stream, stream.places),
        _member(stream, connection, viewers.join, viewers.leave),
    ):
        while True:
            ws.receive()  # viewers have nothing to say; ends by ConnectionClosed


def stream_state(ws: WebSocket) -> None:
    """The state as JSON whenever it changes; see `_take` for what the page may send."""
    stream = current_stream()
    live_state = stream.live_state
    stream.folder_watch.look()
    with (
        _opened(ws, stream) as connection,
        _admitted(stream, stream.listener_places),
        _member(stream, connection, live_state.join, live_state.leave),
    ):
        while True:
            message = ws.receive(_LOOK_S)
            stream.folder_watch.look()
            if message is not None:
                _take(stream, connection, message)


@contextmanager
def _opened(ws: WebSocket, stream: Stream) -> Iterator[Connection]:
    """The sending half of `ws`. What goes wrong as long as it is open is told to the page."""
    ws.max_message_size = MAX_MESSAGE_BYTES
    shared_socket = g.pet_stream_socket
    connections = stream.connections
    try:
        connection = stream.event_loop.call(connections.open(shared_socket), _LOOP_TIMEOUT_S)
        try:
            yield connection
        except PetStreamError as exc:
            _refuse(ws, stream, connection, exc)
        finally:
            _call(stream, connections.drop(connection))
    finally:
        shared_socket.shut_down()
        ws.thread.join(_READER_TIMEOUT_S)


@contextmanager
def _admitted(stream: Stream, places: Places) -> Iterator[None]:
    """With one of `places`. Raises OriginRefused, Full."""
    check_origin()
    check_threads(stream)
    place = places.acquire()
    try:
        yield
    finally:
        place.release()


@contextmanager
def _member(
    stream: Stream,
    connection: Connection,
    join: Callable[[Connection], Coroutine[Any, Any, None]],
    leave: Callable[[Connection], Coroutine[Any, Any, None]],
) -> Iterator[None]:
    try:
        stream.event_loop.call(join(connection), _LOOP_TIMEOUT_S)
        yield
    finally:
        _call(stream, leave(connection))


def _call(stream: Stream, coroutine: Coroutine[Any, Any, None]) -> None:
    """Tidy up, if the loop still runs."""
    with suppress(LoopUnavailable):
        stream.event_loop.call(coroutine, _LOOP_TIMEOUT_S)


def _refuse(ws: WebSocket, stream: Stream, connection: Connection, error: PetStreamError) -> None:
    """Say why, and wait until the page has hung up, or does not for a second."""

    def say() -> None:
        connection.send_control(json_frame({"type": "error", **error_json(error)}))
        connection.close(CLOSE_CODE_BASE + error.http_status, error.code)

    stream.event_loop.call_soon(say)
    with suppress(ConnectionClosed):
        while not connection.is_ended:
            ws.receive(_LOOK_S)


def _take(stream: Stream, connection: Connection, text: str | bytes) -> None:
    """A message of the page. What is not understood is left alone: a newer page may have sent
    it.

    A ping is answered with our wall clock: by it the page knows how old a picture is. An ICE
    candidate is answered only if something is wrong with it.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return
    if not isinstance(message, dict):
        return
    answer = None
    if message.get("type") == "ping" and isinstance(message.get("t"), int | float):
        answer = {"type": "pong", "t": message["t"], "server_us": time.time_ns() // 1000}
    elif message.get("type") == "candidate":
        try:
            take_candidate(stream, message)
        except PetStreamError as exc:
            answer = {"type": "error", "of": "candidate", **error_json(exc)}
    if answer is not None:
        stream.event_loop.call_soon(connection.send_control, json_frame(answer))
