"""What has been recorded: the list, and each file."""

from __future__ import annotations

from flask import request, send_file
from flask.typing import ResponseReturnValue

from .current import current_stream

MEDIA_TYPES = {".h264": "video/h264", ".mp4": "video/mp4"}


def list_recordings() -> ResponseReturnValue:
    recordings = current_stream().library.recordings()
    return {"recordings": [recording.to_json() for recording in recordings]}


def get_recording(name: str) -> ResponseReturnValue:
    """The file, or the range of it that is asked for; `?download=1` names it for saving."""
    path = current_stream().library.path_of(name)
    response = send_file(
        path,
        mimetype=MEDIA_TYPES[path.suffix],
        as_attachment="download" in request.args,
        conditional=True,
    )
    response.accept_ranges = "bytes"
    return response
