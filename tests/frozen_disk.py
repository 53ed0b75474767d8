"""A disk that really blocks: a file system that the kernel has frozen, so that whoever writes,
syncs, makes or renames a file in it waits until it is thawed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .waiting import TIMEOUT_S

DISK_BYTES = 32 * 1024 * 1024
FREEZE = 'fsfreeze -f "$1" && echo frozen && timeout 120 cat; fsfreeze -u "$1" 2>/dev/null'
"""Thaws when its standard input is closed, by this process or by its end, whatever ends it, and in
any case: whoever waits for a frozen disk can't be killed."""


@contextmanager
def freezable_disk(folder: Path) -> Iterator[Path]:
    """An ext4 file system of its own in `folder`; skips where this user may not mount or freeze
    one."""
    image, disk = folder / "image", folder / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK_BYTES)
    _run_or_skip(["mkfs.ext4", "-q", str(image)])
    _run_or_skip(["mount", "-o", "loop", str(image), str(disk)])
    try:
        _run_or_skip(["fsfreeze", "--freeze", str(disk)])
        _run_or_skip(["fsfreeze", "--unfreeze", str(disk)])
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@contextmanager
def frozen(disk: Path) -> Iterator[None]:
    with subprocess.Popen(
        ["sh", "-c", FREEZE, "sh", str(disk)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"frozen\n"
        try:
            yield
        finally:
            # Its input alone would not do: a forked child that waits for the disk has that, too.
            subprocess.run(["fsfreeze", "-u", str(disk)], check=True)
            process.stdin.close()
            process.wait(TIMEOUT_S)


def _run_or_skip(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except OSError as exc:
        pytest.skip(f"no disk can be frozen here: {exc}")
    except subprocess.CalledProcessError as exc:
        pytest.skip(f"no disk can be frozen here: {exc.stderr}")
