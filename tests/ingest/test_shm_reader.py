"""The camera thread through everything that a camera daemon does to it."""

import logging
import os
import threading
from pathlib import Path

import pytest

from pet_stream.broadcaster import Broadcaster
from pet_stream.ingest.ring_reader import Picture, RingReader
from pet_stream.ingest.shm_reader import ShmReader
from tests.camera.camera import Camera
from tests.waiting import TIMEOUT_S, wait_until

from .audience import assert_decodable, audience


@pytest.mark.parametrize("is_urgent", [True, False])
def test_publishes_every_access_unit_from_the_first_idr_on(
    segment_name: str, is_urgent: bool
) -> None:
    with (
        audience(segment_name, is_urgent=is_urgent) as listener,
        Camera(segment_name, hold=True) as camera,
    ):
        listener.read_along(camera, 40)
    assert_decodable(listener.units)
    assert listener.frame_numbers == list(range(len(listener.units)))
    unit = listener.units[0]
    assert (unit.width, unit.height) == (1280, 720)
    assert [nal_unit[0] & 31 for nal_unit in unit.nal_units[:2]] == [7, 8]


@pytest.mark.parametrize("layout", ["first", "six-slots"])
def test_reads_system_v_segments_too(sysv_key: int, layout: str) -> None:
    url = f"sysv:{sysv_key:#x}"
    with audience(url) as listener, Camera(url, layout=layout):
        listener.wait_for_more(20)
    assert_decodable(listener.units)


def test_every_idr_gets_the_parameter_sets_that_the_camera_sent_once(segment_name: str) -> None:
    with (
        audience(segment_name) as listener,
        Camera(segment_name, headers_every=0, hold=True) as camera,
    ):
        listener.read_along(camera, 60)
    idrs = [unit for unit in listener.units if unit.is_idr]
    assert len(idrs) >= 4
    for unit in idrs:
        assert [n[0] & 31 for n in unit.nal_units].count(7) == 1
        assert [n[0] & 31 for n in unit.nal_units].count(8) == 1


@pytest.mark.parametrize("clock", ["monotonic", "realtime"])
def test_latency_is_a_true_number_on_either_clock(segment_name: str, clock: str) -> None:
    with (
        audience(segment_name) as listener,
        Camera(segment_name, clock=clock, encode_delay_ms=30),
    ):
        listener.wait_for_more(30)
        assert listener.reader.status.clock == clock
        assert 29 < listener.reader.counts.frame_latency_ms < TIMEOUT_S * 1000


def test_a_missing_camera_is_waited_for(
    segment_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), audience(segment_name) as listener:
        listener.wait_until(lambda: listener.reader.counts.read_errors >= 3)
        status = listener.reader.status
        assert status.state == "offline"
        assert segment_name in status.reason
        with Camera(segment_name):
            listener.wait_for_more()
            listener.wait_until(lambda: listener.reader.status.state == "live")
            assert listener.reader.status.reason == ""
            warnings = [r for r in caplog.records if "there is no shared memory" in r.message]
            assert len(warnings) == 1


@pytest.mark.parametrize("size", [0, 7, 4096, 93_313_447])
def test_a_segment_that_is_too_small_is_waited_out(segment_name: str, size: int) -> None:
    path = Path("/dev/shm") / segment_name.lstrip("/")
    with path.open("wb") as file:
        file.truncate(size)
    try:
        with audience(segment_name) as listener:
            listener.wait_until(lambda: listener.reader.counts.read_errors >= 2)
            assert listener.reader.status.state == "offline"
            assert str(size) in listener.reader.status.reason
            path.unlink()
            with Camera(segment_name):
                listener.wait_for_more()
    finally:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("size", [93_313_448, 18_662_976])
def test_a_foreign_segment_gives_nothing_and_does_no_harm(segment_name: str, size: int) -> None:
    path = Path("/dev/shm") / segment_name.lstrip("/")
    path.write_bytes(b"\xa5" * size)
    try:
        with audience(segment_name) as listener:
            listener.wait_until(lambda: listener.reader.counts.invalid_headers_skipped > 0)
            listener.wait_until(lambda: listener.reader.status.state == "waiting")
    finally:
        path.unlink()
    assert listener.units == []


