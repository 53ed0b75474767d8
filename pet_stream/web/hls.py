"""The routes of HLS: the playlist that is asked for first, and what leads on from it.

    index.m3u8                  names one media playlist, with the id of a new session
    hls/<id>/live.m3u8          what can be fetched now
    hls/<id>/init-….mp4         what a decoder needs before the first segment
    hls/<id>/<number>.m4s       a segment; <number>.<part>.m4s a part of one

Each request is checked like any other, so a viewer's right ends at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from flask import Response, request
from flask.typing import ResponseReturnValue

from ..admission.downloads import Download
from ..errors import BadRequest, LoopUnavailable, NotFound
from ..hls import playlists
from ..process.gunicorn import is_server_ending
from .access import current_grant
from .client import current_client, has_client_gone
from .current import current_stream
from .lasting_requests import admit_download, has_room_to_wait, has_threads
from .urls import LINK

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
MEDIA_PLAYLIST = "live.m3u8"
WAITED_TARGETS = 1.5
"""A request for what is still to come waits for so many target durations at most; players give up
after some seconds."""
PIECE_BYTES = 64 * 1024
_LINK_TEXT = re.compile(r"[A-Za-z0-9._-]{1,120}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)


def hls_playlist() -> ResponseReturnValue:
    """Answer with a session's own playlist. It takes no place yet. Raises NotFound without replay
    memory, NoPicture, Paused, Full, LoopUnavailable."""
    _check_usable()
    stream, grant = current_stream(), current_grant()
    stream.places.check(grant.holder, is_owner=grant.is_owners)
    outlook = stream.hls_window.outlook(_waits(stream.hls_window.patience_s), _is_over())
    session_id = stream.hls_sessions.make_id(grant.holder)
    uri = f"hls/{session_id}/{MEDIA_PLAYLIST}{_link_query()}"
    return _playlist(playlists.multivariant(outlook, uri))


def hls_file(session_id: str, name: str) -> ResponseReturnValue:
    """Answer with a media playlist, or with what stands in one. Raises NotFound, BadRequest, Full,
    Superseded, NoPicture, Paused, Busy, LoopUnavailable."""
    _check_usable()
    stream = current_stream()
    window = stream.hls_window
    target_s, is_over = window.target_s, _is_over()
    grant, client = current_grant(), current_client()

    def ask() -> None:
        stream.hls_sessions.ask(session_id, grant, client, target_s)

    def has_gone() -> bool:
        ask()
        return is_over()

    ask()
    timeout_s = _waits(WAITED_TARGETS * target_s)
    if name != MEDIA_PLAYLIST:
        return _media(window.file(name, timeout_s=timeout_s, is_over=has_gone))
    text = window.playlist(
        after=_wanted(),
        timeout_s=timeout_s,
        is_over=has_gone,
        is_low_latency=has_threads(),
        query=_link_query(),
    )
    return _playlist(text)


def _check_usable() -> None:
    stream = current_stream()
    if not (stream.config.replay_seconds and stream.config.replay_mb):
        raise NotFound(
            "HLS is made from the replay memory, which is off: set PET_STREAM_REPLAY_SECONDS and "
            "PET_STREAM_REPLAY_MB"
        )
    if request.args.get("camera", "active") != "active":
        raise NotFound("Over HLS there is only the active camera")
    stream.pause.check()
    if not stream.is_running:
        raise LoopUnavailable("Streaming is not running")


def _wanted() -> tuple[int, int | None] | None:
    """Returns what the playlist is to have (rfc8216bis, 6.2.5.2): a segment, or a part of one.
    Raises BadRequest."""
    segment, part = request.args.get("_HLS_msn"), request.args.get("_HLS_part")
    for text in (segment, part):
        if text is not None and not _NUMBER.fullmatch(text):
            raise BadRequest("_HLS_msn and _HLS_part are whole numbers")
    if segment is None:
        if part is not None:
            raise BadRequest("_HLS_part needs _HLS_msn")
        return None
    return int(segment), None if part is None else int(part)


def _waits(timeout_s: float) -> float:
    """Returns how long this request may wait: not at all where it would take one of the server's
    last threads."""
    return timeout_s if has_room_to_wait(current_stream()) else 0.0


def _is_over() -> Callable[[], bool]:
    """Returns what tells that nobody waits for the answer any more, or that there is nothing."""
    stream, environ = current_stream(), request.environ

    def is_over() -> bool:
        is_left = is_server_ending() or has_client_gone(environ)
        return is_left or not stream.is_running or stream.pause.is_on

    return is_over


def _link_query() -> str:
    """Returns the query that passes the link of this request on: a player knows no other."""
    texts = request.args.getlist(LINK)
    return f"?{LINK}={texts[0]}" if len(texts) == 1 and _LINK_TEXT.fullmatch(texts[0]) else ""


def _playlist(text: str) -> Response:
    response = Response(text, mimetype=PLAYLIST_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _media(data: list[bytes]) -> Response:
    response = Response(mimetype="video/mp4")
    response.headers["Cache-Control"] = "no-store"
    response.content_length = sum(map(len, data))
    if request.method != "HEAD":
        response.response = _Body(data, admit_download(current_stream(), current_grant()))
    return response


class _Body:
    """Some fragments, as long as the client takes them. One thread at a time."""

    def __init__(self, data: list[bytes], lease: Download) -> None:
        self._pieces = _pieces(data)
        self._lease = lease

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        if self._lease.is_ended:
            raise StopIteration
        self._lease.renew()
        return next(self._pieces)

    def close(self) -> None:
        self._lease.release()

    __del__ = close


def _pieces(data: list[bytes]) -> Iterator[bytes]:
    for fragment in data:
        for start in range(0, len(fragment), PIECE_BYTES):
            yield fragment[start : start + PIECE_BYTES]
