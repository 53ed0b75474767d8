"""A recording knows whether pictures come, and what is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest

from pet_stream.event_loop import EventLoopThread
from pet_stream.recording.recorder import Recorder
from pet_stream.recording.settings import RecorderSettings
from pet_stream.recording.status import PAUSED, RecordingStatus

from ..waiting import TIMEOUT_S, wait_until
from .playback import FRAME_NS, GOP, Camera

SECOND = 1_000_000_000
MakeRecorder = Callable[..., Recorder]
Call = Callable[[Coroutine[Any, Any, RecordingStatus]], RecordingStatus]


@dataclass
class Eye:
    """In the place of the camera's status."""

    is_live: bool = True


@pytest.fixture
def eye() -> Eye:
    return Eye()


@pytest.fixture
def recorder(make_recorder: MakeRecorder, eye: Eye) -> Recorder:
    return make_recorder(is_live=lambda: eye.is_live)


@pytest.fixture
def call(event_loop: EventLoopThread) -> Call:
    return lambda coroutine: event_loop.call(coroutine, TIMEOUT_S)


def told(status: RecordingStatus) -> tuple[bool, bool, bool]:
    return status.is_recording, status.is_receiving, status.is_waiting


def missing(status: RecordingStatus) -> tuple[int, int]:
    return status.gap_count, status.missing_ms


def silence(camera: Camera, eye: Eye, seconds: float) -> None:
    eye.is_live = False
    camera.clock_ns += round(seconds * SECOND)


