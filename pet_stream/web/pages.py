"""Pages that people open."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from .current import current_stream
from .lasting_requests import has_threads


def dashboard() -> ResponseReturnValue:
    current_stream().peers.make_soon()
    state = "pushed" if has_threads() else "asked"
    return render_template("pet_stream/dashboard.html", state=state)
