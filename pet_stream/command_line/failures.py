"""How a command ends when it fails: one line on the error output, and an exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeVar

import click

from ..errors import CertificateUnusable, ConfigError, NotRecorderOwner, PetStreamError

F = TypeVar("F", bound=Callable[..., Any])

_IS_JSON = "pet_stream.is_json"


class ExitCode(IntEnum):
    """What scripts can rely on."""

    WELL = 0
    TROUBLE = 1
    WRONG = 2
    UNREACHABLE = 3
    REFUSED = 4
    IN_USE = 5
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.WELL: "all went well, and what was looked at is well",
    ExitCode.TROUBLE: "it failed, or what was looked at is not well",
    ExitCode.WRONG: "the command line or a setting is wrong",
    ExitCode.UNREACHABLE: "no server of ours answers there",
    ExitCode.REFUSED: "the server answers, but not to this token",
    ExitCode.IN_USE: "the recordings' folder belongs to a server that runs",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C",
}


class Failure(click.ClickException):
    """An error that may be expected, told in one line; with `--json` as JSON, where the result
    would be."""

    exit_code = ExitCode.TROUBLE

    def __init__(self, message: str, code: str = "failed") -> None:
        super().__init__(printable(message))
        self.code = code
        context = click.get_current_context(silent=True)
        self._is_json = context is not None and context.meta.get(_IS_JSON, False)

    def show(self, file: Any = None) -> None:
        if self._is_json:
            click.echo(json.dumps({"error": self.message, "code": self.code}), file)
        else:
            click.echo(f"pet-stream: {self.message}", file, err=file is None)


class WrongSetting(Failure):
    exit_code = ExitCode.WRONG


class Unreachable(Failure):
    """No server, none of ours, or none that can be trusted."""

    exit_code = ExitCode.UNREACHABLE

    def __init__(self, message: str) -> None:
        super().__init__(message, "unreachable")


class Refused(Failure):
    """The server does not let this token, or nobody without one, do it."""

    exit_code = ExitCode.REFUSED


class InUse(Failure):
    exit_code = ExitCode.IN_USE


def failure_of(error: PetStreamError) -> Failure:
    kind = Failure
    if isinstance(error, ConfigError | CertificateUnusable):
        kind = WrongSetting
    elif isinstance(error, NotRecorderOwner):
        kind = InUse
    return kind(str(error), error.code)


def json_option(command: F) -> F:
    """Add `--json`, whose value is `is_json`; a failure is told as JSON, too."""

    def note(context: click.Context, _option: click.Parameter, is_json: bool) -> bool:
        context.meta[_IS_JSON] = is_json
        return is_json

    return click.option(
        "--json", "is_json", is_flag=True, callback=note, help="print JSON, for programs"
    )(command)


def printable(text: str) -> str:
    """Returns `text` as one line that can't steer a terminal: it may come from elsewhere."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
