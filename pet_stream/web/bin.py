"""The routes for deleted recordings, which can be restored for a while."""

from __future__ import annotations

from typing import Any

from flask.typing import ResponseReturnValue

from ..library.binned import Binned
from ..recording.status import rfc3339
from ..time_zone import local_zone
from .current import current_stream
from .recordings import page_of, row_of


def list_bin() -> ResponseReturnValue:
    """Answer with one page of what can be restored, last deleted first."""
    bin_ = current_stream().library.bin
    entries = bin_.entries()
    page, next_offset = page_of(entries)
    return {
        "recordings": [_row(entry, bin_.keep_s) for entry in page],
        "total": len(entries),
        "total_bytes": sum(entry.size_bytes for entry in entries),
        "hours": bin_.keep_s / 3600,
        "time_zone": local_zone(),
        "next_offset": next_offset,
    }


def restore_recording(name: str) -> ResponseReturnValue:
    stream = current_stream()
    stream.library.bin.restore(name)
    stream.authority.note("restores", name)
    return row_of(stream.library.find(name))


def delete_for_good(name: str) -> ResponseReturnValue:
    stream = current_stream()
    stream.library.bin.delete(name)
    stream.authority.note("deletes for good", name)
    return "", 204


def empty_bin() -> ResponseReturnValue:
    stream = current_stream()
    stream.library.bin.empty()
    stream.authority.note("empties", "the bin")
    return "", 204


def _row(entry: Binned, keep_s: float) -> dict[str, Any]:
    return {
        "name": entry.name,
        "size_bytes": entry.size_bytes,
        "started_at": entry.started_at,
        "start_time": rfc3339(entry.started_at),
        "starred": entry.is_starred,
        "segments": len(entry.files),
        "deleted_at": entry.deleted_at,
        "restorable_until": entry.deleted_at + keep_s,
    }
