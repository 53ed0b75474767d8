"""Which names of recordings are taken."""

from __future__ import annotations

import os
from pathlib import Path

from .disk import PART_SUFFIX
from .names import composite_of


def names_in(folder: Path) -> set[str]:
    """Returns the names of the recordings with a file in `folder`, finished or not. Raises
    OSError."""
    files = (name.removesuffix(PART_SUFFIX) for name in os.listdir(folder))
    return {file if (found := composite_of(file)) is None else found[0] for file in files}
