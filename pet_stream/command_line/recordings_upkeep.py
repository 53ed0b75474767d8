"""`pet-stream recordings prune | repair`: what a server that runs does by itself.

Both need the folder for themselves.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from .failures import ExitCode, Failure, json_option, printable
from .folder_lock import owning
from .progress import progress
from .this_machine import folder_option

if TYPE_CHECKING:
    from ..config import Config

_LIMIT = click.FloatRange(0, 1e8)


@click.command("prune", short_help="delete what exceeds the limits, now")
@click.option("--dry-run", is_flag=True, help="only say what would be deleted")
@click.option("--keep-days", type=_LIMIT, metavar="N", help="delete what is older (the setting)")
@click.option("--keep-mb", type=_LIMIT, metavar="N", help="keep this much (the setting)")
@click.option("--keep-free-mb", type=_LIMIT, metavar="N", help="keep this much free (the setting)")
@folder_option
@json_option
def prune(
    dry_run: bool,
    keep_days: float | None,
    keep_mb: float | None,
    keep_free_mb: float | None,
    config: Config,
    is_json: bool,
) -> None:
    """Delete the oldest recordings as the settings PET_STREAM_KEEP_… want it, now, and before them
    what is in the bin; 0 is no limit. What has a star stays. A clock that nobody has set deletes
    nothing for its age."""
    from ..library.ages import Ages
    from ..library.library import Library
    from ..library.retention import Pruner, Retention

    retention = Retention(
        max_age_s=86_400 * (config.keep_days if keep_days is None else keep_days),
        max_bytes=round(1e6 * (config.keep_mb if keep_mb is None else keep_mb)),
        min_free_bytes=round(1e6 * (config.keep_free_mb if keep_free_mb is None else keep_free_mb)),
        bin_s=3600 * config.bin_hours,
    )
    if not retention.is_on:
        raise Failure("There is no limit: --keep-days, --keep-mb or --keep-free-mb", "no_limit")
    pruner = Pruner(Library(config.record_path), retention, Ages())
    if dry_run:
        names = pruner.prune(delete=lambda name: None)
    else:
        with owning(config.record_path):
            names = pruner.prune()
    if is_json:
        click.echo(json.dumps({"deleted": names, "dry_run": dry_run}))
        return
    for name in names:
        click.echo(f"{'would be deleted' if dry_run else 'deleted'}: {name}")
    if not names:
        click.echo("Nothing exceeds the limits.")


@click.command("repair", short_help="finish what a crash left unfinished")
@folder_option
@json_option
@click.pass_context
def repair(context: click.Context, config: Config, is_json: bool) -> None:
    """Make recordings of the unfinished files that a crash left. What holds no picture is set
    aside, and the exit code is 1. Nothing is deleted."""
    from ..library import crash_recovery
    from ..library.thumbnails import is_unfinished

    made: dict[str, str] = {}
    with owning(config.record_path) as leftovers:
        parts = [part for part in leftovers if not is_unfinished(part)]
        with progress("Repairing", len(parts)) as advance:
            for part in parts:
                try:
                    made[part.name] = crash_recovery.repair(part).name
                except OSError as exc:
                    message = f"{part.name} can't be repaired: {exc.strerror}"
                    raise Failure(message, "storage") from exc
                advance(1)
    if is_json:
        click.echo(json.dumps({"repaired": made}))
    else:
        lines = [f"{printable(part)}: {printable(name)}" for part, name in made.items()]
        click.echo("\n".join(lines or ["Nothing is unfinished."]))
    is_well = not any(crash_recovery.SET_ASIDE_SUFFIX in name for name in made.values())
    context.exit(ExitCode.WELL if is_well else ExitCode.TROUBLE)
