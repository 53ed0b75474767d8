"""Writes the reference of the command line from the commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from pet_stream.command_line import COMMANDS, main
from pet_stream.command_line.failures import MEANINGS


def commands() -> str:
    """Every command, with its arguments and options, as Markdown."""
    context = click.Context(main, info_name="pet-stream")
    found = ((name, main.get_command(context, name)) for name in COMMANDS)
    return "\n".join(part for name, command in found if command for part in _parts(name, command))


def exit_codes() -> str:
    rows = [f"| {int(code)} | {meaning} |" for code, meaning in MEANINGS.items()]
    return "\n".join(["| code | meaning |", "| --- | --- |", *rows]) + "\n"


def _parts(name: str, command: click.Command) -> Iterator[str]:
    if isinstance(command, click.Group):
        for inner, child in command.commands.items():
            yield from _parts(f"{name} {inner}", child)
        return
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    words = " ".join(
        [
            *(str(each.metavar or each.human_readable_name) for each in arguments),
            *(_example(each) for each in options if each.required),
        ]
    )
    yield f"### {name}\n\n```console\npet-stream {name} {words}".rstrip() + "\n```\n"
    yield _prose(command.help or "") + "\n"
    if options:
        rows = [f"| {_spelled(each)} | {_cell(each.help or '')} |" for each in options]
        yield "\n".join(["| option | |", "| --- | --- |", *rows]) + "\n"


def _example(option: click.Option) -> str:
    """What the command is not complete without."""
    if isinstance(option.type, click.Choice):
        return f"{option.opts[0]} {option.type.choices[0]}"
    return f"{option.opts[0]} {option.metavar or option.type.name.upper()}"


def _spelled(option: click.Option) -> str:
    if option.is_flag:
        value = ""
    elif isinstance(option.type, click.Choice):
        value = " " + "|".join(map(str, option.type.choices))
    else:
        value = " " + (option.metavar or option.type.name.upper())
    return _cell(f"`{', '.join(option.opts)}{value}`")


def _prose(text: str) -> str:
    """Paragraphs on a line each; indented lines as code."""
    return "\n\n".join(map(_paragraph, re.split(r"\n\s*\n", inspect.cleandoc(text))))


def _paragraph(text: str) -> str:
    if text.startswith("  "):
        return f"```console\n{inspect.cleandoc(text)}\n```"
    return " ".join(text.split())


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
