"""The routes of what is published to media servers."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from .current import current_stream


def list_publications() -> ResponseReturnValue:
    statuses = current_stream().publishers.statuses
    return {"publications": [status.to_json() for status in statuses]}


def begin_publication(number: str) -> ResponseReturnValue:
    """Raises NotFound, Busy."""
    status = current_stream().publishers.begin(number)
    current_stream().authority.note("publishes the camera to", f"media server {number}")
    return status.to_json()


def end_publication(number: str) -> ResponseReturnValue:
    """Raises NotFound."""
    status = current_stream().publishers.end(number)
    current_stream().authority.note("ends the publication to", f"media server {number}")
    return status.to_json()
