"""`backup`, `restore` and `factory-reset` on the files of a machine."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest
from click.testing import Result

from pet_stream.accounts.accounts import Accounts
from pet_stream.backup.content import Backup
from pet_stream.command_line.failures import ExitCode
from pet_stream.library.library import Library
from pet_stream.page_settings import ASIDE, FILE_NAME, PageSettings
from pet_stream.recording.bin_folder import BIN_FOLDER
from pet_stream.recording.journal import Journal

from ..recording.test_journal import ENTRY
from .conftest import PetStreamCommand
from .test_recordings import server

STARRED = "cat.mp4"


class Machine:
    def __init__(self, folder: Path, pet_stream: PetStreamCommand) -> None:
        self.folder = folder
        self.recordings = folder / "recordings"
        self.settings = folder / "pet.toml"
        self.accounts = Accounts(folder / "accounts.json")
        self._pet_stream = pet_stream
        self.recordings.mkdir(parents=True)
        self.settings.write_text(
            f'record_path = "{self.recordings}"\naccounts = "{folder / "accounts.json"}"\n'
            f'pause_file = "{folder / "pause.json"}"\n'
        )
        self.settings.chmod(0o640)
        for name in (STARRED, "dog.mp4"):
            (self.recordings / name).write_bytes(b"film")

    def run(self, *arguments: object, input: str | None = None) -> Result:
        return self._pet_stream(*arguments, "--config", self.settings, input=input)

    def add_person(self, name: str) -> None:
        self.accounts.accept(self.accounts.invite("owner", name=name, by="test"), device="Phone")

    @property
    def people(self) -> list[str]:
        return [person.name for person in self.accounts.book().people]

    @property
    def files(self) -> dict[str, bytes]:
        """Without the logs and locks."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file() and path.suffix not in (".log", ".lock")
        }


@pytest.fixture
def machine(tmp_path: Path, pet_stream: PetStreamCommand) -> Machine:
    machine = Machine(tmp_path / "machine", pet_stream)
    machine.add_person("Anna")
    machine.settings.write_text(machine.settings.read_text() + "max_clients = 3\n")
    Library(machine.recordings).set_starred(STARRED, True)
    PageSettings(machine.recordings).change({"keep_days": 7})
    return machine


@pytest.fixture
def saved(machine: Machine, tmp_path: Path) -> Path:
    path = tmp_path / "saved.tar.gz"
    assert machine.run("backup", path).exit_code == ExitCode.WELL
    return path


