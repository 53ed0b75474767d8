"""Keeps some of the server's threads free of requests that last: WebSockets, events, live video,
downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from ..admission.downloads import BRIEF, USUAL, Download
from ..errors import Full, TooFewThreads
from ..own_server import THREAD_LIMIT_KEY
from ..rights import EVERYBODYS, Grant
from ..websocket.pending import MAX_PENDING
from .client_socket import client_socket
from .server_threads import SPARE_THREADS, needs_threads, thread_limit

if TYPE_CHECKING:
    from ..stream import Stream


def has_threads() -> bool:
    """Whether the server has any thread for what lasts, whoever else asks."""
    limit = thread_limit(request.environ)
    return limit is None or limit > SPARE_THREADS


def require_threads() -> None:
    """Raises TooFewThreads where the server has no thread for what lasts."""
    if not has_threads():
        raise TooFewThreads(needs_threads(request.environ))


def check_threads(stream: Stream) -> None:
    """Call it before a WebSocket, events or live video. Raises TooFewThreads if one more would take
    the last threads; Full under our own server, whose threads are connections."""
    require_threads()
    limit = thread_limit(request.environ)
    if limit is None:
        return
    places, downloads = limit - SPARE_THREADS, stream.downloads
    if _page_count(stream) + downloads.active_count < places or downloads.make_room():
        return
    if THREAD_LIMIT_KEY in request.environ:
        raise Full(places)
    raise TooFewThreads(needs_threads(request.environ))


def has_room_to_wait(stream: Stream) -> bool:
    """Whether a request may wait for the next picture: not in one of the last threads."""
    limit = thread_limit(request.environ)
    return limit is None or _page_count(stream) < limit - SPARE_THREADS


def admit_download(stream: Stream, grant: Grant = EVERYBODYS) -> Download:
    """Call it before a recording, or a segment of HLS, is sent; returns its lease. One can always
    be sent, however many pages are open. It ends when `grant` does. Raises Busy, and TooFewThreads
    where a client could hold the only thread."""
    limit = thread_limit(request.environ)
    connection = client_socket()
    if limit == 1 and connection is None:
        raise TooFewThreads(needs_threads(request.environ))
    room = None if limit is None else _room(stream, limit)
    download = stream.downloads.acquire(connection, room, BRIEF if limit == 1 else USUAL)
    try:
        download.hold = stream.grants.hold(grant, download.end)
    except BaseException:
        download.release()
        raise
    return download


def room_for_pending(stream: Stream) -> int:
    """Returns how many WebSockets may be without a place: at least one, however many pages are
    open."""
    limit = thread_limit(request.environ)
    return MAX_PENDING if limit is None else min(MAX_PENDING, _room(stream, limit))


def _room(stream: Stream, limit: int) -> int:
    return max(1, limit - SPARE_THREADS - _page_count(stream))


def _page_count(stream: Stream) -> int:
    viewer_count = stream.websocket_viewer_count + stream.http_viewers.active_count
    return stream.listener_places.active_count + viewer_count + stream.hls_window.waiting_count