def test_while_pictures_come_nothing_is_missing(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    camera.publish(20)
    assert told(call(recorder.start())) == (True, True, False)
    camera.publish(20)
    assert told(recorder.status) == (True, True, False)
    assert recorder.status.silent_s is None
    stopped = call(recorder.stop())
    assert told(stopped) == (False, False, False)
    assert (missing(stopped), stopped.silent_s) == ((0, 0), None)


def test_a_silence_is_told_while_it_lasts_and_is_a_gap_afterwards(
    recorder: Recorder, camera: Camera, eye: Eye, call: Call
) -> None:
    camera.publish(20)
    call(recorder.start())
    camera.publish(20)
    silence(camera, eye, 12 - FRAME_NS / SECOND)
    assert told(recorder.status) == (True, False, False)
    assert recorder.status.silent_s == pytest.approx(12)
    assert missing(recorder.status) == (1, 12_000)

    eye.is_live = True
    camera.lose_to_idr()
    camera.publish(20)
    assert told(recorder.status) == (True, True, False)
    assert missing(recorder.status) == (1, 12_000), "it is not in the file yet"
    wait_until(lambda: recorder.status.missing_ms > 12_000)
    stopped = call(recorder.stop())
    gap_ms = 12_000 + missing_to_idr_ms(20)
    assert stopped.gap_count == 1
    assert stopped.missing_ms == pytest.approx(gap_ms, abs=2)


def missing_to_idr_ms(published: int) -> float:
    return (GOP - 2 * published % GOP) * FRAME_NS / 1e6


def test_one_started_with_a_dead_camera_waits_though_its_file_has_pre_roll(
    make_recorder: MakeRecorder, camera: Camera, eye: Eye, call: Call
) -> None:
    settings = RecorderSettings(preroll_s=10)
    recorder = make_recorder(is_live=lambda: eye.is_live, settings=settings)
    camera.publish(GOP)
    silence(camera, eye, 5)
    started = call(recorder.start())
    assert told(started) == (True, False, True)
    wait_until(lambda: recorder.status.frame_count == GOP)
    camera.clock_ns += 3 * SECOND
    assert told(recorder.status) == (True, False, True)
    assert recorder.status.silent_s == pytest.approx(3)  # since its start
    assert missing(recorder.status) == (1, 3000)

    eye.is_live = True
    camera.publish(GOP)
    assert told(recorder.status) == (True, True, False)
    stopped = call(recorder.stop())
    assert stopped.frame_count == 2 * GOP
    assert missing(stopped) == (1, 3000), "what was missing before its start is not counted"


def test_without_a_picture_there_is_nothing_to_miss_yet(
    recorder: Recorder, camera: Camera, eye: Eye, call: Call
) -> None:
    eye.is_live = False
    assert told(call(recorder.start())) == (True, False, True)
    silence(camera, eye, 20)
    assert told(recorder.status) == (True, False, True)
    assert recorder.status.silent_s == pytest.approx(20)
    assert missing(recorder.status) == (0, 0)
    eye.is_live = True
    camera.publish(GOP)
    assert told(recorder.status) == (True, True, False)
    assert missing(call(recorder.stop())) == (0, 0)


def test_a_camera_that_is_live_but_sends_nothing_to_begin_with_is_waited_for(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    call(recorder.start())
    assert told(recorder.status) == (True, False, True)
    camera.lose_to_idr()
    camera.publish(1)
    assert told(recorder.status) == (True, True, False)


def test_the_silence_at_the_end_is_missing_too(
    recorder: Recorder, camera: Camera, eye: Eye, call: Call
) -> None:
    camera.publish(20)
    call(recorder.start())
    camera.publish(20)
    silence(camera, eye, 8 - FRAME_NS / SECOND)
    stopped = call(recorder.stop())
    assert told(stopped) == (False, False, False)
    camera.clock_ns += 60 * SECOND
    for status in (stopped, recorder.status):
        assert (missing(status), status.silent_s) == ((1, 8000), None)


@pytest.mark.parametrize("silent_s", [0.2, 0.9])
def test_that_it_was_ended_at_once_leaves_no_gap(
    recorder: Recorder,
    camera: Camera,
    eye: Eye,
    call: Call,
    event_loop: EventLoopThread,
    silent_s: float,
) -> None:
    """A pause, or a camera whose segment has just been removed."""
    camera.publish(20)
    call(recorder.start())
    camera.publish(20)
    silence(camera, eye, silent_s)
    event_loop.call_soon(recorder.interrupt, PAUSED)
    wait_until(lambda: not recorder.status.is_recording)
    assert missing(recorder.status) == (0, 0)


def test_a_slow_camera_has_no_gaps(make_recorder: MakeRecorder, camera: Camera, call: Call) -> None:
    recorder = make_recorder(settings=RecorderSettings(queue_s=1000))
    camera.publish(GOP)
    call(recorder.start())
    for _ in range(2 * GOP):
        camera.clock_ns += 3 * SECOND
        camera.publish(1)
    stopped = call(recorder.stop())
    assert stopped.frame_count == 3 * GOP
    assert stopped.gap_count <= 4  # until it is known that it has become slow
    camera.clock_ns += 60 * SECOND
    call(recorder.start())
    for _ in range(GOP):
        camera.publish(1)
        camera.clock_ns += 3 * SECOND
    assert missing(call(recorder.stop())) == (0, 0)


def test_its_length_does_not_count_while_it_waits(
    make_recorder: MakeRecorder, camera: Camera, eye: Eye, call: Call
) -> None:
    settings = RecorderSettings(preroll_s=10, max_duration_s=0.05)
    recorder = make_recorder(is_live=lambda: eye.is_live, settings=settings)
    camera.publish(GOP)
    eye.is_live = False
    call(recorder.start())
    recorded = threading.Event()
    assert not recorded.wait(0.3)
    assert told(recorder.status) == (True, False, True)
    eye.is_live = True
    camera.publish(GOP)
    wait_until(lambda: not recorder.status.is_recording)
    assert recorder.status.stop_reason is not None
    assert recorder.status.stop_reason.code == "duration"


def test_each_recording_has_an_id_of_its_own(
    recorder: Recorder, camera: Camera, call: Call
) -> None:
    assert recorder.status.recording_id is None
    camera.publish(20)
    first = call(recorder.start()).recording_id
    assert first is not None
    assert call(recorder.stop()).recording_id == recorder.status.recording_id == first
    assert call(recorder.start()).recording_id != first


def test_nothing_is_recording_once_its_writer_has_finished(
    recorder: Recorder, camera: Camera, call: Call, event_loop: EventLoopThread
) -> None:
    """Whether the event loop knows that or not: it may be stuck."""
    camera.publish(20)
    call(recorder.start())
    camera.publish(20)
    goes_on = threading.Event()
    event_loop.call_soon(recorder.interrupt, PAUSED)
    event_loop.call_soon(goes_on.wait, TIMEOUT_S)
    try:
        wait_until(lambda: not recorder.status.is_recording)
        status = recorder.status
        assert (status.stop_reason, status.has_failed) == (PAUSED, False)
        assert status.stopped_at is not None
        assert [path.is_file() for path in status.paths] == [True]
    finally:
        goes_on.set()
    assert call(recorder.start()).is_recording
