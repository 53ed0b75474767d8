"""Where deleted recordings wait, in the recordings folder.

`.pet_stream/bin/cat.mp4~1790000000/` has what was deleted as `cat.mp4` then (epoch seconds). A dot
in front of this entry: its files are being moved, in or out. A dash: they are being deleted.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from .names import is_stored_name

OWN_FOLDER = ".pet_stream"
"""What is ours in the recordings folder, and no recording."""
BIN_FOLDER = f"{OWN_FOLDER}/bin"
MOVING, DOOMED = ".", "-"
_ENTRY = re.compile(r"([.-]?)([^~/]+)~([0-9]{1,12})")


def entry_name(name: str, deleted_at: int) -> str:
    return f"{name}~{deleted_at}"


def parse_entry(text: str) -> tuple[str, str, int] | None:
    """Returns an entry's state ("", MOVING or DOOMED), the name of what was deleted, and when; None
    if it is not ours."""
    match = _ENTRY.fullmatch(text)
    if match is None or not is_stored_name(match[2]):
        return None
    return match[1], match[2], int(match[3])


def binned_names(folder: Path) -> set[str]:
    """Returns the names in the bin of the recordings folder `folder`: none if it can't be read."""
    entries = (parse_entry(entry.name) for entry in _listed(folder / BIN_FOLDER))
    return {name for state, name, _ in filter(None, entries) if state != DOOMED}


def binned_bytes(folder: Path) -> int:
    """Returns the size of what is in the bin, and can be deleted when room is needed."""
    total = 0
    for entry in _listed(folder / BIN_FOLDER):
        if parse_entry(entry.name) and entry.is_dir(follow_symlinks=False):
            for file in _listed(entry.path):
                with suppress(OSError):
                    total += file.stat(follow_symlinks=False).st_size
    return total


def _listed(path: Path | str) -> list[os.DirEntry[str]]:
    with suppress(OSError), os.scandir(path) as entries:
        return list(entries)
    return []
