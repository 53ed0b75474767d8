"""What somebody has chosen by hand: paused or not, and until when. It is kept in a file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ..format_version import NewerFormat, check_version
from ..private_file import read_private_file, remove_private_file, replace_private_file

VERSION = 1
"""Of the file's format. The first files had none in them."""
MAX_FILE_BYTES = 1000
_OTHERS_MAY_READ = 0o044
_MAX_TIME = 1e11


@dataclass(frozen=True, slots=True)
class Choice:
    """It counts more than the schedule, until it ends."""

    paused: bool
    ends_at: float | None = None
    """Epoch seconds; None: no end."""

    def is_in_force(self, now_s: float) -> bool:
        return self.ends_at is None or now_s < self.ends_at

    @classmethod
    def from_json(cls, value: object) -> Choice:
        """Raises ValueError; NewerFormat for one of a newer program."""
        if isinstance(value, dict):
            check_version(value, VERSION, unmarked=1)
        if not isinstance(value, dict) or not isinstance(value.get("paused"), bool):
            raise ValueError("is not of a pause")
        ends_at = value.get("ends_at")
        if ends_at is None:
            return cls(value["paused"])
        is_time = isinstance(ends_at, int | float) and not isinstance(ends_at, bool)
        if not is_time or not 0 <= ends_at <= _MAX_TIME:
            raise ValueError("has no time as its end")
        return cls(value["paused"], float(ends_at))


def load(path: Path) -> Choice | None:
    """Returns what is in the file; None if there is none. Raises OSError, ValueError."""
    try:
        text = read_private_file(path, MAX_FILE_BYTES, others_may=_OTHERS_MAY_READ)
    except FileNotFoundError:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise ValueError("is not JSON") from exc
    return Choice.from_json(value)


def store(path: Path, choice: Choice | None) -> None:
    """Raises OSError; NewerFormat where a newer program's file would be lost."""
    _check_replaceable(path)
    if choice is None:
        remove_private_file(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_private_file(path, json.dumps({"version": VERSION, **asdict(choice)}).encode())


def _check_replaceable(path: Path) -> None:
    """Raises NewerFormat. What can't be read for another reason may be replaced."""
    try:
        load(path)
    except NewerFormat:
        raise
    except (OSError, ValueError):
        pass