RESTARTS = ["restart-unlink", "restart-unlink 700", "restart-inplace", "truncate 100000"]


@pytest.mark.slow
@pytest.mark.parametrize("restart", RESTARTS)
def test_every_kind_of_restart_is_followed(segment_name: str, restart: str) -> None:
    with audience(segment_name) as listener, Camera(segment_name) as camera:
        listener.wait_for_more()
        before = len(listener.units)
        camera.command(restart)
        if restart.startswith("truncate"):
            listener.wait_until(lambda: listener.reader.status.state == "offline")
            camera.command("restart-unlink")
        listener.wait_until(lambda: any(u.is_discontinuity for u in listener.units[before:]))
        listener.wait_for_more()
    assert_decodable(listener.units)


def test_a_camera_change_waits_for_the_other_cameras_idr(segment_name: str) -> None:
    with audience(segment_name) as listener, Camera(segment_name) as camera:
        listener.wait_for_more(30)
        camera.command("camera 1")
        listener.wait_until(lambda: any(unit.camera_id == 1 for unit in listener.units))
        listener.wait_for_more()
    assert_decodable(listener.units)
    first = next(unit for unit in listener.units if unit.camera_id == 1)
    assert first.is_idr
    assert first.is_discontinuity


@pytest.mark.slow
def test_a_stalled_camera_is_said_to_be_stalled(segment_name: str) -> None:
    with audience(segment_name) as listener, Camera(segment_name, hold=True) as camera:
        listener.read_along(camera, 20)
        listener.wait_until(lambda: listener.reader.status.state == "stalled")
        assert "no new picture" in listener.reader.status.reason
        listener.wait_until(lambda: listener.broadcaster.gop == ())
        camera.command("start")
        listener.wait_until(lambda: listener.reader.status.state == "live")
        listener.wait_for_more()
    assert_decodable(listener.units)


@pytest.mark.slow
def test_two_pictures_a_second_keep_their_times(segment_name: str) -> None:
    with audience(segment_name) as listener, Camera(segment_name, fps=4, gop=4) as camera:
        listener.wait_for_more(8)
        listener.wait_until(lambda: listener.reader.status.state == "live")
    captured_ns = {row.frame_number: row.capture_ns for row in camera.log().pictures}
    for unit in listener.units:
        assert unit.pts_90k == pytest.approx(captured_ns[unit.frame_number] * 9 / 1e5, abs=50)


def test_starting_and_stopping_twice_is_harmless(segment_name: str) -> None:
    reader = ShmReader(segment_name, Broadcaster(), "test")
    reader.stop()
    for _ in range(2):
        reader.start()
        reader.start()
        assert sum(t.name == "test-camera" for t in threading.enumerate()) == 1
        reader.stop()
        reader.stop()
    assert not any(t.name == "test-camera" for t in threading.enumerate())


def test_many_who_come_and_go_cost_one_look(segment_name: str) -> None:
    reader = ShmReader(segment_name, Broadcaster(), "test")
    for _ in range(10_000):
        reader.wake()
    reader.start()
    try:
        wait_until(lambda: reader.counts.read_errors >= 3)
    finally:
        reader.stop()
    assert reader.counts.read_errors < 20, "each look finds no camera"


def test_what_fails_again_and_again_is_counted_and_logged_once(
    segment_name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_reader: RingReader, *, is_urgent: bool) -> list[Picture]:
        raise ZeroDivisionError

    monkeypatch.setattr(RingReader, "poll", fail)
    with Camera(segment_name, count=1), audience(segment_name) as listener:
        listener.wait_until(lambda: listener.reader.counts.read_errors >= 3)
        assert listener.reader.status.reason.code == "read_failed"
    assert [record.exc_info is not None for record in caplog.records].count(True) == 1


def test_an_attempt_that_fails_keeps_no_descriptor(
    segment_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_reader: RingReader, _index: int) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(RingReader, "_begin", fail)
    with Camera(segment_name, count=1), audience(segment_name) as listener:
        listener.wait_until(lambda: listener.reader.counts.read_errors >= 3)
        listener.reader.stop()
        assert segment_name not in "\n".join(open_files())


def open_files() -> list[str]:
    return [os.readlink(link) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
