"""`pet-stream install-service`: makes it a service of systemd, which starts with the machine."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .failures import ExitCode, Failure, json_option, printable

if TYPE_CHECKING:
    from ..service.installation import Installation, Step

DEFAULT_USER = "pet-stream"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}", re.ASCII)
_BESIDE_PYTHON = Path(sys.executable).parent
_FOLDER = click.Path(path_type=Path)


def service_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise click.BadParameter(f"{text!r} is no name of letters, digits, '_', '.' and '-'")
    return text


@click.command(
    "install-service",
    short_help="start it with the machine, by systemd",
    help="Make `pet-stream run` a service of systemd, which starts with the machine, and anew when "
    "it fails. It shows what it will do, and asks. What stands behind -- are options of `run`:\n\n"
    "  pet-stream install-service -- --host 0.0.0.0 --tls-self-signed\n\n"
    "Installing it again replaces it.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[-- OPTIONS]")
@click.option("--demo", "is_demo", is_flag=True, help="serve the embedded camera, by `demo`")
@click.option(
    "--app",
    metavar="MODULE:APP",
    help="serve a host's app under gunicorn, whose options stand behind --",
)
@click.option(
    "--app-folder",
    type=_FOLDER,
    metavar="FOLDER",
    default=Path(),
    help="the folder of that module (.)",
)
@click.option("--name", type=service_name, metavar="NAME", help="of the service (pet-stream)")
@click.option("--run-as", metavar="USER", help=f"the user that it runs as ({DEFAULT_USER})")
@click.option(
    "--group", "groups", metavar="GROUP", multiple=True, help="a further group (repeatable)"
)
@click.option("--user", "is_own", is_flag=True, help="a service of your own, not the system's")
@click.option("--uninstall", is_flag=True, help="stop it and remove it; recordings stay")
@click.option("--dry-run", is_flag=True, help="only show the unit file, and what would be done")
@click.option("--yes", is_flag=True, help="don't ask")
@json_option
@click.option(
    "--root",
    type=_FOLDER,
    metavar="FOLDER",
    default=Path("/"),
    help="write below this folder only, for packagers",
)
@click.option(
    "--program",
    type=_FOLDER,
    metavar="FILE",
    help="`pet-stream` or gunicorn (of this installation)",
)
@click.pass_context
def command(
    context: click.Context,
    arguments: tuple[str, ...],
    is_demo: bool,
    app: str | None,
    app_folder: Path,
    name: str | None,
    run_as: str | None,
    groups: tuple[str, ...],
    is_own: bool,
    uninstall: bool,
    dry_run: bool,
    yes: bool,
    is_json: bool,
    root: Path,
    program: Path | None,
) -> None:
    from ..service.installation import Installation
    from ..service.obstacles import group_of_camera
    from ..service.program import hosts_program
    from ..service.unit_file import Unit
    from .service_program import own_program

    if is_demo and app is not None:
        raise click.UsageError("Either --demo or --app")
    if is_own and (run_as is not None or groups):
        raise click.UsageError("--user is for yourself: leave --run-as and --group out")
    root = root.absolute()
    if app is None:
        served = own_program(
            program or _BESIDE_PYTHON / "pet-stream", arguments, name, root, is_demo=is_demo
        )
    else:
        gunicorn = program or _BESIDE_PYTHON / "gunicorn"
        served = hosts_program(gunicorn.absolute(), app, app_folder.absolute(), arguments, name)
    if is_json and not (yes or dry_run):
        raise click.UsageError("--json asks nothing: add --yes or --dry-run")
    user = None if is_own else run_as or DEFAULT_USER
    try:
        groups = (*groups, *group_of_camera(served, user, root))
        installation = Installation(Unit(served, user, groups), root)
        plan = _Plan.of_removal(installation) if uninstall else _Plan.of(installation)
        if not dry_run:
            plan.obstacles += _without_rights(installation)
        if not is_json:
            plan.show(with_unit=dry_run)
        is_agreed = not plan.obstacles and not dry_run and (yes or click.confirm("\nGo on?"))
        if is_agreed:
            for step in plan.steps:
                step.do()
    except (OSError, ValueError, subprocess.SubprocessError) as exc:
        raise Failure(str(exc)) from exc
    if is_json:
        click.echo(json.dumps({**plan.to_json(), "is_done": is_agreed}, indent=2))
    elif is_agreed:
        _say_what_next(installation, uninstall)
    context.exit(ExitCode.TROUBLE if plan.obstacles else ExitCode.WELL)


@dataclass
class _Plan:
    """What is to be done, and what is in the way."""

    file: Path
    unit: str
    obstacles: list[str]
    steps: list[Step]

    @classmethod
    def of(cls, wanted: Installation) -> _Plan:
        """Raises OSError, and ValueError where a value can't stand in a unit file."""
        return cls(wanted.file, wanted.text(), wanted.obstacles(), wanted.steps())

    @classmethod
    def of_removal(cls, found: Installation) -> _Plan:
        return cls(found.file, "", found.obstacles_to_removal(), found.steps_of_removal())

    def show(self, *, with_unit: bool) -> None:
        if with_unit and self.unit:
            click.echo(self.unit)
        for text in self.obstacles:
            click.echo(f"pet-stream: {printable(text)}", err=True)
        if not self.obstacles:
            click.echo("This will")
            for step in self.steps:
                click.echo(f"  {step.words}")

    def to_json(self) -> dict[str, object]:
        return {
            "file": str(self.file),
            "unit": self.unit,
            "obstacles": self.obstacles,
            "steps": [step.words for step in self.steps],
        }


def _without_rights(installation: Installation) -> list[str]:
    if installation.unit.is_system and installation.root == Path("/") and os.geteuid() != 0:
        return [f"Only root can do that: sudo {shlex.join(sys.argv)}"]
    return []


def _say_what_next(installation: Installation, uninstall: bool) -> None:
    unit, name = installation.unit, installation.unit.program.name
    systemctl, journalctl = "systemctl", "journalctl -u"
    if not unit.is_system:
        systemctl, journalctl = "systemctl --user", "journalctl --user-unit"
    if uninstall:
        click.echo(f"Recordings and accounts are still there: by default in {unit.state_folder}")
        return
    if installation.is_running:
        click.echo(f"It runs: {journalctl} {name} shows what it says, and who may sign in")
    elif installation.root != Path("/"):
        click.echo(f"On that machine: {systemctl} enable --now {name}")
    else:
        click.echo(f"No systemd runs here. Where it does: {systemctl} enable --now {name}")
    click.echo(f"Settings are read from {unit.settings_file}, then: {systemctl} restart {name}")
    if not unit.is_system:
        click.echo("It ends when you log out, unless: loginctl enable-linger")
