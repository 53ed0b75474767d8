"""The command line: `pet-stream demo | run | feed | doctor | people | invite | token`.

    main             the entrance: help, version, failures and exit codes
      demo, run      serve a host app until a signal comes
        hosting      web server and app, from their start to their end
          host       the Flask app: what `web_monitor.py` is on the board
          announcement, addresses   what a person is told at the start
        tls          the certificate by which they speak HTTPS
        proxy        where a proxy serves them
        defaults     settings whose defaults differ from those in a host app
        browser      shows the page on this desktop (`demo` only)
      feed           writes a video into shared memory: its work is in `pet_stream.feed`
      doctor         checks everything: its work is in `pet_stream.doctor`
      accounts       people, invite, token: who may sign in
    options          options that several commands share

Everything here runs in the main thread, but for the one that opens a browser. A command imports its
work when it is run, so that help loads none of it, and `run` on a small board nothing of `feed`.

Exit codes: 0 all went well, 1 it failed (one line on the error output says why) or `doctor` found a
problem, 2 the command line or a setting is wrong, 130 interrupted.
"""

from __future__ import annotations

from typing import Any

import click

from ..errors import CertificateUnusable, ConfigError, PetStreamError
from ..version import __version__
from . import accounts, demo, doctor, feed, run


class Failure(click.ClickException):
    """An error that may be expected, told in one line."""

    def show(self, file: Any = None) -> None:
        click.echo(f"pet-stream: {self.message}", file, err=file is None)


class WrongSetting(Failure):
    exit_code = 2


class Commands(click.Group):
    """Turns failures and Ctrl-C into exit codes, the same ones when it is part of another group."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ConfigError, CertificateUnusable) as exc:
            raise WrongSetting(str(exc)) from exc
        except PetStreamError as exc:
            raise Failure(str(exc)) from exc
        except KeyboardInterrupt:
            ctx.exit(130)  # click would say "Aborted!"

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in our order


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


for module in (demo, run, feed, doctor):
    main.add_command(module.command)
for command in (accounts.people, accounts.invite, accounts.token):
    main.add_command(command)
