"""Sends what the detector sees, as server-sent events (HTML standard, 9.2): hosts' pages know this
format. Pages of ours subscribe over the state's WebSocket (`websocket.detection_feed`): a browser
opens six connections to a host, and each event stream holds one of them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial

from flask import Response, request
from flask.typing import ResponseReturnValue

from ..admission.places import Occupant, Place
from ..detections.listener import Listener, ListeningLimits
from ..errors import LoopUnavailable, NotFound
from ..process.gunicorn import is_server_ending
from ..rights import Grant
from .access import current_grant
from .client import current_client
from .client_socket import end_when_unheard, limit_waiting
from .current import current_stream
from .lasting_requests import check_threads

SEND_LIMIT_S = 5.0
"""A client that does not take an event for this many seconds is let go."""
_RETRY_MS = 2000


def stream_detections() -> ResponseReturnValue:
    """Send one event for each picture that the detector looked at. Occupies one of the server's
    threads. Raises NotFound without a detector, TooFewThreads, Full, Busy, LoopUnavailable."""
    stream = current_stream()
    detections = stream.detections
    if detections is None:
        raise NotFound("PET_STREAM_DETECTIONS_SHM names no detector")
    if request.method == "HEAD":
        return _answer(())
    check_threads(stream)
    is_over = threading.Event()
    leases = ExitStack()
    try:
        place = stream.listener_places.acquire(_occupant(current_grant(), is_over))
        leases.callback(place.release)
        leases.callback(stream.grants.hold(current_grant(), is_over.set).release)
        listener = detections.listen(leases.close)
    except BaseException:
        leases.close()
        raise
    if not stream.is_running:  # asked after `listen`, so that a stop can't miss it
        detections.leave(listener)
        raise LoopUnavailable("Streaming is not running")
    limit_waiting(SEND_LIMIT_S)
    end_when_unheard()
    response = _answer(_events(listener, place, is_over, detections.limits))
    # Werkzeug's server does not call this if it fails to read what follows the request: then the
    # listener is let go as idle.
    response.call_on_close(partial(detections.leave, listener))
    return response


def _occupant(grant: Grant, is_over: threading.Event) -> Occupant:
    return Occupant(
        lambda _: is_over.set(),
        name=grant.name,
        holder=grant.holder,
        is_owner=grant.is_owners,
        client=current_client(),
        transport="events",
    )


def _answer(events: Iterable[str]) -> Response:
    response = Response(events, mimetype="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would collect events
    return response


def _events(
    listener: Listener, place: Place, is_over: threading.Event, limits: ListeningLimits
) -> Iterator[str]:
    yield f"retry: {_RETRY_MS}\n\n"
    said_at_s = time.monotonic()
    while not (listener.is_closed or is_over.is_set() or is_server_ending()):
        place.renew()
        sighting = listener.take(limits.look_s)
        if sighting is None and time.monotonic() - said_at_s < limits.keep_alive_s:
            continue
        said_at_s = time.monotonic()
        if sighting is None:
            yield ":\n\n"  # a comment: fails if the client has gone
        else:
            data = json.dumps(sighting.to_json(), ensure_ascii=False, separators=(",", ":"))
            yield f"data: {data}\n\n"
