"""Keeps some of the server's threads free of requests that last: WebSockets, events, downloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from ..admission.downloads import Download
from ..errors import Full
from ..process import gunicorn as gunicorn_worker
from ..web_server.http_clients import THREAD_LIMIT_KEY
from ..websocket.pending import MAX_PENDING
from .client_socket import client_socket

if TYPE_CHECKING:
    from ..stream import Stream

SPARE_THREADS = 3
"""For short requests. A page that gets no WebSocket asks for the state once a second."""


def check_threads(stream: Stream) -> None:
    """Call it before a WebSocket or events. Raises Full if one more would take the last threads."""
    limit = thread_limit()
    if limit is None:
        return
    places = max(0, limit - SPARE_THREADS)
    downloads = stream.downloads
    if _page_count(stream) + downloads.active_count >= places and not downloads.make_room():
        raise Full(places)


def admit_download(stream: Stream) -> Download:
    """Call it before a recording is sent; returns its lease. One can always be sent, however many
    pages are open. Raises Busy."""
    limit = thread_limit()
    room = None if limit is None else _room(stream, limit)
    return stream.downloads.acquire(client_socket(), room)


def room_for_pending(stream: Stream) -> int:
    """Returns how many WebSockets may be without a place: at least one, however many pages are
    open."""
    limit = thread_limit()
    return MAX_PENDING if limit is None else min(MAX_PENDING, _room(stream, limit))


def thread_limit() -> int | None:
    """Returns how many requests the server runs at once; None if it starts a thread for each."""
    own: int | None = request.environ.get(THREAD_LIMIT_KEY)
    return gunicorn_worker.thread_limit() if own is None else own


def _room(stream: Stream, limit: int) -> int:
    return max(1, limit - SPARE_THREADS - _page_count(stream))


def _page_count(stream: Stream) -> int:
    return stream.listener_places.active_count + stream.video_viewers.viewer_count
