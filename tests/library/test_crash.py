"""Power cuts and crashes: what is left of a recording, and who may go on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pet_stream.errors import NotRecorderOwner
from pet_stream.library.archive import Archive
from pet_stream.library.crash_recovery import repair
from pet_stream.library.library import Library
from pet_stream.library.ownership import LOCK_NAME, OWNER_NAME, Ownership
from pet_stream.library.retention import Retention

from ..recording.mp4_files import film
from ..recording.playback import GOP, decoded_count
from ..waiting import TIMEOUT_S, wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
KILLS = 3
"""`make soak-recording` makes 50."""


@contextmanager
def process(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.recording.recorder_process", str(folder), *arguments]
    running = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield running
    finally:
        running.kill()
        running.communicate(timeout=TIMEOUT_S)


def kill_in_mid_recording(folder: Path, file_format: str, pictures: int) -> tuple[int, int]:
    """Kill a recorder once it has written about so many; pictures and bytes it had told of."""
    frame_count = size = 0
    with process(folder, file_format) as running:
        assert running.stdout is not None
        for line in running.stdout:
            frame_count, size = map(int, line.split())
            if frame_count >= pictures and size:
                break
        running.send_signal(signal.SIGKILL)
        running.wait(TIMEOUT_S)
    return frame_count, size


def check_kill(folder: Path, file_format: str, pictures: int) -> None:
    frame_count, size = kill_in_mid_recording(folder, file_format, pictures)
    (part,) = folder.glob("*.part")
    assert part.stat().st_size >= size
    library = Library(folder)
    archive = Archive(library, Retention(), "test")
    archive.start()
    wait_until(lambda: not list(folder.glob("*.part")))
    archive.stop()
    (row,) = library.recordings()
    assert (row.name, row.state) == (f"killed_recovered.{file_format}", "recovered")
    path = folder / row.files[0]
    if file_format == "mp4":
        shown = film(path)
        assert shown.decoded_count == len(shown.pictures) >= frame_count - 2 * GOP
        assert library.details(row).duration_s == pytest.approx(shown.decoded_count / 30, abs=0.01)
    else:
        assert decoded_count(path) >= frame_count - 1
    library.delete(row.name)


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["mp4", "h264"])
def test_a_recorder_that_is_killed_leaves_a_recording(tmp_path: Path, file_format: str) -> None:
    random_ = random.Random(3)
    for _ in range(KILLS):
        check_kill(tmp_path / "recordings", file_format, random_.randrange(GOP, 60 * GOP))


@pytest.mark.slow
def test_what_a_camera_showed_before_it_stalled_outlasts_a_kill(tmp_path: Path) -> None:
    count = 2 * GOP + 7  # in mid-GOP
    part = tmp_path / "killed.mp4.part"
    with process(tmp_path, "mp4", str(count)) as running:
        wait_until(lambda: part.exists() and part.stat().st_size > 0)
        wait_until(lambda: len(film(part.read_bytes()).pictures) == count)
        running.kill()
        running.wait(30)
    shown = film(repair(part))
    assert shown.decoded_count == len(shown.pictures) == count
    assert shown.duration_s == pytest.approx(count / 30, abs=0.01)


@pytest.mark.slow
def test_one_process_owns_the_recorder_until_it_dies(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    claimed: list[object] = []
    ownership = Ownership(folder, claimed.append)
    with process(folder, "mp4", "--once") as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "owned\n"
        with pytest.raises(NotRecorderOwner) as refused:
            ownership.claim()
        assert str(owner.pid) in str(refused.value)
        assert (refused.value.http_status, refused.value.code) == (409, "not_recorder_owner")
        assert claimed == []
        owner.kill()
        owner.wait(TIMEOUT_S)
        ownership.claim()
    assert claimed == [[]]
    ownership.release()


@pytest.mark.parametrize(
    "owner",
    [None, "", "nobody", "-1 1\n", pytest.param(f"{os.getpid()} 1\n", id="this process")],
)
def test_an_owner_whose_file_is_not_his_is_another_process(
    tmp_path: Path, owner: str | None
) -> None:
    with process(tmp_path, "mp4", "--once") as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "owned\n"
        (tmp_path / OWNER_NAME).unlink()
        if owner is not None:
            (tmp_path / OWNER_NAME).write_text(owner)
        with pytest.raises(NotRecorderOwner, match="another process"):
            Ownership(tmp_path, lambda parts: None).claim()


def test_what_was_there_before_the_first_claim_is_left_over(tmp_path: Path) -> None:
    claimed: list[object] = []
    ownership = Ownership(tmp_path, claimed.append)
    leftover = tmp_path / "cat.mp4.part"
    leftover.touch()
    ownership.claim()
    (tmp_path / "own.mp4.part").touch()
    ownership.claim()
    assert claimed == [[leftover]]
    assert (tmp_path / LOCK_NAME).exists()
    ownership.release()


def test_two_apps_of_one_process_do_not_record_into_one_folder(tmp_path: Path) -> None:
    first = Ownership(tmp_path, lambda parts: None)
    second = Ownership(tmp_path, lambda parts: pytest.fail("it is owned"))
    first.claim()
    for _ in range(2):
        with pytest.raises(NotRecorderOwner, match="another app of this process"):
            second.claim()
    first.claim()
    second.release()  # changes nothing
    with process(tmp_path, "mp4", "--once") as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "", "the lock was lost"
    first.release()
    Ownership(tmp_path, lambda parts: None).claim()


def test_a_folder_that_was_made_anew_is_owned_again(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    ownership = Ownership(folder, lambda parts: None)
    ownership.claim()
    (folder / LOCK_NAME).unlink()
    (folder / OWNER_NAME).unlink()
    folder.rmdir()
    ownership.claim()
    assert (folder / LOCK_NAME).exists()
    ownership.release()
