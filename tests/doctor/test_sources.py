"""What the doctor says of a relay."""

from __future__ import annotations

from pet_stream.doctor.diagnosis import diagnose_camera
from pet_stream.doctor.finding import Finding, Level
from tests.camera.camera import Camera

WATCH_S = 1.5
RELAY: dict[str, float] = {"relay": True, "relay_rate": 606}


def finding_of(segment: str) -> Finding:
    return next(f for f in diagnose_camera(segment, WATCH_S) if f.check == "relay")


def test_the_cameras_own_ring_is_found(segment_name: str) -> None:
    with Camera(segment_name, **RELAY):
        finding = finding_of(segment_name)
    assert finding.level is Level.OK
    assert f"{segment_name}_day" in finding.message


def test_a_relay_without_its_rings_is_said(segment_name: str) -> None:
    elsewhere = {"day": f"{segment_name}_a", "night": f"{segment_name}_b"}
    with Camera(segment_name, **RELAY, **elsewhere):
        finding = finding_of(segment_name)
    assert finding.level is Level.WARNING
    assert f"{segment_name}_day" in finding.message
    assert "PET_STREAM_SOURCES" in finding.advice
