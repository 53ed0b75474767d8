"""Makes the folders of ours in the recordings folder."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import StorageError
from ..private_file import hand_over

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def make_own_folder(folder: Path, path: str) -> None:
    """Make `path`, such as "a/b", in `folder`. Raises StorageError where something else is, or a
    link, and OSError."""
    made = folder
    for name in path.split("/"):
        made /= name
        try:
            made.mkdir()
            is_new = True
        except FileExistsError:
            is_new = False
        try:
            descriptor = os.open(made, _FOLDER)
        except NotADirectoryError as exc:
            raise StorageError(f"{name} in the recordings folder is no folder") from exc
        if is_new:
            hand_over(descriptor, folder)
        os.close(descriptor)
