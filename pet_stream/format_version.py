"""The version that stands in each file of our own, so that an older program neither misreads nor
overwrites what a newer one has written. Pure."""

from __future__ import annotations

from collections.abc import Mapping

KEY = "version"


class NewerFormat(ValueError):
    """The file is of a newer program. The text goes on after its name."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"was written by a newer pet_stream (version {found} of this file, and {known} is "
            "known): install that one again, or move the file away"
        )


def check_version(value: Mapping[str, object], known: int, *, unmarked: int | None = None) -> int:
    """Returns the version of what a file holds, from 1 to `known`. `unmarked`: that of a file in
    which none stands; None: there are no such files.

    Raises NewerFormat, and ValueError, whose text goes on after the file's name.
    """
    found = value.get(KEY, unmarked)
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise ValueError("has no version that this program knows")
    if found > known:
        raise NewerFormat(found, known)
    return found
