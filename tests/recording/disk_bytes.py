"""What recording writes to a disk, measured: `python -m tests.recording.disk_bytes`.

Records 2 Mbit/s in real time to an ext4 file system of its own on a loop device, makes the
thumbnail, and compares the bytes of the H.264 with those that the process wrote and those that the
device was given, journal and metadata included. As root only. `--sync` tries another time between
two syncs than the default.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pet_stream.broadcaster import Broadcaster
from pet_stream.event_loop import EventLoopThread
from pet_stream.library.archive import Archive
from pet_stream.library.library import Library
from pet_stream.library.retention import Retention
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings

from ..footage import encode
from ..waiting import TIMEOUT_S
from .playback import GOP, Camera, access_unit

DISK_BYTES = 512 * 1024 * 1024
BIT_RATE = 2_000_000
SECTOR_BYTES = 512


@contextmanager
def mounted_disk(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Where it is mounted, and the device's counters."""
    image, mount_point = folder / "image", folder / "disk"
    mount_point.mkdir()
    with image.open("wb") as file:
        file.truncate(DISK_BYTES)
    # all of it at once, or the kernel would write inode tables during the measurement
    initialize = "lazy_itable_init=0,lazy_journal_init=0"
    subprocess.run(["mkfs.ext4", "-q", "-E", initialize, str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(mount_point)], check=True)
    try:
        device = os.stat(mount_point).st_dev
        yield mount_point, Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat")
    finally:
        subprocess.run(["umount", str(mount_point)], check=True)


def record(folder: Path, seconds: float, settings: RecorderSettings) -> int:
    """Record for so long; the bytes of the H.264."""
    library = Library(folder)
    archive = Archive(library, Retention(), "bytes")
    archive.start()
    broadcaster = Broadcaster()
    encoded = encode(640, 360, bit_rate=BIT_RATE, pictures=20 * GOP)
    camera = Camera(broadcaster, [access_unit(data) for data in encoded])
    event_loop = EventLoopThread("bytes")
    event_loop.start()
    recorder = Recorder(
        broadcaster=broadcaster,
        folder=folder,
        file_format="mp4",
        settings=settings,
        claim=archive.claim,
    )
    event_loop.call(recorder.start("cat"), TIMEOUT_S)
    h264_bytes = count = 0
    begun, pause = time.monotonic(), threading.Event()
    while (elapsed := time.monotonic() - begun) < seconds:
        units = camera.publish(int(elapsed * 30) - count)
        count += len(units)
        h264_bytes += sum(len(unit.to_annex_b()) for unit in units)
        pause.wait(1 / 30)
    event_loop.call(recorder.stop(), TIMEOUT_S)
    archive.thumbnails.path_of("cat.mp4")
    archive.stop()
    event_loop.stop()
    return h264_bytes


def _process_bytes() -> tuple[int, int]:
    """What write() and its like were given, and what that made dirty."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["wchar"]), int(fields["write_bytes"])


def _device_bytes(counters: Path) -> int:
    os.sync()
    return int(counters.read_text().split()[6]) * SECTOR_BYTES


def main(seconds: float, settings: RecorderSettings) -> None:
    with tempfile.TemporaryDirectory() as name, mounted_disk(Path(name)) as (folder, counters):
        encode(640, 360, bit_rate=BIT_RATE, pictures=20 * GOP)  # kept; not part of it
        device_before, (given_before, dirty_before) = _device_bytes(counters), _process_bytes()
        h264_bytes = record(folder, seconds, settings)
        given, dirty = _process_bytes()
        device = _device_bytes(counters) - device_before
        sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
    print(
        f"H.264: {h264_bytes} bytes in {seconds:g} s, {h264_bytes * 8 / seconds / 1e6:.2f} Mbit/s"
    )
    print(f"files: {sizes}")
    for what, count in (
        ("file", sizes["cat.mp4"]),
        ("write() and pwrite()", given - given_before),
        ("pages made dirty", dirty - dirty_before),
        ("device, journal and metadata included", device),
    ):
        print(f"{what}: {count} bytes, {count / h264_bytes:.4f} x H.264")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=100)
    parser.add_argument("--sync", type=float, default=RecorderSettings().sync_s)
    arguments = parser.parse_args()
    main(arguments.seconds, RecorderSettings(sync_s=arguments.sync))
