"""`pet-stream recordings` on real files, beside servers that run, crashed and ended."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pet_stream.command_line.failures import ExitCode
from pet_stream.library.library import Library
from pet_stream.library.ownership import LOCK_NAME, OWNER_NAME
from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.containers import Mp4Container
from tests.waiting import TIMEOUT_S

from ..recording.conftest import pictures
from ..recording.mp4_files import film
from ..recording.test_names import NOT_PLAIN
from .conftest import PetStreamCommand

__all__ = ["pictures"]

FRAME_NS = 33_333_333
NAME = "recording_20240501_120000.mp4"

OWNER = """
import sys
from pathlib import Path
from pet_stream.library.ownership import Ownership
Ownership(Path(sys.argv[1]), lambda _: None).claim()
print("mine", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    return folder


def record(path: Path, units: list[AccessUnit], gap_s: float = 0, *, is_whole: bool = True) -> None:
    """Record `units`, with a gap in the middle."""
    half, gap_ns = len(units) // 2, round(gap_s * 1e9)
    with io.FileIO(path, "xb+") as file:
        container = Mp4Container(file)
        container.write(
            [
                replace(u, sequence=n, capture_ns=n * FRAME_NS + (gap_ns if n >= half else 0))
                for n, u in enumerate(units)
            ]
        )
        if is_whole:
            container.close()


@contextmanager
def server(folder: Path) -> Iterator[int]:
    """Another process that records into `folder`; yields its number."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        yield process.pid
    finally:
        process.communicate(timeout=TIMEOUT_S)


def test_the_list_has_time_length_size_star_and_gaps(
    pet_stream: PetStreamCommand, folder: Path, pictures: list[AccessUnit]
) -> None:
    record(folder / NAME, pictures)
    record(folder / "cat.001.mp4", pictures, gap_s=2)
    record(folder / "cat.002.mp4", pictures, gap_s=0.5)
    (folder / "raw.h264").write_bytes(b"\0\0\0\1")
    Library(folder).set_starred(NAME, True)

    text = pet_stream("recordings", "list", "--record-path", folder)
    result = pet_stream("recordings", "list", "--json", "--record-path", folder)

    rows = {row["name"]: row for row in json.loads(result.stdout)["recordings"]}
    assert {name: (row["starred"], row["gaps"]) for name, row in rows.items()} == {
        NAME: (True, 0),
        "cat.mp4": (False, 1),
        "raw.h264": (False, None),
    }
    assert rows["cat.mp4"]["segments"] == 2
    size_mb = f"{(folder / NAME).stat().st_size / 1e6:.1f} MB"
    line = next(line for line in text.stdout.splitlines() if line.startswith(NAME))
    assert line.split() == [
        *(NAME, "2024-05-01", "12:00:00", "0:00:02"),
        *(*size_mb.split(), "*", "0"),
    ]
    assert text.stdout.endswith(f"3 in {folder}\n")


def test_of_an_unfinished_file_it_is_said_who_writes_it(
    pet_stream: PetStreamCommand, folder: Path
) -> None:
    (folder / "cat.mp4.part").touch()
    crashed = pet_stream("recordings", "list", "--record-path", folder)
    with server(folder) as pid:
        running = pet_stream("recordings", "list", "--record-path", folder)
        told = json.loads(
            pet_stream("recordings", "list", "--json", "--record-path", folder).stdout
        )
    assert "cat.mp4.part is unfinished: recordings repair" in crashed.stderr
    assert f"cat.mp4.part is being made by process {pid} (" in running.stderr
    assert told["owner"].startswith(f"process {pid} ")
    assert (running.exit_code, told["unfinished"]) == (ExitCode.WELL, ["cat.mp4.part"])


def test_a_list_leaves_the_folder_as_it_was(pet_stream: PetStreamCommand, folder: Path) -> None:
    assert pet_stream("recordings", "list", "--record-path", folder).exit_code == ExitCode.WELL
    assert list(folder.iterdir()) == []
    missing = pet_stream("recordings", "list", "--record-path", folder / "none")
    assert missing.stdout.endswith(f"0 in {folder / 'none'}\n")
    assert not (folder / "none").exists()


def test_a_recording_is_exported_beside_a_server_that_runs(
    pet_stream: PetStreamCommand, folder: Path, tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    for name in ("cat.001.mp4", "cat.002.mp4"):
        record(folder / name, pictures)
    command = ("recordings", "export", "--record-path", folder)
    with server(folder):
        whole = pet_stream(*command, "cat", tmp_path)
        named = pet_stream(*command, "cat.mp4", tmp_path, "--json")
        again = pet_stream(*command, "cat.mp4", tmp_path)
        part = pet_stream(*command, "cat.001.mp4", "-", "--from", "1", "--to", "0:01.2")
    path = tmp_path / "cat.mp4"
    assert whole.exit_code == ExitCode.TROUBLE  # no name of a recording
    assert json.loads(named.stdout) == {"file": str(path), "bytes": path.stat().st_size}
    assert film(path).decoded_count == 2 * len(pictures)
    assert again.stderr == f"pet-stream: {path} is there already\n"
    path.write_bytes(part.stdout_bytes)
    assert 0 < film(path).decoded_count < len(pictures)


@pytest.mark.parametrize("name", [*NOT_PLAIN, "none.mp4", "../cat.mp4", "--", "link.mp4"])
def test_no_name_leads_out_of_the_folder(
    pet_stream: PetStreamCommand, folder: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "cat.mp4").write_bytes(b"secret")
    (folder / "link.mp4").symlink_to(tmp_path / "cat.mp4")
    destination = tmp_path / "copy.mp4"
    result = pet_stream("recordings", "export", "--record-path", folder, "--", name, destination)
    assert result.exit_code == ExitCode.TROUBLE
    assert result.stderr.count("\n") == 1
    assert not destination.exists()


@pytest.mark.parametrize("time_", ["-1", "nan", "1:2:3:4", "soon", "", "1e9"])
def test_what_is_no_time_is_told(pet_stream: PetStreamCommand, time_: str) -> None:
    result = pet_stream("recordings", "export", "cat.mp4", "-", f"--from={time_}")
    assert result.exit_code == ExitCode.WRONG
    assert "is not a time" in result.stderr


def test_a_full_disk_leaves_no_half_of_a_file(
    pet_stream: PetStreamCommand, folder: Path, pictures: list[AccessUnit]
) -> None:
    record(folder / "cat.mp4", pictures)
    result = pet_stream("recordings", "export", "--record-path", folder, "cat.mp4", "/dev/full")
    assert result.exit_code == ExitCode.TROUBLE
    assert Path("/dev/full").exists()


def test_what_exceeds_the_limits_is_pruned(
    pet_stream: PetStreamCommand, folder: Path, tmp_path: Path
) -> None:
    old = time.time() - 10 * 86_400
    for name in ("new.h264", "old.h264", "kept.h264"):
        (folder / name).write_bytes(bytes(100))
    for name in ("old.h264", "kept.h264"):
        os.utime(folder / name, (old, old))
    Library(folder).set_starred("kept.h264", True)
    settings = tmp_path / "pet.toml"
    settings.write_text(f'keep_days = 7\nrecord_path = "{folder}"\n')

    with server(folder) as pid:
        before = sorted(folder.iterdir())
        planned = pet_stream("recordings", "prune", "--dry-run", "--config", settings)
        refused = pet_stream("recordings", "prune", "--config", settings)
        assert sorted(folder.iterdir()) == before
    assert planned.stdout == "would be deleted: old.h264\n"
    assert refused.exit_code == ExitCode.IN_USE
    assert f"process {pid}" in refused.stderr
    assert "recordings list, recordings export and backup work meanwhile" in refused.stderr

    pruned = pet_stream("recordings", "prune", "--config", settings, "--json")
    again = pet_stream("recordings", "prune", "--config", settings)
    assert json.loads(pruned.stdout) == {"deleted": ["old.h264"], "dry_run": False}
    assert again.stdout == "Nothing exceeds the limits.\n"
    assert not (folder / OWNER_NAME).exists()


def test_an_option_is_a_limit_for_once(pet_stream: PetStreamCommand, folder: Path) -> None:
    for number in range(3):
        (folder / f"n{number}.h264").write_bytes(bytes(1000))
        os.utime(folder / f"n{number}.h264", (number + 1.7e9, number + 1.7e9))
    command = ("recordings", "prune", "--record-path", folder, "--keep-free-mb", "0")
    nothing = pet_stream(*command)
    pruned = pet_stream(*command, "--keep-mb", "0.0021")
    assert (nothing.exit_code, "--keep-days" in nothing.stderr) == (ExitCode.TROUBLE, True)
    assert pruned.stdout == "deleted: n0.h264\n"
    assert pet_stream(*command, "--keep-mb", "-1").exit_code == ExitCode.WRONG


def test_what_is_deleted_can_be_restored_beside_a_server(
    pet_stream: PetStreamCommand, folder: Path
) -> None:
    def run(*words: str, exit_code: ExitCode = ExitCode.WELL) -> str:
        result = pet_stream("recordings", *words, "--record-path", folder)
        assert result.exit_code == exit_code
        return result.stdout

    (folder / "cat.mp4").write_bytes(bytes(2_000_000))
    library = Library(folder)
    library.set_starred("cat.mp4", True)
    with server(folder):
        assert (
            "--starred"
            in pet_stream("recordings", "delete", "cat.mp4", "--record-path", folder).stderr
        )
        assert run("delete", "cat.mp4", "--starred").startswith("cat.mp4 can be restored until ")
        assert run("bin").startswith("cat.mp4  2.0 MB  until ")
        assert run("restore", "cat.mp4") == "cat.mp4 is back.\n"
        assert library.find("cat.mp4").is_starred
        run("restore", "cat.mp4", exit_code=ExitCode.TROUBLE)
        told = json.loads(run("delete", "cat.mp4", "--starred", "--json"))
        assert told["restorable_until"] == pytest.approx(time.time() + 86_400, abs=60)
        (row,) = json.loads(run("bin", "--json"))["recordings"]
        assert (row["name"], row["starred"]) == ("cat.mp4", True)
        assert run("bin", "--empty") == "cat.mp4  2.0 MB  gone\n"
        assert run("bin") == "The bin is empty.\n"


def test_for_good_is_for_good(pet_stream: PetStreamCommand, folder: Path) -> None:
    (folder / "cat.mp4").touch()
    command = ("recordings", "delete", "cat.mp4", "--for-good", "--record-path", folder)
    assert pet_stream(*command).stdout == "cat.mp4 is gone.\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", [*NOT_PLAIN, "../cat.mp4", "--"])
@pytest.mark.parametrize("command", ["delete", "restore"])
def test_nothing_outside_of_the_folder_is_deleted(
    pet_stream: PetStreamCommand, folder: Path, tmp_path: Path, name: str, command: str
) -> None:
    (tmp_path / "cat.mp4").touch()
    result = pet_stream("recordings", command, "--record-path", folder, "--", name)
    assert result.exit_code == ExitCode.TROUBLE
    assert result.stderr.count("\n") == 1
    assert (tmp_path / "cat.mp4").exists()


def test_what_a_crash_left_is_repaired(
    pet_stream: PetStreamCommand, folder: Path, pictures: list[AccessUnit]
) -> None:
    record(folder / "cat.mp4.part", pictures, is_whole=False)
    (folder / "dog.mp4.part").write_bytes(b"nothing")
    command = ("recordings", "repair", "--record-path", folder)
    with server(folder):
        assert pet_stream(*command).exit_code == ExitCode.IN_USE
    result = pet_stream(*command, "--json")
    assert json.loads(result.stdout)["repaired"] == {
        "cat.mp4.part": "cat_recovered.mp4",
        "dog.mp4.part": "dog.mp4.unplayable",
    }
    assert result.exit_code == ExitCode.TROUBLE
    assert film(folder / "cat_recovered.mp4").decoded_count > 0
    again = pet_stream(*command)
    assert (again.exit_code, again.stdout) == (ExitCode.WELL, "Nothing is unfinished.\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_leaves_is_the_services(pet_stream: PetStreamCommand, folder: Path) -> None:
    service = 65_534
    os.chown(folder, service, service)
    assert pet_stream("recordings", "repair", "--record-path", folder).exit_code == ExitCode.WELL
    [lock] = folder.iterdir()
    assert (lock.name, lock.stat().st_uid, lock.stat().st_gid) == (LOCK_NAME, service, service)


def test_a_folder_that_is_missing_is_not_made(pet_stream: PetStreamCommand, folder: Path) -> None:
    for command in ("repair", "prune"):
        options = ["--keep-days", "1"] if command == "prune" else []
        result = pet_stream("recordings", command, "--record-path", folder / "none", *options)
        assert result.stderr == f"pet-stream: There is no folder {folder / 'none'}\n"
    assert list(folder.iterdir()) == []


def test_a_terminal_shows_how_far_it_is(folder: Path, pictures: list[AccessUnit]) -> None:
    record(folder / "cat.mp4", pictures)
    ours, theirs = pty.openpty()
    process = subprocess.run(
        [
            *(sys.executable, "-m", "pet_stream.command_line", "recordings", "export"),
            *("cat.mp4", "-", "--record-path", str(folder)),
        ],
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=TIMEOUT_S,
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 10_000).decode()
    os.close(ours)
    assert process.stdout == (folder / "cat.mp4").read_bytes()
    assert re.search(r"Copying +\[#+\] +100%", shown)
