"""Gives a view the parts that it works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app

if TYPE_CHECKING:
    from ..stream import Stream


def current_stream() -> Stream:
    """Returns the streaming parts of the app that serves this request."""
    return cast("Stream", current_app.extensions["pet_stream"])
