from __future__ import annotations

import json
import os
import threading
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from pet_stream.config_values import spans
from pet_stream.errors import Paused, StorageError
from pet_stream.pause import pause as pause_module
from pet_stream.pause.pause import Pause as SlowPause
from pet_stream.supervision.error_counts import ErrorCounts
from tests.waiting import TIMEOUT_S

NIGHT = spans(["22:00-07:00"])
Pause = partial(SlowPause, look_interval_s=0)
EVENING_S = datetime(2026, 11, 30, 21, 0).timestamp()
HOUR_S = 3600.0


class Clock:
    def __init__(self) -> None:
        self.now_s = EVENING_S

    def __call__(self) -> float:
        return self.now_s

    def pass_hours(self, hours: float) -> None:
        self.now_s += hours * HOUR_S


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "below" / "pause.json"


def looked(pause: SlowPause) -> str | None:
    pause.look()
    return pause.state.cause


def test_it_lasts_until_somebody_ends_it(path: Path, clock: Clock) -> None:
    pause = Pause(path, now_s=clock)
    assert looked(pause) is None
    pause.check()
    pause.begin()
    assert pause.is_on
    with pytest.raises(Paused):
        pause.check()
    clock.pass_hours(1000)
    assert looked(pause) == "hand"
    pause.end()
    assert not pause.is_on
    assert not path.exists()


def test_it_ends_by_itself_when_an_end_was_given(path: Path, clock: Clock) -> None:
    pause = Pause(path, now_s=clock)
    pause.begin(clock.now_s + 2 * HOUR_S)
    clock.pass_hours(1.9)
    assert looked(pause) == "hand"
    clock.pass_hours(0.2)
    assert looked(pause) is None


def test_a_restart_keeps_it(path: Path, clock: Clock) -> None:
    Pause(path, now_s=clock).begin(clock.now_s + HOUR_S)
    assert path.stat().st_mode & 0o777 == 0o600
    after = Pause(path, now_s=clock)
    assert looked(after) == "hand"
    assert after.state.ends_at == clock.now_s + HOUR_S
    clock.pass_hours(1)
    assert looked(Pause(path, now_s=clock)) is None


def test_another_process_can_begin_and_end_it(path: Path, clock: Clock) -> None:
    here, there = Pause(path, now_s=clock), Pause(path, now_s=clock)
    there.begin()
    assert looked(here) == "hand"
    here.end()
    assert looked(there) is None


def test_the_schedule_begins_and_ends_it(clock: Clock) -> None:
    begun: list[str] = []
    pause = Pause(None, NIGHT, on_begin=lambda: begun.append("begun"), now_s=clock)
    assert looked(pause) is None
    clock.pass_hours(1)
    assert looked(pause) == looked(pause) == "schedule"
    assert begun == ["begun"]
    assert pause.state.to_json()["ends_at"].startswith("2026-12-01T07:00:00")
    clock.pass_hours(9)
    assert looked(pause) is None


def test_who_ends_it_in_the_night_is_asked_again_the_next_night(path: Path, clock: Clock) -> None:
    pause = Pause(path, NIGHT, now_s=clock)
    clock.pass_hours(2)
    assert looked(pause) == "schedule"
    pause.end()
    assert looked(pause) is None
    assert looked(Pause(path, NIGHT, now_s=clock)) is None
    clock.pass_hours(7.9)
    assert looked(pause) is None
    clock.pass_hours(16)
    assert looked(pause) == "schedule"


def test_what_is_chosen_by_hand_counts_more_than_the_schedule(path: Path, clock: Clock) -> None:
    pause = Pause(path, NIGHT, now_s=clock)
    pause.begin(clock.now_s + 12 * HOUR_S)
    clock.pass_hours(11)
    assert looked(pause) == "hand"
    clock.pass_hours(2)
    assert looked(pause) is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"paused": 1}',
        '{"paused": false, "ends_at": "never"}',
        '{"paused": false, "ends_at": true}',
        '{"paused": false, "ends_at": -1}',
        '{"paused": false, "ends_at": NaN}',
        '{"paused": false, "ends_at": 1e999}',
        "[" * 900,
        " " * 1001,
    ],
)
def test_a_file_that_makes_no_sense_means_a_pause(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)
    pause = Pause(path)
    assert looked(pause) == looked(pause) == "unreadable"
    pause.end()
    assert looked(pause) is None


def test_a_file_that_others_can_write_or_a_link_means_a_pause(path: Path) -> None:
    path.parent.mkdir()
    target = path.with_name("target.json")
    target.write_text(json.dumps({"paused": False}))
    target.chmod(0o644)
    assert looked(Pause(target)) is None
    path.symlink_to(target)
    assert looked(Pause(path)) == "unreadable"
    target.chmod(0o666)
    assert looked(Pause(target)) == "unreadable"
    fifo = path.with_name("fifo")
    os.mkfifo(fifo)
    assert looked(Pause(fifo)) == "unreadable"


def test_a_disk_that_refuses_keeps_nobody_from_pausing(path: Path) -> None:
    path.parent.write_text("not a folder")
    begun: list[str] = []
    pause = Pause(path, on_begin=lambda: begun.append("begun"))
    with pytest.raises(StorageError, match="not after a restart"):
        pause.begin()
    assert pause.is_on
    assert begun == ["begun"]


def test_a_disk_that_hangs_holds_up_one_look_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as the camera's thread, which has a successor when it is stuck in there."""
    is_over, is_caught = threading.Event(), threading.Event()

    def hang(path: Path) -> None:
        is_caught.set()
        is_over.wait(TIMEOUT_S)

    pause = Pause(tmp_path / "pause.json")
    with monkeypatch.context() as patch:
        patch.setattr(pause_module, "version_of", hang)
        stuck = threading.Thread(target=pause.look)
        stuck.start()
        assert is_caught.wait(TIMEOUT_S)
    pause.look()
    assert not pause.is_on
    pause.begin()
    assert pause.is_on
    is_over.set()
    stuck.join(TIMEOUT_S)
    assert pause.is_on  # what was found before does not count


def test_what_fails_when_a_pause_begins_keeps_it_from_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise MemoryError

    errors = ErrorCounts()
    pause = Pause(tmp_path / "pause.json", on_begin=fail, errors=errors)
    pause.begin()
    assert pause.is_on
    assert [kind[:2] for kind in errors.counts] == [("pause", "MemoryError")]
    assert len(caplog.records) == 1
