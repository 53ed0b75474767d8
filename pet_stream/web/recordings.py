"""What has been recorded: the list, each file, and what can be done with it."""

from __future__ import annotations

import math
from typing import Any

from flask import Response, request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wsgi import wrap_file

from ..errors import BadRequest
from ..recording import Recording
from ..recording.pieces import PiecedFile
from .current import current_stream

MEDIA_TYPES = {"h264": "video/h264", "mp4": "video/mp4"}
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000


def list_recordings() -> ResponseReturnValue:
    """A page of the list, newest first: `?offset=` and `?limit=`."""
    library = current_stream().library
    offset = _whole_number("offset", 0, 10**9)
    limit = _whole_number("limit", DEFAULT_LIMIT, MAX_LIMIT)
    rows = library.recordings()
    answer: dict[str, object] = {
        "recordings": [_row(row) for row in rows[offset : offset + limit]],
        "total": len(rows),
        "total_bytes": sum(row.size_bytes for row in rows),
        "next_offset": offset + limit if offset + limit < len(rows) else None,
    }
    disk = library.disk_bytes()
    if disk is not None:
        answer["disk"] = {"free_bytes": disk[0], "size_bytes": disk[1]}
    return answer


def get_recording(name: str) -> ResponseReturnValue:
    """The recording, or the range of it that is asked for; `?download=1` names it for saving,
    `?from=` and `?to=` (seconds) cut a part out, at the bounds of GOPs."""
    library = current_stream().library
    from_s, to_s = _seconds("from"), _seconds("to")
    media_type = MEDIA_TYPES[name.rpartition(".")[2]] if _has_known_ending(name) else ""
    if from_s is not None or to_s is not None:
        from_s = 0.0 if from_s is None else from_s
        to_s = math.inf if to_s is None else to_s
        if from_s >= to_s:
            raise BadRequest("from is a time before to")
        stem = name.rpartition(".")[0]
        until = "end" if to_s == math.inf else f"{to_s:g}"
        cut = library.open_cut(name, from_s, to_s)
        return _send_pieces(cut, "video/mp4", f"{stem}_{from_s:g}-{until}.mp4")
    files = library.files_of(name)
    if len(files) > 1:
        return _send_pieces(library.open_joined(name), media_type, name)
    response = send_file(
        files[0],
        mimetype=media_type,
        as_attachment="download" in request.args,
        download_name=name,
        conditional=True,
    )
    response.accept_ranges = "bytes"
    return response


def delete_recording(name: str) -> ResponseReturnValue:
    current_stream().library.delete(name)
    return "", 204


def star_recording(name: str) -> ResponseReturnValue:
    """PUT: keep it, whatever the settings say of old recordings. DELETE: no longer."""
    library = current_stream().library
    library.set_starred(name, request.method == "PUT")
    return _row(library.find(name))


def get_thumbnail(name: str) -> ResponseReturnValue:
    path = current_stream().archive.thumbnails.path_of(name)
    return send_file(path, mimetype="image/jpeg", conditional=True, max_age=3600)


def snapshot() -> ResponseReturnValue:
    """The picture of this moment."""
    response = Response(current_stream().snapshots.jpeg(), mimetype="image/jpeg")
    response.headers["Cache-Control"] = "no-store"
    return response


def _row(recording: Recording) -> dict[str, Any]:
    row = recording.to_json(current_stream().library.details(recording))
    row["url"] = url_for("pet_stream.get_recording", name=recording.name)
    row["thumbnail"] = (
        None
        if recording.state == "recording"
        else url_for("pet_stream.get_thumbnail", name=recording.name)
    )
    return row


def _send_pieces(file: PiecedFile, media_type: str, download_name: str) -> Response:
    response = Response(
        wrap_file(request.environ, file),  # type: ignore[arg-type]
        mimetype=media_type,
        direct_passthrough=True,
    )
    response.content_length = file.size
    if "download" in request.args:
        response.headers.set("Content-Disposition", "attachment", filename=download_name)
    response.headers["Cache-Control"] = "no-cache"
    response.call_on_close(file.close)
    response.make_conditional(request.environ, accept_ranges=True, complete_length=file.size)
    return response


def _has_known_ending(name: str) -> bool:
    return name.rpartition(".")[2] in MEDIA_TYPES


def _whole_number(key: str, default: int, maximum: int) -> int:
    text = request.args.get(key, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= maximum):
        raise BadRequest(f"{key} is a whole number up to {maximum}")
    return int(text)


def _seconds(key: str) -> float | None:
    text = request.args.get(key)
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError as exc:
        raise BadRequest(f"{key} is a number of seconds") from exc
    if not 0 <= value < math.inf:
        raise BadRequest(f"{key} is a number of seconds")
    return value
