"""What of the log a command shows, and in which form. It goes to the error output."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import click

from ..logs.levels import parse_level
from ..logs.secrets import without_secrets

F = TypeVar("F", bound=Callable[..., Any])

_FORMAT = "pet_stream.log_format"
_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_JSON = "%(levelname)s %(name)s %(threadName)s %(message)s"
_JSON_NAMES = {"levelname": "level", "name": "logger", "threadName": "thread"}
_LOUD = ("aiortc", "aioice", "asyncio", "libav", "werkzeug")
"""They would log each packet."""


def log_options(level: int) -> Callable[[F], F]:
    """Returns what adds `--verbose`. The log begins when that is parsed, without it at `level`."""

    def begin(context: click.Context, _option: click.Parameter, is_verbose: bool) -> None:
        if context.resilient_parsing:  # a shell completes a line
            return
        handler = _Handler()
        handler.setFormatter(_formatter(context.meta.get(_FORMAT, "text")))
        logging.basicConfig(level=logging.DEBUG if is_verbose else level, handlers=[handler])
        for name in _LOUD:
            logging.getLogger(name).setLevel(logging.WARNING)

    return click.option(
        "--verbose", is_flag=True, expose_value=False, callback=begin, help="log every detail"
    )


def serving_log_options(level: int) -> Callable[[F], F]:
    """Returns what adds `--log-format`, `--log-level`, which is a setting, and `--verbose`."""

    def note(context: click.Context, _option: click.Parameter, value: str) -> None:
        context.meta[_FORMAT] = value

    def add(command: F) -> F:
        for option in (
            log_options(level),
            click.option(
                "--log-level",
                "log_levels",
                type=_level,
                multiple=True,
                callback=lambda _context, _option, levels: levels or None,
                metavar="[MODULE=]LEVEL",
                help="debug, info, warning or error; of one module: pet_stream.webrtc=debug "
                f"(repeatable; {logging.getLevelName(level).lower()})",
            ),
            click.option(
                "--log-format",
                type=click.Choice(["text", "json"]),
                default="text",
                is_eager=True,
                expose_value=False,
                callback=note,
                help="json: an object in each line, for programs (text)",
            ),
        ):
            command = option(command)
        return command

    return add


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # can't be had on 3.10
    """Writes to the error output, and no secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def _level(text: str) -> str:
    try:
        parse_level(text)
    except ValueError as exc:
        raise click.BadParameter(f"{text!r} is {exc}") from exc
    return text


def _formatter(form: str) -> logging.Formatter:
    """Raises UsageError if there is nothing to write `form` with."""
    if form == "text":
        return logging.Formatter(_TEXT)
    try:
        from pythonjsonlogger.json import JsonFormatter  # lazy: an extra
    except ImportError as exc:
        raise click.UsageError(
            "--log-format json needs python-json-logger: pip install 'pet_stream[json-log]'"
        ) from exc
    return JsonFormatter(
        _JSON, rename_fields=_JSON_NAMES, timestamp="time", json_ensure_ascii=False
    )
