"""A new file is whole, or not there."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pet_stream.command_line.failures import Failure
from pet_stream.command_line.output import new_file
from tests.waiting import TIMEOUT_S

WRITES = """
import sys
from pet_stream.command_line.output import new_file
with new_file(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    print("half", flush=True)
    sys.stdin.read()
"""


def test_it_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with new_file(str(path), 0o600) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("there", ["file", "folder", "dangling link"])
def test_what_is_there_stays(tmp_path: Path, there: str) -> None:
    path = tmp_path / "there"
    if there == "file":
        path.write_text("mine")
    elif there == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Failure, match="is there already"), new_file(str(path)):
        pytest.fail("nothing is to be done")
    assert list(tmp_path.iterdir()) == [path]


def test_who_comes_first_keeps_the_name(tmp_path: Path) -> None:
    path = tmp_path / "new"
    with pytest.raises(Failure, match="is there already"), new_file(str(path)):
        path.write_text("first")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="broken"), new_file(str(tmp_path / "new")):
        raise ValueError("broken")
    lost = new_file(str(tmp_path / "none" / "new"))
    with pytest.raises(Failure, match="can't be written: No such file"), lost:
        pytest.fail("nothing is to be done")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_half_of_it_is_left_under_its_name(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "new"
    with subprocess.Popen(
        [sys.executable, "-c", WRITES, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        os.kill(process.pid, number)
        process.wait(TIMEOUT_S)
    assert not path.exists()
    assert len(list(tmp_path.iterdir())) == (0 if number == signal.SIGINT else 1)
