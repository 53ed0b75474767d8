"""The camera process as its reader sees it."""

from __future__ import annotations

import itertools
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pet_stream.demo.embedded_camera import EmbeddedCamera
from pet_stream.demo.film import PICTURE_HEIGHT, PICTURE_WIDTH, Film
from pet_stream.errors import SegmentError, SourceError
from pet_stream.ingest.camera_stream import Cameras
from pet_stream.ingest.counts import CameraCounts
from pet_stream.ingest.picture_order import PictureOrder
from pet_stream.ingest.ring_reader import Picture, RingReader
from pet_stream.ingest.segment import POSIX_FOLDER, open_segment
from pet_stream.media import ring
from pet_stream.media.access_unit import START_CODE
from pet_stream.media.h264 import is_idr
from tools.film.scene import read_picture_number

from ..footage import decode
from ..waiting import TIMEOUT_S, wait_until

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def camera() -> Iterator[EmbeddedCamera]:
    camera = EmbeddedCamera()
    camera.start()
    yield camera
    camera.stop()
    assert not list(POSIX_FOLDER.glob(f"{camera.ring_name[1:]}*"))


def read_pictures(name: str, count: int) -> list[Picture]:
    """So many in a row."""
    segment = open_segment(name, ring.RING_LAYOUTS)
    try:
        reader = RingReader(segment, PictureOrder(), Cameras(), CameraCounts())
        pictures: list[Picture] = []

        def has_enough() -> bool:
            for picture in reader.poll(is_urgent=False):
                if picture.is_discontinuity:
                    pictures.clear()
                pictures.append(picture)
            return len(pictures) >= count

        wait_until(has_enough)
        return pictures
    finally:
        segment.close()


def test_what_is_in_the_ring_shows_its_own_number(camera: EmbeddedCamera, film: Film) -> None:
    pictures = read_pictures(camera.ring_name, 40)
    first = next(i for i, picture in enumerate(pictures) if is_idr(picture.nal_units))
    pictures = pictures[first:]
    frames = decode(START_CODE + START_CODE.join(picture.nal_units) for picture in pictures)
    for picture, frame in zip(pictures, frames, strict=True):
        luma = frame.planes[0]
        number = read_picture_number(bytes(luma), luma.line_size)
        assert number == picture.header.frame_number % len(film)


def test_pictures_come_in_order_and_in_their_time(camera: EmbeddedCamera) -> None:
    headers = [picture.header for picture in read_pictures(camera.ring_name, 40)]
    numbers = [header.frame_number for header in headers]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    intervals = sorted(b.captured_at_ns - a.captured_at_ns for a, b in itertools.pairwise(headers))
    assert intervals[len(intervals) // 2] in (33_333_333, 33_333_334)
    age_s = (time.monotonic_ns() - headers[-1].captured_at_ns) / 1e9
    assert 0 <= age_s < TIMEOUT_S
    assert {(h.width, h.height, h.camera_id, h.format) for h in headers} == {
        (PICTURE_WIDTH, PICTURE_HEIGHT, 0, ring.FORMAT_H264)
    }


def test_detections_are_those_of_the_picture_they_name(camera: EmbeddedCamera, film: Film) -> None:
    segment = open_segment(camera.detections_name, ring.DETECTIONS_LAYOUTS)

    def read() -> bytes:
        """A whole one: equal twice."""
        first = segment.read(0, ring.FIRST_DETECTIONS_LAYOUT.segment_bytes)
        return (
            first
            if first == segment.read(0, ring.FIRST_DETECTIONS_LAYOUT.segment_bytes)
            else read()
        )

    def version() -> int:
        return int(struct.unpack("=I", read()[ring.FIRST_DETECTIONS_LAYOUT.version_offset :])[0])

    try:
        before = version()
        wait_until(lambda: version() >= before + 30)  # one for each of thirty pictures
        data = read()
    finally:
        segment.close()
    frame_number, seconds, nanoseconds, count = ring.FIRST_DETECTIONS_LAYOUT.header.unpack_from(
        data
    )
    assert abs(time.monotonic() - (seconds + nanoseconds / 1e9)) < TIMEOUT_S
    expected = film[frame_number % len(film)].detections
    assert count == len(expected)
    for index, detection in enumerate(expected):
        offset = ring.FIRST_DETECTIONS_LAYOUT.header.size + index * ring.DETECTION.size
        name, confidence, *box = ring.DETECTION.unpack_from(data, offset)
        assert name.rstrip(b"\0").decode() == detection.class_name
        assert confidence == pytest.approx(detection.confidence)
        assert box == [detection.x, detection.y, detection.width, detection.height]


def test_two_cameras_of_one_process_are_refused(camera: EmbeddedCamera) -> None:
    with pytest.raises(SourceError, match="did not start"):
        EmbeddedCamera().start()
    assert camera.is_running


def test_the_ring_may_be_given_a_name_of_its_own(segment_name: str) -> None:
    longer = POSIX_FOLDER / f"{segment_name[1:]}_of_somebody_else"
    longer.write_bytes(b"kept")
    camera = EmbeddedCamera(segment_name)
    try:
        camera.start()
        assert len(read_pictures(segment_name, 5)) >= 5
        with pytest.raises(SegmentError, match="exists already"):
            EmbeddedCamera(segment_name)
    finally:
        camera.stop()
        left = list(POSIX_FOLDER.glob(f"{segment_name[1:]}*"))
        longer.unlink()
    assert left == [longer]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("/pet_camera_stream", "for the real camera"),
        ("posix:pet_camera_stream_day", "for the real camera"),
        ("sysv:0x7e570001", "only POSIX"),
    ],
)
def test_a_name_that_is_not_the_demos_is_refused(url: str, reason: str) -> None:
    with pytest.raises(SegmentError, match=reason):
        EmbeddedCamera(url)


def test_stop_is_idempotent(camera: EmbeddedCamera) -> None:
    camera.stop()
    camera.stop()
    assert not camera.is_running


PARENT = """
import threading
from pet_stream.demo.embedded_camera import EmbeddedCamera
camera = EmbeddedCamera()
camera.start()
print(camera.ring_name, camera._process.pid, flush=True)
threading.Event().wait()
"""


@pytest.fixture
def parent() -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    """A process that started a camera, the ring's path and the camera's pid."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        text=True,
        cwd=CHECKOUT,
    ) as process:
        try:
            assert process.stdout is not None
            name, pid = process.stdout.readline().split()
            yield process, POSIX_FOLDER / name[1:], int(pid)
        finally:
            process.kill()


def test_the_camera_follows_a_parent_that_was_killed(
    parent: tuple[subprocess.Popen[str], Path, int],
) -> None:
    process, path, pid = parent
    assert path.exists()
    process.kill()
    process.wait()
    wait_until(lambda: not is_running(pid))
    assert not list(path.parent.glob(f"{path.name}*"))


def test_what_a_killed_pair_left_is_removed_by_the_next_one(
    parent: tuple[subprocess.Popen[str], Path, int],
) -> None:
    process, path, pid = parent
    os.kill(pid, signal.SIGKILL)
    process.kill()
    process.wait()
    wait_until(lambda: not is_running(pid))
    assert path.exists()
    camera = EmbeddedCamera()
    camera.start()
    camera.stop()
    assert not list(path.parent.glob(f"{path.name}*"))


def is_running(pid: int) -> bool:
    """Whether the process exists and is not only waiting to be reaped."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
