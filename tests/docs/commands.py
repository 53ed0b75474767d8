"""Checks a line of shell against the programs that it names, without running it.

What is known of a program is taken from the program: options and arguments of `pet-stream`, the
targets of make, the routes of an app that is asked by curl.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from urllib.parse import urlsplit

import click
from flask import Flask
from gunicorn.config import Config as GunicornConfig

from pet_stream import PetStream
from pet_stream.command_line import COMMANDS, SERVING, main
from pet_stream.config import SETTINGS
from tools.reference_tables import CHECKOUT

_VARIABLES = {
    "PET_STREAM_URL",
    "PET_STREAM_TOKEN",
    "PET_STREAM_CONFIG",
    *(f"FLASK_{setting.key}" for setting in SETTINGS),
}
_ASSIGNMENT = re.compile(r"([A-Z_]+)=(.*)", re.DOTALL)
_SERVERS = ("$CAMERA", "http://127.0.0.1:8080", "http://camera.local:8080")
_NEVER_CONVERTED = (click.Path, click.File)
"""Files and folders of the examples, which are not there."""


class UnknownProgram(Exception):
    """Nothing here can tell whether it is right."""


def check(text: str) -> None:
    """Raises UnknownProgram for the first program that is not known, after all that are were
    checked; AssertionError or the program's own error for what is wrong."""
    unknown = [words[0] for words in _commands(text) if not _check_command(words)]
    if unknown:
        raise UnknownProgram(", ".join(unknown))


def _commands(text: str) -> Iterator[list[str]]:
    """The words of each command, those of a pipe one after the other."""
    for line in text.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|")
        lexer.whitespace_split = True
        command: list[str] = []
        for word in [*lexer, "|"]:
            if word != "|":
                command.append(word)
            elif command:
                yield command
                command = []


def _check_command(words: Sequence[str]) -> bool:
    """Returns False if it is not known."""
    if words[0] == "sudo":
        return _check_command(words[1:])
    if words[0] == "export":
        assert words[1:]
        return all(map(_check_assignment, words[1:]))
    if _ASSIGNMENT.fullmatch(words[0]):
        return _check_assignment(words[0]) and _check_command(words[1:])
    program = words[0].rpartition("/")[2]
    checked = _PROGRAMS.get(program)
    if checked is None:
        return False
    checked(list(words[1:]))
    return True


def _check_assignment(word: str) -> bool:
    match = _ASSIGNMENT.fullmatch(word)
    assert match, word
    assert match[1] in _VARIABLES, match[1]
    return True


def check_pet_stream(words: Sequence[str], *, is_whole: bool = True) -> None:
    """`is_whole`: no argument that the command needs is missing."""
    group: click.Group = main
    context = click.Context(main, info_name="pet-stream")
    rest = list(words)
    if rest[:1] in (["--version"], ["--help"]):
        return
    while True:
        assert rest, "no command"
        command = group.get_command(context, rest[0])
        assert command is not None, f"no such command: {rest[0]}"
        context = click.Context(command, info_name=rest.pop(0), parent=context)
        if not isinstance(command, click.Group):
            break
        if not rest and not is_whole:
            return
        group = command
    if command.name == "install-service" and "--" in rest:
        check_pet_stream(["run", *rest[rest.index("--") + 1 :]])
        rest = rest[: rest.index("--")]
    values, left, _ = command.make_parser(context).parse_args(rest)
    assert not left, f"too much: {left}"
    for param in command.params:
        value = values.get(param.name or "")
        if param.required and is_whole:
            assert value is not None, f"{param.human_readable_name} is missing"
        is_checked = is_whole and not isinstance(param.type, _NEVER_CONVERTED)
        for each in value if isinstance(value, list) else [value]:
            if is_checked and isinstance(each, str):
                param.type.convert(each, param, context)


def _check_flask(words: list[str]) -> None:
    assert words[0] == "--app"
    assert words[2] == "pet-stream"
    assert words[3] in COMMANDS
    assert words[3] not in SERVING
    check_pet_stream(words[3:])


def check_make(words: Sequence[str]) -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    for word in words:
        if word.startswith("ARGS="):
            continue
        assert f"\n{word}:" in makefile, f"no such target: {word}"
    if words[0] in ("demo", "run"):
        for word in words[1:]:
            check_pet_stream([words[0], *shlex.split(word.removeprefix("ARGS="))])


def _check_curl(words: list[str]) -> None:
    """Its request has a route."""
    parser = argparse.ArgumentParser("curl", exit_on_error=False)
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("-o", dest="output")
    for flag in "OJNsS":
        parser.add_argument(f"-{flag}", action="store_true")
    parser.add_argument("url")
    request = parser.parse_args(words)
    if request.data is not None:
        assert "Content-Type: application/json" in request.headers
        json.loads(request.data)
    check_route(request.url, request.method or ("POST" if request.data else "GET"))


def _check_player(words: list[str]) -> None:
    """What it plays has a route; its other options are its own."""
    urls = [word for word in words if word.startswith(_SERVERS)]
    assert urls
    for url in urls:
        check_route(url)


def check_route(url: str, method: str = "GET") -> None:
    for server in _SERVERS:
        url = url.removeprefix(server)
    app = Flask("host")
    app.config["PET_STREAM_AUTOSTART"] = False
    PetStream(app)
    app.url_map.bind("localhost").match(urlsplit(url).path, method)


def _check_gunicorn(words: list[str]) -> None:
    found = GunicornConfig().parser().parse_args(words)
    assert found.workers == 1
    assert found.threads >= 8
    assert found.args


def _check_python(words: list[str]) -> None:
    """Only `-m MODULE`, whose files are there."""
    assert words[0] == "-m"
    assert find_spec(words[1]), words[1]
    for word in words[2:]:
        if word.endswith(".py"):
            assert (CHECKOUT / word).is_file(), word


_PROGRAMS: dict[str, Callable[[list[str]], None]] = {
    "pet-stream": check_pet_stream,
    "flask": _check_flask,
    "make": check_make,
    "curl": _check_curl,
    "gunicorn": _check_gunicorn,
    **dict.fromkeys(("ffplay", "ffmpeg", "ffprobe", "mpv", "vlc", "cvlc"), _check_player),
    "python": _check_python,
    "python3": _check_python,
}
