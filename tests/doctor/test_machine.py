"""What pet_stream needs of its machine."""

from __future__ import annotations

import shutil
import socket
from collections import namedtuple
from pathlib import Path

import pytest

from pet_stream.doctor.finding import Level
from pet_stream.doctor.machine import check_dependencies, check_folder, check_port


def test_what_is_installed_is_well() -> None:
    findings = list(check_dependencies())
    assert {finding.level for finding in findings} == {Level.OK}
    assert "aiortc" in findings[0].message


def test_a_missing_dependency_is_named() -> None:
    [finding] = check_dependencies(("flask", "no-such-distribution"))
    assert "pip install no-such-distribution" in finding.advice


def test_a_taken_port_is_said(free_port: int) -> None:
    assert check_port("127.0.0.1", free_port).level is Level.OK
    with socket.create_server(("127.0.0.1", free_port)):
        finding = check_port("127.0.0.1", free_port)
    assert finding.level is Level.PROBLEM
    assert str(free_port) in finding.message


def test_a_folder_that_is_there_or_can_be_made_is_well(tmp_path: Path) -> None:
    for folder, words in ((tmp_path, "can be written"), (tmp_path / "a" / "b", "will be made")):
        findings = list(check_folder(folder))
        assert [finding.level for finding in findings] == [Level.OK, Level.OK]
        assert words in findings[0].message
        assert "hours" in findings[1].message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_a_folder_that_is_none_is_said(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    [finding] = check_folder(tmp_path / folder)
    assert "is not a folder" in finding.message


def test_a_folder_that_can_not_be_written_is_said() -> None:
    [finding] = check_folder(Path("/proc"))
    assert "can't be written" in finding.message


@pytest.mark.parametrize(
    ("free_bytes", "level"), [(10**7, Level.PROBLEM), (10**9, Level.WARNING), (10**10, Level.OK)]
)
def test_little_space_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_bytes: int, level: Level
) -> None:
    usage = namedtuple("usage", ["total", "used", "free"])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**11, 0, free_bytes))
    assert list(check_folder(tmp_path))[1].level is level
