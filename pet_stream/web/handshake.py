"""Puts a WebSocket's handshake, which flask-sock does, before its view.

Loaded with the first WebSocket, by its request's thread: it takes 1 MB that most processes never
need.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import cast

from flask import Flask
from flask.typing import ResponseReturnValue
from flask_sock import Sock

from ..websocket import connection  # noqa: F401  the event loop would stand still to load it


@cache
def with_handshake(view: Callable[[object], None]) -> Callable[[], ResponseReturnValue]:
    """Returns what flask-sock makes of `view`; it raises wsproto's ProtocolError if the request is
    no handshake. flask-sock gives it only to an app."""
    app = Flask(__name__, static_folder=None)
    Sock(app).route("/")(view)
    return cast("Callable[[], ResponseReturnValue]", app.view_functions[view.__name__])
