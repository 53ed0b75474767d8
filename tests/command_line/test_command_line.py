"""The command line as a person types it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pet_stream.command_line import COMMANDS, main, run
from pet_stream.command_line.defaults import KEEP_FREE_MB, MAX_RECORDING_MINUTES
from pet_stream.config import SETTINGS
from pet_stream.version import __version__
from tests.waiting import TIMEOUT_S

CHECKOUT = Path(__file__).parents[2]


def pet_stream(*arguments: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "pet_stream.command_line", *arguments)


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        cwd=CHECKOUT,
        env={**os.environ, "COLUMNS": "100"},
        check=False,
    )


def test_help_names_every_command() -> None:
    result = pet_stream("--help")
    assert result.returncode == 0
    assert result.stdout.startswith("Usage: pet-stream [OPTIONS] COMMAND")
    _, commands = result.stdout.split("Commands:\n")
    assert [line.split()[0] for line in commands.splitlines()] == list(COMMANDS)


def test_a_command_imports_only_its_own_module() -> None:
    script = (
        "import sys; from pet_stream.command_line import main; "
        "main(['run', '--help'], standalone_mode=False); "
        "print(*(m.rpartition('.')[2] for m in sys.modules if 'pet_stream.command_line.' in m))"
    )
    assert not {"doctor", "feed", "status"} & set(python("-c", script).stdout.split())


def test_help_of_run_names_what_is_otherwise_than_in_a_host_app() -> None:
    text = " ".join(pet_stream("run", "-h").stdout.split())
    assert "Other settings come from the environment" in text
    assert f"less than {KEEP_FREE_MB} MB are free" in text
    assert f"longer than {MAX_RECORDING_MINUTES} minutes" in text


def test_version() -> None:
    assert pet_stream("--version").stdout == f"pet-stream {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "COMMAND"),
        (["dance"], "dance"),
        (["run", "--port", "70000"], "70000 is not a port"),
        (["run", "--port", "http"], "http is not a port"),
        (["run", "--max-clients", "many"], "many"),
        (["feed"], "SOURCE"),
        (["feed", "x", "--fps", "0"], "0.1 and 120"),
        (["feed", "x", "--layout", "seven-slots"], "six-slots"),
        (["feed", "x", "--stream", "0"], "x>=1"),
        (["feed", "x", "--input-option", "size"], "KEY=VALUE"),
        (["run", "--ice-server", "turn:example.org,me"], "needs both"),
        (["feed", "x", "--shm", "a/b"], "without further slashes"),
        (["doctor", "--shm", "sysv:none"], "sysv:"),
        (["demo", "--shm", "a/b"], "without further slashes"),
        (["doctor", "--seconds", "1000"], "0.5 and 60"),
        (["doctor", "--seconds", "soon"], "soon is not between 0.5 and 60"),
    ],
)
def test_a_wrong_command_line_is_explained(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    assert reason in capsys.readouterr().err


def test_within_other_groups_failures_are_the_same() -> None:
    """As `flask pet-stream` would have it."""
    script = (
        "import click; from pet_stream.command_line import main; "
        "click.Group('flask', [main]).main(['pet-stream', 'run', '--port', '0', "
        "'--max-clients', '0'])"
    )
    result = python("-c", script)
    assert result.returncode == 2
    assert result.stderr.startswith("pet-stream: PET_STREAM_MAX_CLIENTS = 0")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["run", "--max-clients", "0"], "PET_STREAM_MAX_CLIENTS = 0"),
        (["run", "--shm", "a/b"], "PET_STREAM_SHM"),
        (["run", "--ice-server", "http://example.org"], "PET_STREAM_ICE_SERVERS"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(arguments: list[str], reason: str) -> None:
    result = pet_stream(*arguments, "--port", "0")
    assert result.returncode == 2
    assert result.stderr.startswith("pet-stream: ")
    assert result.stderr.count("\n") == 1
    assert reason in result.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["run", "--host", "203.0.113.7"], "203.0.113.7 is not an address of this machine"),
        (["run", "--host", "no host"], "no host is not an address of this machine"),
        (["feed", "/nonexistent.mp4", "--shm", "SEGMENT"], "can't be opened"),
        (["feed", "/dev/video99", "--shm", "SEGMENT"], "can't be opened"),
        (["feed", "x", "--shm", "sysv:0x7e570001"], "only POSIX segments"),
    ],
)
def test_a_failure_is_one_line_and_exit_code_1(
    arguments: list[str], reason: str, segment_name: str
) -> None:
    arguments = [segment_name if word == "SEGMENT" else word for word in arguments]
    result = pet_stream(*arguments)
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("pet-stream: ")
    assert reason in last
    assert "Traceback" not in result.stderr


def test_help_shows_the_settings_own_defaults() -> None:
    defaults = {setting.name: setting.default for setting in SETTINGS}
    text = pet_stream("run", "--help").stdout
    for name in ("shm", "detections_shm", "record_path", "max_clients"):
        assert f"({defaults[name]})" in text.replace("\n", " ")


def test_ice_servers_are_given_one_by_one() -> None:
    arguments = ["--ice-server", "stun:a:3478", "--ice-server", "turn:b:3478,me,se,cret"]
    assert run.command.make_context("run", arguments).params["ice_servers"] == (
        {"urls": "stun:a:3478"},
        {"urls": "turn:b:3478", "username": "me", "credential": "se,cret"},
    )


def leaves(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, f"{name}{word} ")
        else:
            yield name + word, command


SPEAKING_TO_PEOPLE = {"demo", "run", "feed"}


def test_every_command_that_tells_something_tells_programs_too() -> None:
    with_json = {
        name for name, command in leaves(main) if "is_json" in {p.name for p in command.params}
    }
    assert with_json == {name for name, _ in leaves(main)} - SPEAKING_TO_PEOPLE


def completed(folder: Path, *words: str) -> list[str]:
    """What a shell offers for the last of `words`."""
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            "from pet_stream.command_line import main; main(prog_name='pet-stream')",
        ],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
        env={
            **os.environ,
            "_PET_STREAM_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["pet-stream", *words]),
            "COMP_CWORD": str(len(words)),
            "FLASK_PET_STREAM_RECORD_PATH": str(folder),
        },
    )
    return [line.partition(",")[2] for line in result.stdout.splitlines() if line]


def test_a_shell_completes_commands_options_and_recordings(tmp_path: Path) -> None:
    for name in ("cat.mp4", "car.mp4", "dog.mp4", "ca;rm -rf.mp4"):
        (tmp_path / name).touch()
    assert completed(tmp_path, "rec") == ["recordings"]
    assert completed(tmp_path, "recordings", "p") == ["prune"]
    assert completed(tmp_path, "status", "--fin") == ["--fingerprint"]
    assert sorted(completed(tmp_path, "recordings", "export", "ca")) == ["car.mp4", "cat.mp4"]
    settings = tmp_path / "faulty.toml"
    settings.write_text("nonsense")
    assert completed(tmp_path, "recordings", "export", "--config", str(settings), "ca") == []


def test_bash_takes_what_the_docs_name(tmp_path: Path) -> None:
    page = (CHECKOUT / "docs" / "command-line.md").read_text()
    found = re.search(r"(?m)^eval \"\$\(_PET_STREAM_COMPLETE=bash_source pet-stream\)\"", page)
    assert found
    result = subprocess.run(
        ["bash", "-c", f"{found[0]}; complete -p pet-stream"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert "-F _pet_stream_completion pet-stream" in result.stdout
