"""Several cameras in one ring: each has a stream of its own, and at most eight are remembered."""

import pytest

from pet_stream.errors import BitstreamError
from pet_stream.ingest.camera_stream import Cameras, SlotCopy
from pet_stream.media.h264.continuity import Continuity

from .test_camera_stream import IDR, PPS, SPS, P, slot_copy

FIRST, NEXT, GAP, UNKNOWN = Continuity
CAMERAS = 8


def deliver(cameras: Cameras, copy: SlotCopy) -> Continuity:
    expected = cameras.check(copy)
    _, continuity = cameras.advance(copy)
    assert continuity is expected, "what was announced"
    return continuity


def knows_parameter_sets(cameras: Cameras, camera_id: int) -> bool:
    return cameras.parse(slot_copy(IDR, camera_id=camera_id)).sps is not None


def test_a_picture_follows_one_of_its_own_camera_only() -> None:
    cameras = Cameras()
    assert deliver(cameras, slot_copy(SPS, PPS, IDR)) is FIRST
    assert deliver(cameras, slot_copy(P)) is NEXT
    assert deliver(cameras, slot_copy(SPS, PPS, IDR, camera_id=1)) is FIRST
    assert deliver(cameras, slot_copy(P, camera_id=1)) is NEXT
    assert deliver(cameras, slot_copy(IDR)) is FIRST
    cameras.reset()
    assert deliver(cameras, slot_copy(P)) is FIRST


def test_parameter_sets_that_came_once_outlast_another_camera_and_a_reset() -> None:
    cameras = Cameras()
    deliver(cameras, slot_copy(SPS, PPS, IDR))
    deliver(cameras, slot_copy(IDR, camera_id=1))
    cameras.reset()
    assert knows_parameter_sets(cameras, 0)
    assert not knows_parameter_sets(cameras, 1)


def test_eight_cameras_are_remembered() -> None:
    cameras = Cameras()
    for camera_id in range(CAMERAS):
        deliver(cameras, slot_copy(SPS, PPS, IDR, camera_id=camera_id))
    assert all(knows_parameter_sets(cameras, camera_id) for camera_id in range(CAMERAS))
    deliver(cameras, slot_copy(SPS, PPS, IDR, camera_id=CAMERAS))
    assert knows_parameter_sets(cameras, CAMERAS)
    assert not knows_parameter_sets(cameras, 0)


def test_copies_that_are_not_delivered_push_no_camera_out() -> None:
    """Behind a relay a header may be half another's, with any camera in it."""
    cameras = Cameras()
    deliver(cameras, slot_copy(SPS, PPS, IDR))
    for camera_id in range(1, 10 * CAMERAS):
        assert cameras.check(slot_copy(SPS, PPS, IDR, camera_id=camera_id)) is FIRST
        with pytest.raises(BitstreamError):
            cameras.check(slot_copy(b"\x41", camera_id=camera_id))
    assert deliver(cameras, slot_copy(P)) is NEXT


def test_skipped_numbers_are_those_between_two_pictures_of_one_camera() -> None:
    cameras = Cameras()
    assert cameras.skipped_frame_numbers(slot_copy(IDR, number=9).header) == 0
    deliver(cameras, slot_copy(SPS, PPS, IDR, number=10))
    skipped = {n: cameras.skipped_frame_numbers(slot_copy(P, number=n).header) for n in (9, 11, 14)}
    assert skipped == {9: -2, 11: 0, 14: 3}
    assert cameras.skipped_frame_numbers(slot_copy(P, number=5, camera_id=1).header) == 0
