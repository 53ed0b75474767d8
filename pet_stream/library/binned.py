"""Reads what is in the bin."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..recording.belongings import OF_FILE, OF_RECORDING, STAR_SUFFIX
from ..recording.bin_folder import parse_entry
from ..recording.names import is_stored_name, start_time_in


@dataclass(frozen=True, slots=True)
class Binned:
    """What was deleted in one go: a recording, or one file of it."""

    id: str
    """The name of its folder in the bin."""
    name: str
    deleted_at: int
    """Epoch seconds, by the wall clock of that moment."""
    files: tuple[str, ...] = ()
    """Of the recording; without what lies beside them."""
    size_bytes: int = 0
    """All together."""
    started_at: float = 0.0
    """Epoch seconds: from its name, otherwise when the first file was last changed."""
    is_starred: bool = False


def binned(bin_path: Path, state: str = "") -> list[Binned]:
    """Returns the entries of the bin that are in this `state`, without what is in them. Raises
    OSError."""
    found = []
    with suppress(FileNotFoundError), os.scandir(bin_path) as entries:
        for entry in entries:
            parsed = parse_entry(entry.name)
            if parsed and parsed[0] == state and entry.is_dir(follow_symlinks=False):
                found.append(Binned(entry.name, parsed[1], parsed[2]))
    return found


def read_entry(bin_path: Path, entry: Binned) -> Binned:
    """Returns `entry` with what is in it; nothing if it has just been taken out. Raises OSError."""
    infos: dict[str, os.stat_result] = {}
    with suppress(FileNotFoundError), os.scandir(bin_path / entry.id) as files:
        for file in files:
            if is_ours(file.name):
                with suppress(FileNotFoundError):
                    infos[file.name] = file.stat(follow_symlinks=False)
    recorded = tuple(sorted(filter(is_stored_name, infos)))
    started_at = start_time_in(entry.name)
    if started_at is None:
        started_at = infos[recorded[0]].st_mtime if recorded else entry.deleted_at
    return Binned(
        id=entry.id,
        name=entry.name,
        deleted_at=entry.deleted_at,
        files=recorded,
        size_bytes=sum(info.st_size for info in infos.values()),
        started_at=started_at,
        is_starred=any(file.endswith(STAR_SUFFIX) for file in infos),
    )


def is_ours(file: str) -> bool:
    """Whether a file in an entry is a recorded one, or belongs to one."""
    for suffix in (*OF_RECORDING, *OF_FILE):
        file = file.removesuffix(suffix)
    return is_stored_name(file)
