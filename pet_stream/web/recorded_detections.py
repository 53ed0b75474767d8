"""The route for what was seen in a recording: pages draw it over the pictures as they play."""

from __future__ import annotations

import json

from flask import Response, request
from flask.typing import ResponseReturnValue

from ..errors import BadRequest
from .current import current_stream
from .queries import seconds
from .recordings import MAX_SECONDS

MAX_AGE_S = 600
"""A name may be given again, but hardly as soon as that."""


def get_detections(name: str) -> ResponseReturnValue:
    """Answer with what was seen from `?from=` to `?to=`, seconds from its beginning, a minute at
    most."""
    from ..library.recorded_detections import MAX_WINDOW_S, window_of  # lazy: who plays needs it

    from_s = seconds("from", MAX_SECONDS) or 0.0
    to_s = seconds("to", MAX_SECONDS)
    if to_s is None:
        to_s = from_s + MAX_WINDOW_S
    if not from_s < to_s <= from_s + MAX_WINDOW_S:
        raise BadRequest(f"to must be after from, and {MAX_WINDOW_S:g} seconds at most")
    window = window_of(current_stream().library, name, from_s, to_s)
    response = Response(mimetype="application/json")
    response.set_etag(window.version)
    response.headers["Cache-Control"] = "no-cache"
    if window.is_complete:
        response.headers["Cache-Control"] = f"private, max-age={MAX_AGE_S}"
    response.set_data(json.dumps(window.to_json(), separators=(",", ":")))
    return response.make_conditional(request)
