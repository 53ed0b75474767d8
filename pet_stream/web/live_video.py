"""The routes that send the live picture as one answer without an end, to whatever plays a URL."""

from __future__ import annotations

import time
from collections.abc import Iterable

from flask import Response, request
from flask.typing import ResponseReturnValue

from ..errors import LoopUnavailable
from ..http_video.formats import FormatFactory, LiveAnnexB, LiveMp4
from ..process.gunicorn import is_server_ending
from .access import current_grant
from .client import current_client, has_client_gone
from .client_socket import client_socket, end_when_unheard
from .current import current_stream
from .lasting_requests import check_threads


def live_mp4() -> ResponseReturnValue:
    """Send MP4 that only grows."""
    return _send("mp4", "video/mp4", LiveMp4)


def live_h264() -> ResponseReturnValue:
    """Send H.264 as it is (Annex B)."""
    return _send("h264", "video/h264", lambda _created_at: LiveAnnexB())


def _send(transport: str, media_type: str, make_format: FormatFactory) -> Response:
    """Occupies one of the server's threads until the client hangs up, the viewing is ended, or
    there is nothing more to see. Raises LoopUnavailable, Paused, TooFewThreads, Full, Busy,
    NoPicture, BadRequest, NotFound."""
    stream = current_stream()
    broadcaster = stream.view(request.args.get("camera", "active")).broadcaster
    if request.method == "HEAD":
        return _answer((), media_type)
    stream.pause.check()
    check_threads(stream)
    if not stream.is_running:
        raise LoopUnavailable("Streaming is not running")
    environ = request.environ

    def is_over() -> bool:
        is_left = is_server_ending() or has_client_gone(environ)
        return is_left or not stream.is_running or stream.pause.is_on

    viewer = stream.http_viewers.watch(
        broadcaster,
        make_format(time.time()),
        transport,
        client=current_client(),
        grant=current_grant(),
        server_socket=client_socket(),
        is_over=is_over,
    )
    end_when_unheard()
    return _answer(viewer, media_type)


def _answer(body: Iterable[bytes], media_type: str) -> Response:
    response = Response(body, mimetype=media_type)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would collect pictures
    response.accept_ranges = "none"
    return response
