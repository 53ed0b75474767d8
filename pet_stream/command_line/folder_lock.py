"""Has a command be the only one that changes the recordings' folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import NotRecorderOwner
from .failures import Failure, InUse


@contextmanager
def owning(folder: Path, *, is_made: bool = False) -> Iterator[list[Path]]:
    """Be the only one who changes `folder`; yields the unfinished files that a crash left there. It
    must be there already unless `is_made`.

    Raises InUse, Failure.
    """
    from ..library.ownership import Ownership

    if not folder.is_dir() and not is_made:
        raise Failure(f"There is no folder {folder}", "not_found")
    leftovers: list[Path] = []
    ownership = Ownership(folder, leftovers.extend)
    try:
        ownership.claim()
    except NotRecorderOwner as exc:
        advice = "recordings list, recordings export and backup work meanwhile"
        raise InUse(f"{exc}. Stop the server first; {advice}", exc.code) from exc
    except OSError as exc:
        raise Failure(f"{folder} can't be used: {exc.strerror}", "storage") from exc
    try:
        yield leftovers
    finally:
        ownership.release()
