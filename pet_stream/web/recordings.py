"""The routes for what has been recorded: the list, each file, and what can be done with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeVar

from flask import request, send_file, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import PreconditionFailed

from ..errors import BadRequest, NotFound, Starred
from ..library.listing import Recording
from ..recording.status import rfc3339
from ..time_zone import local_zone
from .current import current_stream
from .file_answers import send_recording
from .json_bodies import read_json, seconds_in, text_in
from .queries import flag, seconds, whole_number

MEDIA_TYPES = {"h264": "video/h264", "mp4": "video/mp4"}
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAX_SECONDS = 1e9
THUMBNAIL_MAX_AGE_S = 7 * 86_400

T = TypeVar("T")


def list_recordings() -> ResponseReturnValue:
    """Answer with one page of the list, newest first: `?offset=` and `?limit=`."""
    stream = current_stream()
    library = stream.library
    listed = library.listed()
    page, next_offset = page_of(listed.rows)
    answer: dict[str, object] = {
        "recordings": [row_of(row) for row in page],
        "total": len(listed.rows),
        "total_bytes": listed.total_bytes,
        "revision": listed.revision,
        "repairing": stream.archive.repairing_count,
        "next_offset": next_offset,
        "time_zone": local_zone(),
        "bin": {"hours": library.bin.keep_s / 3600, "count": stream.archive.binned_count()},
    }
    disk = library.disk_space()
    if disk is not None:
        answer["disk"] = disk._asdict()
    return answer


def get_recording(name: str) -> ResponseReturnValue:
    """Send the recording, or the range of it that is asked for. `?download=1` has the browser save
    it; `?from=` and `?to=` (seconds) cut a part out, at the bounds of GOPs."""
    library = current_stream().library
    from_s, to_s = seconds("from", MAX_SECONDS), seconds("to", MAX_SECONDS)
    if from_s is not None and to_s is not None and from_s >= to_s:
        raise BadRequest("from must be before to")
    opened = library.open(name, from_s, to_s)
    stem, _, ending = name.rpartition(".")
    save_as = name
    if from_s is not None or to_s is not None:
        save_as = f"{stem}_{from_s or 0:g}-{'end' if to_s is None else f'{to_s:g}'}.mp4"
    wants_download = "download" in request.args
    return send_recording(opened, MEDIA_TYPES[ending], save_as if wants_download else None)


def recording_details(name: str) -> ResponseReturnValue:
    """Answer with its row, and the names of those that were made before and after it."""
    library = current_stream().library
    rows = library.recordings()
    found = library.find(name)
    index = next((i for i, row in enumerate(rows) if row.name == found.name), None)
    if index is None:
        raise NotFound("There is no such recording")  # deleted since
    newer = rows[index - 1].name if index else None
    older = rows[index + 1].name if index + 1 < len(rows) else None
    return {"recording": row_of(found), "newer": newer, "older": older}


def part_of_recording(name: str) -> ResponseReturnValue:
    """Answer with what a cut between `?from=` and `?to=` gives."""
    from_s, to_s = seconds("from", MAX_SECONDS), seconds("to", MAX_SECONDS)
    to_s = math.inf if to_s is None else to_s
    if (from_s or 0.0) >= to_s:
        raise BadRequest("from must be before to")
    return current_stream().archive.cuts.bounds(name, from_s or 0.0, to_s)._asdict()


def save_part(name: str) -> ResponseReturnValue:
    """Save a part of it as a recording of its own, a clip."""
    body = read_json()
    from_s = seconds_in(body, "from_s", MAX_SECONDS)
    to_s = seconds_in(body, "to_s", MAX_SECONDS)
    if from_s is None or to_s is None or from_s >= to_s:
        raise BadRequest("from_s must be before to_s")
    stream = current_stream()
    saved = stream.archive.cuts.save(name, from_s, to_s, text_in(body, "filename"))
    stream.authority.note("cuts", f"{saved} out of {name}")
    return {"recording": row_of(stream.library.find(saved))}, 201


def delete_recording(name: str) -> ResponseReturnValue:
    """Move it into the bin, or delete it at once: `?for_good=1`. A star needs `?starred=1`."""
    stream = current_stream()
    for_good, is_star_meant = flag("for_good"), flag("starred")
    if not is_star_meant and stream.library.find(name).is_starred:
        raise Starred
    until = stream.archive.delete(name, for_good=for_good)
    stream.authority.note("deletes", name)
    return "", 204, {} if until is None else {"Restorable-Until": rfc3339(until)}


def star_recording(name: str) -> ResponseReturnValue:
    """PUT: keep it, whatever the settings say of old recordings. DELETE: no longer."""
    library = current_stream().library
    library.set_starred(name, request.method == "PUT")
    return row_of(library.find(name))


def get_thumbnail(name: str) -> ResponseReturnValue:
    path = current_stream().archive.thumbnails.path_of(name)
    answer = send_file(path, mimetype="image/jpeg", conditional=True, max_age=THUMBNAIL_MAX_AGE_S)
    if answer.status_code == 412:  # of Werkzeug, with the picture in it
        answer.close()
        raise PreconditionFailed
    answer.cache_control.public, answer.cache_control.private = False, True  # no proxy's
    return answer


def row_of(recording: Recording) -> dict[str, Any]:
    """Returns the recording as the list shows it."""
    stream = current_stream()
    row = recording.to_json(stream.library.details(recording))
    row["clip"] = stream.library.is_clip(recording)
    row["url"] = url_for("pet_stream.get_recording", name=recording.name)
    row["thumbnail"] = None
    if stream.archive.thumbnails.can_make(recording, row["width"] is not None):
        row["thumbnail"] = url_for(
            "pet_stream.get_thumbnail", name=recording.name, v=_thumbnail_version(recording)
        )
    return row


def _thumbnail_version(recording: Recording) -> int:
    """Returns a number for the thumbnail's URL, since browsers keep pictures: a different recording
    of the same name has a different one."""
    changed_at = recording.started_at if recording.is_running else recording.changed_ns / 1e9
    return int(changed_at)


def page_of(rows: Sequence[T]) -> tuple[Sequence[T], int | None]:
    """Returns the part of `rows` that `?offset=` and `?limit=` ask for, and where the next one
    begins. Raises BadRequest."""
    offset = whole_number("offset", 0, 10**9)
    end = offset + whole_number("limit", DEFAULT_LIMIT, MAX_LIMIT)
    return rows[offset:end], end if end < len(rows) else None
