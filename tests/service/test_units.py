"""The unit files, as systemd understands them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from pet_stream.service.program import Program
from pet_stream.service.unit_file import MARK, Unit, command_line, plain, quoted
from tests.waiting import TIMEOUT_S
from tools.deploy_files import PROGRAMS, unit_files

MOST_EXPOSED = 20
"""Tenths: what `systemd-analyze security` may give it."""
ODD_WORDS = (
    *("a b", "50%", "%h", "$HOME", "${HOME}", "x\\y", ";", 'q"r', "it's", "ü", "-", "#", "\\x41"),
    *("", " ", "'", '"', "\\", "%%", "$$", "@x", "a;b"),
)


def analyze(*arguments: str, **environment: str) -> str:
    """What systemd-analyze says; it may complain of nothing."""
    result = subprocess.run(
        ["systemd-analyze", "--no-pager", "--man=no", *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env={**os.environ, **environment},
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


def verified(unit: Unit, folder: Path) -> str:
    """How systemd has understood it; it may find nothing wrong."""
    path = folder / f"{unit.program.name}.service"
    path.write_text(unit.text())
    command = ("--system" if unit.is_system else "--user", "verify", str(path))
    environment = {"XDG_RUNTIME_DIR": str(folder), "SYSTEMD_COLORS": "0"}
    assert analyze(*command, **environment) == ""
    return analyze(*command, **environment, SYSTEMD_LOG_LEVEL="debug")


def make_program(folder: Path, *arguments: str, name: str = "pet-stream") -> Program:
    """One whose command can be started, since systemd looks for it."""
    executable = folder / name
    executable.parent.mkdir(parents=True, exist_ok=True)
    executable.write_text("#!/bin/sh\n")
    executable.chmod(0o755)
    return Program("pet-test", "a test", (str(executable), *arguments))


@pytest.mark.parametrize("path", unit_files(), ids=lambda path: path.name)
def test_those_in_deploy_are_those_of_the_code(path: Path) -> None:
    assert path.read_text() == unit_files()[path], "make format writes them"
    assert path.read_text().startswith(MARK)


@pytest.mark.parametrize("path", unit_files(), ids=lambda path: path.name)
def test_they_are_closed_off(path: Path) -> None:
    security = ("security", "--offline=true", f"--threshold={MOST_EXPOSED}")
    assert "Overall exposure level" in analyze(*security, str(path))


@pytest.mark.parametrize("user", ["daemon", None], ids=["system", "user"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_systemd_takes_them(program: Program, user: str | None, tmp_path: Path) -> None:
    started = make_program(tmp_path)
    command = (started.command[0], *program.command[1:])
    own = Program(program.name, program.description, command, is_ours=program.is_ours)
    said = verified(Unit(own, user, ("video",) if user else ()), tmp_path)
    assert "Restart: always" in said


def test_what_it_is_started_with_arrives_as_it_is(tmp_path: Path) -> None:
    program = make_program(tmp_path, "run", *ODD_WORDS, name="a b 50% %h @x@/pet stream")
    said = verified(Unit(program, "daemon"), tmp_path)
    found = re.search(r"Command Line: (.*)", said)
    assert found is not None, said
    words = [word.replace("\\$", "$") for word in shlex.split(found[1])]
    assert [word.replace("$$", "$") for word in words] == list(program.command)  # when it starts


def test_the_folders_that_it_writes_arrive_as_they_are(tmp_path: Path) -> None:
    folders = (Path('/srv/a b/50%/q"r'), Path("/srv/c"))
    command = make_program(tmp_path).command
    program = Program("pet-test", "a test", command, folders=folders)
    said = verified(Unit(program, "daemon"), tmp_path)
    assert f"ReadWritePaths: -{folders[0]} -{folders[1]}\n" in said


@pytest.mark.parametrize("text", ["a\nb", "a\rExecStart=/bin/sh", "\0", "\x1b[31m", "\ud800"])
def test_what_can_t_stand_in_a_unit_is_refused(text: str) -> None:
    for function in (plain, quoted, lambda word: command_line(("/bin/true", word))):
        with pytest.raises(ValueError, match="can't stand"):
            function(text)


@pytest.mark.parametrize("executable", ["a/b", "-/bin/true", "/$HOME/a", "/a'b", '/a"b', "/a\\b"])
def test_a_command_that_systemd_would_not_find_is_refused(executable: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        command_line((executable, "run"))


def test_only_a_low_port_needs_a_capability(tmp_path: Path) -> None:
    def capabilities(port: int) -> set[str]:
        program = Program("pet-test", "a test", ("/bin/true",), port=port)
        return set(re.findall(r"(?m)^\w+Capabilit\w+=(.*)$", Unit(program, "daemon").text()))

    assert capabilities(8080) == capabilities(0) == capabilities(1024) == {""}
    assert capabilities(443) == {"CAP_NET_BIND_SERVICE"}
