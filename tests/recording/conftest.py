"""A running event loop, a camera with real footage, and disks that fail in real ways."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.event_loop import EventLoopThread
from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.recorder import Recorder

from ..footage import encode
from ..waiting import TIMEOUT_S
from .playback import GOP, Camera, access_unit

SMALL_DISK_BYTES = 128 * 1024


@pytest.fixture(scope="session")
def pictures() -> list[AccessUnit]:
    encoded = encode(width=320, height=240, fps=30, gop=GOP, pictures=4 * GOP)
    return [access_unit(data) for data in encoded]


@pytest.fixture
def broadcaster() -> Broadcaster:
    return Broadcaster()


@pytest.fixture
def camera(broadcaster: Broadcaster, pictures: list[AccessUnit]) -> Camera:
    return Camera(broadcaster, pictures)


@pytest.fixture
def event_loop() -> Iterator[EventLoopThread]:
    event_loop = EventLoopThread("test")
    event_loop.start()
    yield event_loop
    event_loop.stop()


@pytest.fixture
def make_recorder(
    event_loop: EventLoopThread, broadcaster: Broadcaster, camera: Camera, tmp_path: Path
) -> Iterator[Callable[..., Recorder]]:
    """Recorders into `tmp_path/recordings`, on the clock of `camera`, and patient; each is
    closed after the test, and listens to the broadcaster no longer."""
    patience = {"open_wait_s": TIMEOUT_S, "disk_timeout_s": TIMEOUT_S}
    made: list[Recorder] = []

    def make(folder: Path = tmp_path / "recordings", **options: object) -> Recorder:
        recorder = Recorder(
            broadcaster=broadcaster,
            folder=folder,
            **{  # type: ignore[arg-type]
                "file_format": "h264",
                "clock_ns": lambda: camera.clock_ns,
                **patience,
                **options,
            },
        )
        made.append(recorder)
        return recorder

    yield make
    for recorder in made:
        event_loop.call(recorder.close(), TIMEOUT_S)
    assert "recorder" not in {subscription.name for subscription in broadcaster.subscriptions}


@pytest.fixture
def recorder(make_recorder: Callable[..., Recorder]) -> Recorder:
    return make_recorder()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder that takes 128 KiB: a file system of that size, else a limit on each file."""
    folder = tmp_path / "small"
    folder.mkdir()
    with (
        mounted(folder, f"size={SMALL_DISK_BYTES}") as is_mounted,
        contextlib.nullcontext() if is_mounted else _file_size_limit(SMALL_DISK_BYTES),
    ):
        yield folder


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder in which files can be made, but not filled."""
    folder = tmp_path / "full"
    folder.mkdir()
    with mounted(folder, "size=4096") as is_mounted:
        if is_mounted:
            (folder / "filler").write_bytes(bytes(4096))
        with contextlib.nullcontext() if is_mounted else _file_size_limit(0):
            yield folder


@pytest.fixture
def read_only_folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "read_only"
    folder.mkdir()
    with mounted(folder, "ro,size=4096") as is_mounted:
        if not is_mounted:
            folder.chmod(0o555)
        yield folder


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[bool]:
    """An empty file system on `folder`; False if this user may not mount one."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    is_mounted = os.geteuid() == 0 and not subprocess.run(command, check=False).returncode
    yield is_mounted
    if is_mounted:
        subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def _file_size_limit(limit_bytes: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
