"""Requests that last leave some of the server's threads to the others."""

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
"""For whatever is short. A page that gets none of the lasting ones asks once a second."""


def check_threads(stream: Stream) -> None:
    """Before a WebSocket or events. Raises Full if one more would take the last threads."""
    limit = thread_limit()
    if limit is None:
        return
    places = max(0, limit - SPARE_THREADS)
    downloads = stream.downloads
    if _page_count(stream) + downloads.active_count >= places and not downloads.make_room():
        raise Full(places)


def admit_download(stream: Stream) -> Download:
    """Before a recording is sent; one can be, however many pages are open. Raises Busy."""
    limit = thread_limit()
    room = None if limit is None else _room(stream, limit)
    return stream.downloads.acquire(client_socket(), room)


def room_for_pending(stream: Stream) -> int:
    """How many WebSockets may be without a place; one can be, however many pages are open."""
    limit = thread_limit()
    return MAX_PENDING if limit is None else min(MAX_PENDING, _room(stream, limit))


def thread_limit() -> int | None:
    """How many requests the server runs at once; None if it starts a thread for each."""
    own: int | None = request.environ.get(THREAD_LIMIT_KEY)
    return gunicorn_worker.thread_limit() if own is None else own


def _room(stream: Stream, limit: int) -> int:
    return max(1, limit - SPARE_THREADS - _page_count(stream))


def _page_count(stream: Stream) -> int:
    return stream.listener_places.active_count + stream.video_viewers.viewer_count
