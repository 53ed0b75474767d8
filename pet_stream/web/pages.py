"""Pages that people open."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from .current import current_stream


def dashboard() -> ResponseReturnValue:
    current_stream().peers.make_soon()
    return render_template("pet_stream/dashboard.html")
