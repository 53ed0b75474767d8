"""Who records into a folder, when the folder or its disk is not what it was."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pet_stream.library.ownership import LOCK_NAME, Ownership
from pet_stream.recording.disk import PART_SUFFIX

UNFINISHED = f"cat.mp4{PART_SUFFIX}"


@pytest.fixture
def other_disk(tmp_path: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix="pet_test_", dir="/dev/shm") as folder:
        if os.stat(folder).st_dev == tmp_path.stat().st_dev:
            pytest.skip("there is one file system only")
        yield Path(folder)


def test_a_lock_that_somebody_has_removed_is_taken_anew(tmp_path: Path) -> None:
    claimed: list[list[Path]] = []
    ownership = Ownership(tmp_path, claimed.append)
    ownership.claim()
    (tmp_path / LOCK_NAME).unlink()
    (tmp_path / LOCK_NAME).touch()
    (tmp_path / UNFINISHED).touch()  # by a recording that runs
    ownership.claim()
    assert claimed == [[]], "what is being written must not be repaired"
    assert _is_locked(tmp_path)
    ownership.release()
    assert not _is_locked(tmp_path)


def test_what_is_unfinished_on_a_disk_that_comes_back_is_repaired(
    tmp_path: Path, other_disk: Path
) -> None:
    claimed: list[list[Path]] = []
    folder, first = tmp_path / "recordings", tmp_path / "first"
    first.mkdir()
    folder.symlink_to(first)
    ownership = Ownership(folder, claimed.append)
    ownership.claim()
    folder.unlink()
    folder.symlink_to(other_disk)
    (other_disk / LOCK_NAME).touch()
    (other_disk / UNFINISHED).touch()
    for _ in range(2):
        ownership.claim()
    assert claimed == [[], [folder / UNFINISHED]]
    assert _is_locked(other_disk)
    ownership.release()


def _is_locked(folder: Path) -> bool:
    """As another process sees it: this one may lock what it has locked already."""
    if not (child := os.fork()):
        os._exit(_exit_code(folder))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def _exit_code(folder: Path) -> int:
    with (folder / LOCK_NAME).open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return 1
    return 0
