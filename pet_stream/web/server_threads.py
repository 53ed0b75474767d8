"""Tells how many requests the web server runs at once, and what to do where these are too few.

WSGI itself only says whether there are more than one (PEP 3333, `wsgi.multithread`). The number is
a setting of the server, which some servers let a request reach.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..own_server import THREAD_LIMIT_KEY
from ..process import gunicorn as gunicorn_worker
from ..websocket.loop_socket import SOCKET_KEYS

SPARE_THREADS = 3
"""For short requests. A page that gets no WebSocket asks for the state once a second."""
ENOUGH_THREADS = SPARE_THREADS + 5
"""For two pages, one of them without WebRTC."""

_WAITRESS_KEY = "waitress.client_disconnected"
_WAITRESS_DEFAULT = 4
_UWSGI_KEY = "uwsgi.version"
_ADVICE = {
    "waitress": "waitress-serve --threads=40",
    "uwsgi": "uwsgi --processes 1 --threads 40",
    "werkzeug": "app.run(threaded=True)",
}
_USUAL_ADVICE = "gunicorn --workers 1 --worker-class gthread --threads 40"

Environ = Mapping[str, Any]
"""A request's WSGI environment (PEP 3333)."""


def thread_limit(environ: Environ) -> int | None:
    """Returns how many requests the server runs at once; None if it starts a thread for each, or
    does not say."""
    own: int | None = environ.get(THREAD_LIMIT_KEY)
    if own is not None:
        return own
    if not is_from_server(environ):
        return None
    if not environ.get("wsgi.multithread"):
        return 1
    return gunicorn_worker.thread_limit() or _waitress_threads(environ) or _uwsgi_threads(environ)


def is_from_server(environ: Environ) -> bool:
    """Whether a web server made it, and not a test client, which has no thread to keep free."""
    return "SERVER_SOFTWARE" in environ or _UWSGI_KEY in environ


def can_do_websockets(environ: Environ) -> bool:
    return any(key in environ for key in SOCKET_KEYS)


def needs_threads(environ: Environ) -> str:
    """Returns in words that the server has too few threads, and how it gets more."""
    limit = thread_limit(environ)
    count = "one request" if limit == 1 else f"{limit} requests"
    return (
        f"The web server answers {count} at a time, and each open page holds one or more: "
        f"serve with more threads, such as {_ADVICE.get(_name(environ), _USUAL_ADVICE)}"
    )


def _name(environ: Environ) -> str:
    """Returns the server's name in lower case."""
    if _UWSGI_KEY in environ:
        return "uwsgi"
    if _WAITRESS_KEY in environ:
        return "waitress"  # whatever its `ident` says
    return str(environ.get("SERVER_SOFTWARE", "")).partition("/")[0].lower()


def _waitress_threads(environ: Environ) -> int | None:
    if _name(environ) != "waitress":
        return None
    channel = getattr(environ.get(_WAITRESS_KEY), "__self__", None)
    settings = getattr(getattr(channel, "server", None), "adj", None)
    return getattr(settings, "threads", _WAITRESS_DEFAULT)


def _uwsgi_threads(environ: Environ) -> int | None:
    """The module exists in its processes only; its options are bytes."""
    options = getattr(sys.modules.get("uwsgi"), "opt", {}) if _UWSGI_KEY in environ else {}
    try:
        return int(options.get("threads", b""))
    except ValueError:
        return None