def test_a_backup_is_private_and_never_overwritten(machine: Machine, tmp_path: Path) -> None:
    path = tmp_path / "saved.tar.gz"
    with server(machine.recordings):  # it only reads
        result = machine.run("backup", path, "--json")
    assert json.loads(result.stdout) == {
        "file": str(path),
        **{"people": 1, "settings": True, "page_settings": True, "stars": 1},
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert machine.run("backup", path).stderr == f"pet-stream: {path} is there already\n"
    printed = machine.run("backup", "-").stdout_bytes
    assert Backup.from_bytes(printed) == Backup.from_bytes(path.read_bytes())


def test_a_machine_without_anything_becomes_like_the_first(machine: Machine, saved: Path) -> None:
    before = machine.files
    shutil.rmtree(machine.folder)
    machine.folder.mkdir()
    result = machine.run("restore", saved, "--yes", "--json")
    assert json.loads(result.stdout) == {
        **{"people": 1, "tokens": 0, "has_settings": True, "stars": 0, "missing": 1},
        "has_page_settings": True,
    }
    assert machine.people == ["Anna"]
    assert machine.settings.read_bytes() == before["pet.toml"]
    page = machine.recordings / FILE_NAME
    assert page.read_bytes() == before[f"recordings/{FILE_NAME}"]
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert stat.S_IMODE(machine.settings.stat().st_mode) == 0o600
    assert "restores a backup" in (machine.folder / "accounts.log").read_text()


def test_another_machine_keeps_its_own_settings(
    saved: Path, tmp_path: Path, pet_stream: PetStreamCommand
) -> None:
    other = Machine(tmp_path / "other", pet_stream)
    other.add_person("Ben")
    before = other.settings.read_bytes()
    result = other.run("restore", saved, "--yes", "--without-settings")
    assert result.stdout == "Restored: 1 people, 0 tokens, 1 stars.\n"
    assert (other.people, other.settings.read_bytes()) == (["Anna"], before)


def test_settings_that_can_not_be_read_are_replaced(machine: Machine, saved: Path) -> None:
    before = machine.settings.read_bytes()
    machine.settings.write_bytes(bytes(100))
    assert machine.run("restore", saved, "--yes").exit_code == ExitCode.WELL
    assert machine.settings.read_bytes() == before
    assert stat.S_IMODE(machine.settings.stat().st_mode) == 0o640


def test_a_backups_settings_lead_to_no_file_of_somebody_else(
    machine: Machine, tmp_path: Path
) -> None:
    precious, evil = tmp_path / "precious", tmp_path / "evil.tar.gz"
    precious.write_text("mine")
    precious.chmod(0o600)
    settings = f'accounts = "{precious}"\nrecord_path = "{machine.recordings}"\n'.encode()
    evil.write_bytes(Backup(machine.accounts.book(), settings).to_bytes(1))
    before = machine.files
    result = machine.run("restore", evil, "--yes")
    assert result.stderr == "pet-stream: The account file is not JSON\n"
    assert (precious.read_text(), machine.files) == ("mine", before)


def test_it_asks_and_does_nothing_without_a_yes(machine: Machine, saved: Path) -> None:
    machine.add_person("Ben")
    before = machine.files
    for answer in ("n\n", "\n", ""):
        result = machine.run("restore", saved, input=answer)
        assert result.exit_code == ExitCode.TROUBLE
        assert f"This replaces {machine.folder}/accounts.json and {machine.settings}" in (
            result.stderr
        )
    assert machine.run("restore", saved, "--json").exit_code == ExitCode.WRONG
    assert machine.files == before
    assert machine.run("restore", saved, input="y\n").exit_code == ExitCode.WELL
    assert machine.people == ["Anna"]


def test_a_star_comes_back_and_none_is_taken_away(machine: Machine, saved: Path) -> None:
    library = Library(machine.recordings)
    library.set_starred(STARRED, False)
    library.set_starred("dog.mp4", True)
    result = machine.run("restore", saved, "--yes")
    assert result.stdout == (
        "Restored: 1 people, 0 tokens, the settings, those of the page, 1 stars.\n"
    )
    assert all(row.is_starred for row in library.recordings())


def test_accounts_that_can_not_be_read_are_replaced(machine: Machine, saved: Path) -> None:
    path = machine.folder / "accounts.json"
    path.write_text("{")
    assert machine.run("restore", saved, "--yes").exit_code == ExitCode.WELL
    assert machine.people == ["Anna"]


def test_all_of_it_or_nothing(machine: Machine, saved: Path) -> None:
    machine.add_person("Ben")
    Library(machine.recordings).set_starred(STARRED, False)
    name = "p" * 250 + ".toml"  # beside which no new file can be made: its name would be too long
    machine.settings = machine.settings.rename(machine.folder / name)
    before = machine.files
    result = machine.run("restore", saved, "--yes")
    assert result.exit_code == ExitCode.TROUBLE
    assert result.stderr == "pet-stream: Nothing was restored: File name too long\n"
    assert machine.files == before


def test_while_the_server_runs_nothing_is_replaced(machine: Machine, saved: Path) -> None:
    machine.add_person("Ben")
    with server(machine.recordings):
        before = machine.files
        for command in (("restore", saved), ("factory-reset", "--recordings")):
            result = machine.run(*command, "--yes")
            assert result.exit_code == ExitCode.IN_USE
            assert "Stop the server first" in result.stderr
        assert machine.files == before


def test_settings_need_a_place(
    machine: Machine, saved: Path, pet_stream: PetStreamCommand, tmp_path: Path
) -> None:
    command = ("restore", saved, "--yes", "--record-path", tmp_path / "new")
    path = tmp_path / "new.json"
    refused = pet_stream(*command, FLASK_PET_STREAM_ACCOUNTS=str(path))
    assert "no file is named for them: --config" in refused.stderr
    assert not path.exists()
    taken = pet_stream(*command, "--without-settings", FLASK_PET_STREAM_ACCOUNTS=str(path))
    assert taken.exit_code == ExitCode.WELL
    assert [person.name for person in Accounts(path).book().people] == ["Anna"]


def test_a_file_that_is_missing_or_a_pipe_is_told(machine: Machine, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "none", tmp_path, tmp_path / "pipe"):
        result = machine.run("restore", path, "--yes")
        assert result.exit_code == ExitCode.TROUBLE
        assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("answer", ["y\n", "yes\n", "RESET\n", "\n"])
def test_a_reset_wants_its_word(machine: Machine, answer: str) -> None:
    before = machine.files
    result = machine.run("factory-reset", "--recordings", input=answer)
    assert result.exit_code == ExitCode.TROUBLE
    assert "ALL RECORDINGS" in result.stderr
    assert machine.files == before


def test_a_reset_forgets_people_and_settings_but_no_recording(machine: Machine) -> None:
    (machine.folder / "pause.json").write_text("{}")
    (machine.recordings / ASIDE.format("20260501_120000")).write_text("{")
    (machine.folder / "pet_stream_tls.pem").write_text("a key")
    (machine.folder / "notes.txt").write_text("not ours")
    Journal(machine.recordings).begin(ENTRY)  # or the next start would record by itself
    result = machine.run("factory-reset", input="reset\n")
    assert result.exit_code == ExitCode.WELL
    assert sorted(machine.files) == [
        *("notes.txt", "pet.toml"),
        *(f"recordings/{name}" for name in ("cat.mp4", "cat.mp4.star", "dog.mp4")),
    ]
    assert not (machine.folder / "accounts.log").exists()
    assert machine.run("config").exit_code == ExitCode.WELL  # the file is there, and empty


def test_a_reset_of_recordings_takes_only_what_is_ours(machine: Machine) -> None:
    ours = (
        *("cat.mp4.jpg", "fox.h264.part", "cow.mp4.unplayable", "cow.mp4_2.unplayable"),
        *(".cat.mp4.jpg.0123abcd.part", "cat.001_recovered.mp4"),
    )
    for name in ours:
        (machine.recordings / name).touch()
    (machine.recordings / "binned.mp4").touch()
    Library(machine.recordings, bin_s=60).delete("binned.mp4")
    (machine.recordings / "folder.mp4").mkdir()
    (machine.recordings / "link.mp4").symlink_to(machine.settings)
    (machine.recordings / "holiday.mov").touch()
    result = machine.run("factory-reset", "--recordings", "--yes", "--json")
    assert result.exit_code == ExitCode.WELL, result.output
    left = sorted(path.name for path in machine.recordings.iterdir() if path.name[0] != ".")
    assert left == ["folder.mp4", "holiday.mov", "link.mp4"]
    deleted = json.loads(result.stdout)["deleted"]
    assert {str(machine.recordings / name) for name in (*ours, STARRED)} <= set(deleted)
    hidden = [path.name for path in machine.recordings.rglob(".*") if path.is_file()]
    assert hidden == [".pet_stream.lock"]
    assert not list((machine.recordings / BIN_FOLDER).iterdir())
