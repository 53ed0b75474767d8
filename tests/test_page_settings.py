"""The file of the settings that owners change: what it says, and what can be wrong with it."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pet_stream import page_settings
from pet_stream.errors import Busy, SettingsChanged, StorageError
from pet_stream.page_settings import FILE_NAME, MAX_FILE_BYTES, VERSION, PageSettings
from pet_stream.private_file import version_of
from pet_stream.settings import Settings

from .waiting import TIMEOUT_S

KEEP = "PET_STREAM_KEEP_DAYS"


@pytest.fixture
def page(tmp_path: Path) -> PageSettings:
    return PageSettings(tmp_path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE_NAME


def write(path: Path, text: str | bytes) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)


def said(**settings: object) -> str:
    return json.dumps({"version": VERSION, "settings": settings})


def test_what_is_changed_counts_and_is_there_after_a_restart(
    page: PageSettings, path: Path
) -> None:
    assert page.read().values == {}
    page.change({"keep_days": 7, "camera_name": "Küche 猫"})
    page.change({"camera_name": None, "language": "ja"})
    expected = {KEEP: 7, "PET_STREAM_LANGUAGE": "ja"}
    assert page.read().values == PageSettings(path.parent).read().values == expected
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == [FILE_NAME]
    assert page.fault is None


def test_a_change_by_another_process_is_seen(page: PageSettings, path: Path) -> None:
    page.change({"keep_days": 7})
    PageSettings(path.parent).change({"keep_days": 8})
    assert page.read().values == {KEEP: 8}
    path.unlink()
    assert page.read().values == {}


def test_who_was_not_quick_enough_is_told(page: PageSettings) -> None:
    page.read()
    before = page.revision
    page.change({"keep_days": 7}, before)
    with pytest.raises(SettingsChanged):
        page.change({"keep_days": 8}, before)
    assert page.read().values == {KEEP: 7}
    page.change({"keep_days": 8}, page.revision)


def test_the_same_words_have_the_same_revision(page: PageSettings, path: Path) -> None:
    page.change({"keep_days": 7, "language": "ja"})
    revision = page.revision
    page.change({"keep_days": None})
    assert page.revision != revision
    page.change({"keep_days": 7})
    assert page.revision == revision


def a_folder(path: Path) -> None:
    path.mkdir()


def a_link(path: Path) -> None:
    other = path.with_name("other")
    write(other, said(keep_days=1))
    path.symlink_to(other)


BAD: dict[str, str | bytes | Callable[[Path], None]] = {
    "empty": "",
    "cut off": said(keep_days=7)[:-3],
    "not text": b"\xff\xfe\x00",
    "a list": "[]",
    "no version": '{"settings": {}}',
    "no settings": '{"version": 1}',
    "settings of another kind": '{"version": 1, "settings": []}',
    "half a character": '{"version": 1, "settings": {"camera_name": "\\ud800"}}',
    "deep": "[" * 10_000,
    "large": " " * (MAX_FILE_BYTES + 1),
    "a fifo": os.mkfifo,
    "a folder": a_folder,
    "a link": a_link,
}


@pytest.mark.parametrize("kind", BAD)
def test_what_can_not_be_read_is_named_and_kept_aside_when_something_is_saved(
    page: PageSettings, path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    bad = BAD[kind]
    if callable(bad):
        bad(path)
    else:
        write(path, bad)
    assert page.read().values == page.read().values == {}
    [record] = caplog.records  # said once
    assert record.message.startswith("The settings of the page can't be used, and have their")
    assert page.fault is not None
    assert page.fault.code == "page_settings"
    before = path.lstat().st_ino

    page.change({"keep_days": 7})
    assert page.fault is None
    assert page.read().values == {KEEP: 7}
    [aside] = path.parent.glob(".pet_stream.settings.unusable_*.json")
    assert aside.lstat().st_ino == before
    if not callable(bad):
        assert aside.read_bytes() == (bad if isinstance(bad, bytes) else bad.encode())


def test_one_that_everybody_may_write_counts_only_where_the_folder_is_as_open(
    page: PageSettings, path: Path
) -> None:
    """A disk without permissions shows all files as open."""
    write(path, said(keep_days=7))
    path.chmod(0o666)
    path.parent.chmod(0o755)
    assert page.read().values == {}
    assert "open to other users" in str(page.fault)
    path.parent.chmod(0o777)
    assert PageSettings(path.parent).read().values == {KEEP: 7}


def test_what_is_no_setting_is_named_and_stays_in_the_file(page: PageSettings, path: Path) -> None:
    write(path, said(keep_days=-3, keep_mb=5, zones=["garden"], shm="/other", language="fr"))
    assert page.read().values == {"PET_STREAM_KEEP_MB": 5}
    fault = str(page.fault)
    assert "keep_days = '-3': expected a number from 0 to 36500 and 3 more" in fault
    page.change({"keep_days": 3})
    kept = json.loads(path.read_text())["settings"]
    assert kept["zones"] == ["garden"]
    assert page.read().values == {"PET_STREAM_KEEP_MB": 5, KEEP: 3}


def test_one_of_a_newer_program_is_neither_read_nor_lost(page: PageSettings, path: Path) -> None:
    text = json.dumps({"version": VERSION + 1, "settings": {"keep_days": {"unit": "weeks"}}})
    write(path, text)
    assert page.read().values == {}
    assert "written by a newer pet_stream" in str(page.fault)
    with pytest.raises(StorageError, match="written by a newer"):
        page.change({"keep_days": 7})
    assert path.read_text() == text


def test_where_it_can_not_be_written_it_stays_as_it_is(page: PageSettings, path: Path) -> None:
    page.change({"keep_days": 7})
    path.parent.joinpath("more").mkdir()
    elsewhere = PageSettings(path.parent / "gone")
    assert elsewhere.read().values == {}
    assert elsewhere.fault is None
    with pytest.raises(StorageError, match="can't be kept: No such file"):
        elsewhere.change({"keep_days": 8})
    with pytest.raises(StorageError, match="no room"):
        page.change({"camera_name": "x" * MAX_FILE_BYTES})
    assert page.read().values == {KEEP: 7}


def test_a_record_path_that_is_a_file_is_somebody_elses_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    page = PageSettings(tmp_path / "file")
    assert page.read().values == {}
    assert page.fault is None


def test_a_disk_that_hangs_delays_nobody_for_long_and_is_heard_in_the_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, said(keep_days=7))
    goes_on, late = threading.Event(), threading.Event()
    find = version_of

    def hanging(path: Path) -> object:
        goes_on.wait(TIMEOUT_S)
        return find(path)

    page = PageSettings(path.parent, on_late=late.set, timeout_s=0.02)
    monkeypatch.setattr(page_settings, "version_of", hanging)
    assert page.read().values == page.read().values == {}  # one thread waits, not two
    assert "the disk is silent" in str(page.fault)
    with pytest.raises(Busy):
        page.change({"keep_days": 8})
    goes_on.set()
    assert late.wait(TIMEOUT_S)
    assert page.read().values == {KEEP: 7}
    assert page.fault is None


def test_the_page_counts_below_the_file_and_above_the_apps_default(
    tmp_path: Path, path: Path
) -> None:
    file = tmp_path / "pet.toml"
    file.write_text("keep_mb = 1")
    write(path, said(keep_days=7, keep_mb=7, keep_free_mb=7, preroll_seconds=7, language="ja"))
    place = {"PET_STREAM_RECORD_PATH": path.parent, "PET_STREAM_CONFIG": file}
    settings = Settings(
        {**place, KEEP: 1}, {"PET_STREAM_KEEP_FREE_MB": 1}, {"PET_STREAM_PREROLL_SECONDS": 1}
    )
    config = settings.read()
    assert (config.keep_days, config.keep_mb, config.keep_free_mb) == (1, 1, 1)
    assert (config.preroll_seconds, config.language) == (7, "ja")


def test_a_fork_does_not_wait_for_what_its_parent_was_doing(path: Path) -> None:
    write(path, said(keep_days=7))
    settings = Settings({"PET_STREAM_RECORD_PATH": path.parent})
    settings.read()
    settings.page._changing.acquire()
    settings.handle_fork()
    assert settings.read().keep_days == 7
