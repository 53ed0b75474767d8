from __future__ import annotations

from dataclasses import replace
from typing import Any

from pet_stream.camera_status import CameraState, CameraStatus
from pet_stream.hooks.changes import START_GRACE_S, Changes, Known, Viewer, ended
from pet_stream.reason import Reason
from pet_stream.recording.interruption import Interruption
from pet_stream.recording.status import RecordingStatus

CAMERA = CameraStatus(
    state="live",
    reason=Reason("", ""),
    segment="posix:/x",
    picture_age_s=0.0,
    fps=30.0,
    has_parameter_sets=True,
    video=None,
    clock="monotonic",
    is_relayed=False,
)
IDLE = Known(camera=CAMERA, recording=RecordingStatus(), viewers={})
RUNNING = RecordingStatus(recording_id="a", is_recording=True, has_file=True, filename="cat.mp4")


def camera(state: CameraState) -> Known:
    return replace(IDLE, camera=replace(CAMERA, state=state, reason=Reason("gone", "it is gone")))


class Looks:
    def __init__(self) -> None:
        self.changes = Changes(0.0)
        self.now_s = 0.0

    def look(self, known: Known, after_s: float = 1.0) -> list[str]:
        return [type for type, _ in self.told(known, after_s)]

    def told(self, known: Known, after_s: float = 1.0) -> list[tuple[str, Any]]:
        self.now_s += after_s
        return list(self.changes.look(known, self.now_s))


def test_a_camera_that_goes_and_comes_is_told_once_each() -> None:
    looks = Looks()
    assert looks.look(IDLE) == []
    assert looks.told(camera("stalled")) == [
        ("camera.offline", {"state": "stalled", "reason": "it is gone", "code": "gone"})
    ]
    assert looks.look(camera("offline")) == []
    assert looks.told(IDLE, 5.5) == [("camera.back", {"offline_s": 6.5})]
    assert looks.look(IDLE) == []


def test_a_camera_that_never_came_is_told_after_a_while() -> None:
    looks = Looks()
    assert looks.look(camera("offline")) == []
    assert looks.look(camera("offline"), START_GRACE_S) == ["camera.offline"]


def test_a_pause_is_not_offline() -> None:
    looks = Looks()
    assert looks.look(IDLE) + looks.look(camera("paused")) + looks.look(IDLE) == []


def test_a_recording_begins_once_it_has_a_file() -> None:
    looks = Looks()
    starting = replace(RUNNING, is_recording=False, has_file=False)
    assert looks.look(replace(IDLE, recording=starting)) == []
    assert looks.look(replace(IDLE, recording=RUNNING)) == ["recording.started"]
    assert looks.look(replace(IDLE, recording=RUNNING)) == []
    assert looks.look(replace(IDLE, recording=replace(RUNNING, is_recording=False))) == []


def test_a_recording_that_nobody_saw_run_has_begun_too() -> None:
    looks = Looks()
    status = replace(RUNNING, is_recording=False, stop_reason=Reason("disk", "the disk is full"))
    assert [type for type, _ in looks.changes.recording(status)] == ["recording.started"]
    type, data = ended(replace(status, gap_count=2, missing_ms=12_000))
    assert type == "recording.ended"
    assert data["filename"] == "cat.mp4"
    assert (data["stop_code"], data["gap_count"], data["missing_ms"]) == ("disk", 2, 12_000)
    assert looks.look(replace(IDLE, recording=status)) == []


def test_a_recovered_recording_is_told_once() -> None:
    looks = Looks()
    broken = Interruption("cat.mp4", "crash", started_at=5.0, broke_off_at=9.0, is_repairing=True)
    repaired = replace(broken, is_repairing=False, is_recovered=True, saved_as="cat_recovered.mp4")
    assert looks.look(replace(IDLE, recording=RecordingStatus(interrupted=broken))) == []
    known = replace(IDLE, recording=RecordingStatus(interrupted=repaired))
    [(type, data)] = looks.told(known)
    assert (type, data["saved_as"], data["broke_off_at"]) == (
        "recording.recovered",
        "cat_recovered.mp4",
        9.0,
    )
    assert looks.look(known) == []


def test_viewers_come_and_go() -> None:
    looks = Looks()
    ann, bob = Viewer("Ann", "webrtc"), Viewer("", "websocket")
    assert looks.told(replace(IDLE, viewers={"1": ann})) == [
        ("viewer.came", {"name": "Ann", "transport": "webrtc", "viewers": 1})
    ]
    assert looks.told(replace(IDLE, viewers={"2": bob}), 4.0) == [
        ("viewer.went", {"name": "Ann", "transport": "webrtc", "seconds": 4.0, "viewers": 1}),
        ("viewer.came", {"name": None, "transport": "websocket", "viewers": 1}),
    ]


def test_a_low_disk_is_told_once_until_there_is_room_again() -> None:
    looks = Looks()

    def free(megabytes: int | None) -> list[str]:
        return looks.look(replace(IDLE, free_bytes=megabytes, min_free_bytes=200))

    assert free(None) + free(1000) == []
    assert free(399) == ["disk.low"]
    assert free(300) + free(450) + free(390) == []
    assert free(601) + free(399) == ["disk.low"]
    assert Looks().look(replace(IDLE, free_bytes=1, min_free_bytes=0)) == []
