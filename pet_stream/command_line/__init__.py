"""The command line: `pet-stream demo | run | feed | doctor | status | snapshot | people | …`.

    main             the entrance: help, version, the commands
      failures       how a command fails: one line, and the exit codes
      demo, run      serve a host app until a signal comes
        hosting      web server and app, from their start to their end
          host       the Flask app: what `web_monitor.py` is on the board
          service_watch   what systemd is told while they serve
          announcement, addresses   what a person is told at the start
        tls          the certificate by which they speak HTTPS
        proxy        where a proxy serves them
        defaults     settings whose defaults differ from those in a host app
        browser      shows the page on this desktop (`demo` only)
      feed           writes a video into shared memory: its work is in `pet_stream.feed`
      doctor         checks everything: its work is in `pet_stream.doctor`
      config         shows the settings, and where each comes from
      recordings, recordings_bin, recordings_upkeep
                   the files: list, export; delete, restore, bin; prune, repair
      backup         backup, restore, factory-reset: their work is in `pet_stream.backup`
      status, snapshot, profile   ask a server that runs
        speedscope           shows a profile in the browser
        http_client, trust   how they ask it, and which they believe
        server_options       the options that name it
      install_service   starts it with the machine: its work is in `pet_stream.service`
        service_program   what that starts, by the options of `run` or `demo`
      accounts       people, invite, token: who may sign in
    this_machine     the settings that count here: the host's in `flask pet-stream`
    folder_lock      one process at a time changes the recordings' folder
    output, progress   where a new file is written to; a bar for long work
    log_options      what of the log is shown, and how
    options          options that several commands share

Everything here runs in the main thread, but for the one that opens a browser. A command's module is
imported when the command is named, and its work when it is run: `run` on a small board loads
nothing of the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from ..errors import PetStreamError
from ..version import __version__
from .failures import ExitCode, failure_of
from .this_machine import is_in_host

COMMANDS = {
    "demo": "demo:command",
    "run": "run:command",
    "feed": "feed:command",
    "doctor": "doctor:command",
    "install-service": "install_service:command",
    "status": "status:command",
    "snapshot": "snapshot:command",
    "profile": "profile:command",
    "config": "config:command",
    "recordings": "recordings:group",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "factory-reset": "backup:factory_reset",
    "people": "accounts:people",
    "invite": "accounts:invite",
    "token": "accounts:token",
}
"""Module and name of each, in the order in which help shows them."""
SERVING = ("demo", "run")
"""Not part of `flask pet-stream`: there the host serves."""


class Commands(click.Group):
    """Imports a command when it is named. Turns failures and Ctrl-C into exit codes, the same ones
    when it is part of another group."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PetStreamError as exc:
            with ctx.scope(cleanup=False):
                raise failure_of(exc) from exc
        except KeyboardInterrupt:
            ctx.exit(ExitCode.INTERRUPTED)  # click would say "Aborted!"

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if name not in SERVING or not is_in_host(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f".{module}", __package__), name)
        return command


@click.group(
    "pet-stream",
    cls=Commands,
    help="Live H.264 from a camera's shared memory in the browser.",
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="pet-stream", message="%(prog)s %(version)s")
def main() -> None:
    pass
