"""Behind a relay: pictures out of the active camera's own ring."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pet_stream.ingest.source_urls import SourceUrls, source_urls
from pet_stream.media.access_unit import AccessUnit
from tests.camera.camera import Camera

from .audience import Audience, assert_decodable, audience

DAY, NIGHT = 0, 1
RELAY: dict[str, float] = {"relay": True, "swap_rates": True, "relay_rate": 606}
LIVE_AGAIN_S = 3.0


@contextmanager
def following(segment: str, **options: object) -> Iterator[tuple[Audience, Camera]]:
    """A reader that has found the active camera's own ring, and the daemons."""
    sources = SourceUrls.usual(segment)
    with (
        audience(segment, sources=sources) as listener,
        Camera(segment, **{**RELAY, **options}) as camera,  # type: ignore[arg-type]
    ):
        listener.wait_until(lambda: listener.reader.status.source != segment)
        listener.wait_until(lambda: listener.reader.status.source is not None)
        listener.wait_for_more(5)
        yield listener, camera


def ring_of(segment: str, camera_id: int) -> str:
    return source_urls(segment)[camera_id]


def last(listener: Audience) -> AccessUnit:
    return listener.units[-1]


@pytest.mark.parametrize("is_urgent", [True, False])
@pytest.mark.parametrize("relay_rate", [0, 606, 60])
def test_each_picture_comes_once_from_the_camera_itself(
    segment_name: str, relay_rate: int, is_urgent: bool
) -> None:
    sources = SourceUrls(source_urls(segment_name))
    with (
        audience(segment_name, is_urgent=is_urgent, sources=sources) as listener,
        Camera(segment_name, **{**RELAY, "relay_rate": relay_rate}),
    ):
        day = ring_of(segment_name, DAY)
        listener.wait_until(lambda: listener.reader.status.source == day)
        listener.wait_for_more(30)
    assert_decodable(listener.units)
    numbers = listener.frame_numbers
    assert numbers[-30:] == list(range(numbers[-30], numbers[-30] + 30))
    assert listener.reader.status.relay_fault == ""


def test_nobody_waits_for_an_idr_when_reading_goes_on_in_another_ring(segment_name: str) -> None:
    ring = Path("/dev/shm") / ring_of(segment_name, DAY).lstrip("/")
    away = ring.with_name(f"{ring.name}_away")
    day = ring_of(segment_name, DAY)
    with following(segment_name) as (listener, _):
        for _ in range(5):
            ring.rename(away)  # which ends reading there: another file may have its name
            listener.wait_until(lambda: listener.reader.status.source == segment_name)
            listener.wait_for_more(30)
            begun, missed = len(listener.units), missed_behind_relay(listener)
            away.rename(ring)
            listener.wait_until(lambda: listener.reader.status.source == day)
            listener.wait_for_more(20)
            if missed_behind_relay(listener) == missed:  # the relay was not starved just then
                break
        else:
            pytest.fail("this machine is too busy to read a relay for a second")
    numbers = listener.frame_numbers[begun:]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert not any(unit.is_discontinuity for unit in listener.units[begun:])


def missed_behind_relay(listener: Audience) -> tuple[int, int]:
    return listener.reader.counts.frames_missed, listener.reader.counts.stale_skipped


SLOW_RATES = [pytest.param(rate, marks=pytest.mark.slow) for rate in (0, 60)]


@pytest.mark.parametrize("relay_rate", [606, *SLOW_RATES])
def test_a_switch_goes_on_with_the_other_cameras_idr(segment_name: str, relay_rate: int) -> None:
    with following(segment_name, relay_rate=relay_rate) as (listener, camera):
        for active in (NIGHT, DAY, NIGHT):
            camera.command(f"camera {active}")
            switched_ns = time.monotonic_ns()
            listener.wait_until(lambda: last(listener).camera_id == active)  # noqa: B023
            listener.wait_for_more(20)
            others = [u for u in listener.units if u.camera_id != active]
            # a picture that was already on its way; after that the other one has two a second
            assert others[-1].capture_ns < switched_ns + 50_000_000
        assert listener.reader.status.source == ring_of(segment_name, NIGHT)
    assert_decodable(listener.units)
    changes = [
        unit
        for before, unit in zip(listener.units, listener.units[1:], strict=False)
        if unit.camera_id != before.camera_id
    ]
    assert [unit.camera_id for unit in changes] == [NIGHT, DAY, NIGHT]
    assert all(unit.is_idr and unit.is_discontinuity for unit in changes)


def test_which_ring_is_whose_is_known_from_the_headers(segment_name: str) -> None:
    sources = SourceUrls(tuple(reversed(source_urls(segment_name))))
    with audience(segment_name, sources=sources) as listener, Camera(segment_name, **RELAY):
        day = ring_of(segment_name, DAY)
        listener.wait_until(lambda: listener.reader.status.source == day)


