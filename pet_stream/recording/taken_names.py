"""Which names of recordings are taken."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .bin_folder import binned_names
from .disk import PART_SUFFIX
from .names import composite_of


def names_in(folder: Path) -> set[str]:
    """Returns the names of the recordings with a file in `folder`, finished or not. Raises
    OSError."""
    return _recordings_of(os.listdir(folder))


def taken_names(folder: Path) -> set[str]:
    """Returns the names that no new recording may have: those in `folder`, and those that can be
    restored from its bin. Raises OSError."""
    return names_in(folder) | _recordings_of(binned_names(folder))


def unfinished_in(folder: Path) -> set[str]:
    """Returns the names of the recordings with an unfinished file in `folder`. Raises OSError."""
    return _recordings_of(name for name in os.listdir(folder) if name.endswith(PART_SUFFIX))


def _recordings_of(files: Iterable[str]) -> set[str]:
    names = (file.removesuffix(PART_SUFFIX) for file in files)
    return {name if (found := composite_of(name)) is None else found[0] for name in names}
