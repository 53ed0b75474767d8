"""Requests that last as long as a page is open leave some of the server's threads to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Full
from ..gunicorn_worker import thread_limit

if TYPE_CHECKING:
    from ..stream import Stream

SPARE_THREADS = 3
"""For offers, recordings, files. A page that gets none of the lasting ones asks once a second."""


def check_threads(stream: Stream) -> None:
    """Raises Full if one more would take the last threads."""
    limit = thread_limit()
    lasting_count = stream.listener_places.active_count + stream.video_viewers.viewer_count
    if limit is not None and lasting_count >= limit - SPARE_THREADS:
        raise Full(max(0, limit - SPARE_THREADS))