def test_without_rings_of_their_own_the_relay_is_read(segment_name: str) -> None:
    with audience(segment_name) as listener, Camera(segment_name, **RELAY):
        listener.wait_for_more(40)
        assert listener.reader.status.source == segment_name
        assert listener.reader.status.relay_fault == ""


def test_rings_that_somebody_named_are_missed(segment_name: str) -> None:
    sources = SourceUrls((f"{segment_name}_elsewhere",))
    with audience(segment_name, sources=sources) as listener, Camera(segment_name, **RELAY):
        listener.wait_until(lambda: listener.reader.status.relay_fault != "")
        assert f"{segment_name}_elsewhere" in listener.reader.status.relay_fault
        assert listener.reader.status.relay_fault.code == "no_source"
        listener.wait_for_more()


def test_a_ring_that_is_removed_is_done_without_and_found_again(segment_name: str) -> None:
    with following(segment_name) as (listener, camera):
        camera.command(f"unlink-camera {DAY}")
        listener.wait_until(lambda: listener.reader.status.source == segment_name)
        listener.wait_until(lambda: listener.reader.status.relay_fault != "")
        listener.wait_for_more()
        camera.command(f"restart-camera {DAY}")
        day = ring_of(segment_name, DAY)
        listener.wait_until(lambda: listener.reader.status.source == day)
        listener.wait_for_more()
        assert listener.reader.status.relay_fault == ""
    assert_decodable(listener.units)


def test_a_foreign_ring_is_not_believed(segment_name: str) -> None:
    with following(segment_name) as (listener, camera):
        path = Path("/dev/shm") / ring_of(segment_name, DAY).lstrip("/")
        camera.command(f"unlink-camera {DAY}")
        path.write_bytes(b"\xa5" * 93_313_448)
        listener.wait_until(lambda: listener.reader.status.relay_fault != "")
        assert "does not hold what the relay shows" in listener.reader.status.relay_fault
        listener.wait_for_more()
        assert listener.reader.status.source == segment_name
        path.unlink()
    assert_decodable(listener.units)


RESTARTS = {
    "the camera": (f"restart-camera {DAY}",),
    "the switcher": ("restart-unlink",),
    "the switcher, away for a while": ("restart-unlink 700",),
    "the switcher, in place": ("restart-inplace",),
    "the switcher, then the camera": ("restart-unlink", f"restart-camera {DAY}"),
    "the camera, then the switcher": (f"restart-camera {DAY}", "restart-unlink"),
    "both cameras": (f"restart-camera {DAY}", f"restart-camera {NIGHT}"),
}


@pytest.mark.slow
@pytest.mark.parametrize("commands", RESTARTS.values(), ids=RESTARTS.keys())
def test_every_restart_is_followed(segment_name: str, commands: tuple[str, ...]) -> None:
    with following(segment_name) as (listener, camera):
        for command in commands:
            camera.command(command)
        ended_s = time.monotonic()
        day = ring_of(segment_name, DAY)
        listener.wait_for_more(10)
        listener.wait_until(lambda: listener.reader.status.source == day)
        assert time.monotonic() - ended_s < LIVE_AGAIN_S
        assert listener.reader.status.state == "live"
        listener.wait_for_more()
    assert_decodable(listener.units)


def test_a_switcher_that_is_gone_leaves_the_last_camera_live(segment_name: str) -> None:
    with following(segment_name) as (listener, camera):
        camera.command("truncate 100000")
        listener.wait_for_more(40)
        assert listener.reader.status.state == "live"
        assert listener.reader.status.source == ring_of(segment_name, DAY)
    assert_decodable(listener.units)


@pytest.mark.slow
def test_a_camera_that_stands_still_is_said_to_be_stalled(segment_name: str) -> None:
    with following(segment_name) as (listener, camera):
        camera.command(f"stall-camera {DAY}")
        listener.wait_until(lambda: listener.reader.status.state == "stalled")
        camera.command(f"camera {NIGHT}")
        listener.wait_until(lambda: last(listener).camera_id == NIGHT)
        assert listener.reader.status.state == "live"
    assert_decodable(listener.units)


def test_a_switch_to_a_camera_that_is_dead_is_no_dead_end(segment_name: str) -> None:
    with following(segment_name) as (listener, camera):
        camera.command(f"stall-camera {NIGHT}")
        camera.command(f"camera {NIGHT}")
        night = ring_of(segment_name, NIGHT)
        listener.wait_until(lambda: listener.reader.status.source == night)
        seen = len(listener.units)
        camera.command(f"camera {DAY}")
        listener.wait_until(lambda: len(listener.units) > seen and last(listener).camera_id == DAY)
        listener.wait_for_more()
    assert_decodable(listener.units)
