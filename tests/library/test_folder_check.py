"""A folder that takes no recordings is told of before somebody presses the button."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from pet_stream.library.folder_check import FAULT_INTERVAL_S, INTERVAL_S, FolderCheck, find_fault
from pet_stream.library.housekeeping import Housekeeper, Task

from ..apps import mounted_app
from ..waiting import TIMEOUT_S, wait_until


class CountingHousekeeper(Housekeeper):
    def __init__(self) -> None:
        super().__init__("test-housekeeping")
        self.count = 0

    def submit(self, task: Task) -> Future[None]:
        self.count += 1
        return super().submit(task)


@pytest.fixture
def housekeeper() -> Iterator[CountingHousekeeper]:
    housekeeper = CountingHousekeeper()
    yield housekeeper
    housekeeper.stop(TIMEOUT_S)


def code_of(folder: Path, min_free_bytes: int = 0) -> str | None:
    fault = find_fault(folder, min_free_bytes)
    return None if fault is None else fault.code


def test_what_keeps_a_recording_from_beginning(tmp_path: Path, read_only_folder: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert code_of(tmp_path) is None
    assert code_of(tmp_path / "to" / "be" / "made") is None
    assert code_of(read_only_folder) == "not_writable"
    assert code_of(read_only_folder / "to" / "be" / "made") == "not_writable"
    assert code_of(tmp_path / "file") == "not_a_folder"
    assert code_of(tmp_path / "file" / "recordings") == "not_a_folder"
    assert code_of(tmp_path / "link") == "not_a_folder"
    assert code_of(tmp_path, 10**17) == "disk_almost_full"
    assert list(read_only_folder.iterdir()) == []


def test_it_is_looked_at_once_a_minute_and_a_fault_each_second(
    tmp_path: Path, housekeeper: CountingHousekeeper
) -> None:
    now_s = 1000.0
    folder = tmp_path / "recordings"
    check = FolderCheck(folder, 0, housekeeper, lambda: now_s)
    folder.touch()
    assert check.fault() is None  # nobody has looked yet
    wait_until(check.fault)
    folder.unlink()
    for _ in range(100):
        assert check.fault() == "the recordings folder is not a folder"
    assert housekeeper.count == 1
    now_s += FAULT_INTERVAL_S
    wait_until(lambda: check.fault() is None)
    folder.touch()
    now_s += INTERVAL_S / 2
    assert check.fault() is None
    assert housekeeper.count == 2
    now_s += INTERVAL_S
    wait_until(check.fault)
    assert housekeeper.count == 3


def test_health_says_so_without_naming_the_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with mounted_app(tmp_path, RECORD_PATH=tmp_path / "file") as app:
        client = app.test_client()
        wait_until(lambda: "not_a_folder" in client.get("/health").get_json()["reason_codes"])
        answer = client.get("/health")
        assert "Nothing can be recorded: the recordings folder is not a folder" in answer.text
        assert str(tmp_path) not in answer.text
