"""What happens to the recordings' disk. It is one of its own; see `tests.frozen_disk`."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import struct
import subprocess
import time
import urllib.error
from collections.abc import Iterator
from pathlib import Path

from tests.frozen_disk import frozen
from tests.waiting import wait_until

from .disturbance import Disturbance, table
from .site import Site

DISKS: list[Disturbance] = []
disturbance = table(DISKS)

EXT4_IOC_SHUTDOWN = 0x8004587D  # <linux/ext4.h>: _IOR('X', 125, __u32)
NOLOGFLUSH = 2
"""Write nothing more, not even the journal: what is in memory is lost."""
CHUNK_BYTES = 1 << 20


@disturbance("disk full", needs_disk=True, is_short=True)
def full(site: Site) -> Iterator[None]:
    filler = site.disk / "filler"
    with filler.open("wb") as file:
        for chunk_bytes in (CHUNK_BYTES, 4096):
            try:
                while True:
                    file.write(bytes(chunk_bytes))
                    file.flush()
            except OSError as exc:  # noqa: PERF203
                assert exc.errno == errno.ENOSPC  # noqa: PT017
    wait_until(lambda: not site.is_recording)  # it ends while there is room to finish the file
    yield
    filler.unlink()


@disturbance("disk read-only", needs_disk=True)
def read_only(site: Site) -> Iterator[None]:
    """As the kernel makes it that has found a fault in the file system."""
    _run("mount", "-o", "remount,errors=remount-ro", str(site.disk))
    source = subprocess.check_output(["findmnt", "-n", "-o", "SOURCE", str(site.disk)], text=True)
    Path(f"/sys/fs/ext4/{Path(source.strip()).name}/trigger_fs_error").write_text("1")
    wait_until(lambda: not site.is_recording)
    try:
        site.record("on_a_read_only_disk")
        raise AssertionError("nothing can be recorded there")
    except urllib.error.HTTPError as exc:
        assert exc.code == 507  # noqa: PT017
    yield
    _mount_anew(site)


@disturbance("disk silent", needs_disk=True)
def silent(site: Site) -> Iterator[None]:
    with frozen(site.disk):
        time.sleep(3.0)
        yield


@disturbance("disk unplugged", needs_disk=True)
def unplugged(site: Site) -> Iterator[None]:
    descriptor = os.open(site.disk, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
    finally:
        os.close(descriptor)
    wait_until(lambda: not site.is_recording)
    yield
    _mount_anew(site)


def _mount_anew(site: Site) -> None:
    """Plug in what has reached the disk. It is a copy of that, since the kernel keeps the old one,
    on which files are open, and would give us the same again."""
    image = site.disk.parent / "image_plugged_in_again"
    _run("umount", "-l", str(site.disk))
    shutil.copyfile(site.disk.parent / "image", image)
    subprocess.run(["e2fsck", "-p", str(image)], check=False, stdout=subprocess.DEVNULL)
    _run("mount", "-o", "loop", str(image), str(site.disk))


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
