"""`pet-stream recordings list | export`: the files of this machine, beside a server that runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import PetStreamError
from .failures import Failure, json_option, printable
from .output import STDOUT, destination_argument, inside, new_file
from .progress import progress
from .recordings_bin import bin_, delete, restore
from .recordings_upkeep import prune, repair
from .this_machine import config_of, folder_option, settings_here

if TYPE_CHECKING:
    from ..config import Config
    from ..library.composite_file import Span

_COPY_BYTES = 1_000_000


def seconds(text: str) -> float:
    """Reads a number of seconds, or minutes and hours in front of them: `1:02:03.5`."""
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if not 1 <= len(parts) <= 3 or not all(0 <= part < 1e6 for part in parts):
        raise click.BadParameter(f"{text} is not a time such as 90, 1:30 or 1:02:03.5")
    total = 0.0
    for part in parts:
        total = 60 * total + part
    return total


def names(context: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    """Returns the recordings that a shell may complete `begun` to."""
    from ..library.library import Library

    try:
        settings = settings_here(context.params.get("config"))
        config = config_of(settings, context.params.get("record_path"))
        found = [row.name for row in Library(config.record_path).recordings()]
    except (PetStreamError, click.ClickException):
        return []
    return [name for name in found if name.startswith(begun)]


@click.group("recordings", short_help="list, export, delete, restore, prune and repair recordings")
def group() -> None:
    """Work on the recordings of this machine, whether a server runs or not."""


@group.command("list", short_help="name, start, length, size, star and gaps of each")
@folder_option
@json_option
def list_(config: Config, is_json: bool) -> None:
    """List all recordings, newest first. A gap is a place where more than a second is missing; a
    star keeps a recording from being pruned."""
    from ..library.gaps import count_gaps
    from ..library.library import Library
    from ..library.ownership import owner_of
    from ..recording.disk import PART_SUFFIX

    folder = config.record_path
    library = Library(folder)
    recordings = library.recordings()
    rows = []
    with progress("Reading", len(recordings)) as advance:
        for recording in recordings:
            row = recording.to_json(library.details(recording))
            gaps = row["gap_count"]
            if gaps is None:
                gaps = count_gaps(folder / file for file in recording.files)
            rows.append({**row, "clip": library.is_clip(recording), "gaps": gaps})
            advance(1)
    unfinished = sorted(path.name for path in folder.glob(f"*{PART_SUFFIX}"))
    owner = owner_of(folder)
    if is_json:
        found = {"folder": str(folder), "owner": owner, "unfinished": unfinished}
        click.echo(json.dumps({**found, "recordings": rows}, indent=2))
        return
    click.echo("\n".join([*_table(rows), f"{len(rows)} in {printable(str(folder))}"]))
    for name in map(printable, unfinished):
        advice = f"is being made by {owner}" if owner else "is unfinished: recordings repair"
        click.echo(f"{name} {advice}", err=True)


@group.command("export", short_help="copy a recording, or a part of it, to a new file")
@click.argument("name", shell_complete=names)
@destination_argument
@click.option("--from", "from_s", type=seconds, metavar="TIME", help="begin there: 90, or 1:30")
@click.option("--to", "to_s", type=seconds, metavar="TIME", help="end there")
@folder_option
@json_option
def export(
    name: str,
    destination: str,
    from_s: float | None,
    to_s: float | None,
    config: Config,
    is_json: bool,
) -> None:
    """Copy the recording NAME into the new file DEST, or into the folder DEST; -: print it. Several
    files of one recording become one. A part begins with the entry point before --from, and ends
    with the group of pictures that --to lies in."""
    from ..library.library import Library

    source = Library(config.record_path).open(name, from_s, to_s).file
    path = inside(destination, name)
    with source, new_file(path) as file, progress("Copying", source.size) as advance:
        while chunk := _read(source):
            file.write(chunk)
            advance(len(chunk))
        if source.tell() != source.size:
            raise Failure("The recording has become shorter meanwhile", "not_found")
    if path != STDOUT:
        _copy_seen(source.spans, Path(path))
    if is_json and path != STDOUT:
        click.echo(json.dumps({"file": path, "bytes": source.size}))


for command in (delete, restore, bin_, prune, repair):
    group.add_command(command)


def _copy_seen(spans: Sequence[Span], path: Path) -> None:
    """Write what the detector saw beside the new file."""
    from ..library.recorded_detections import copy_seen

    try:
        copy_seen(spans, path)
    except OSError as exc:
        raise Failure(f"{path} is written, but not its boxes: {exc.strerror}", "storage") from exc


def _read(source: Any) -> bytes:
    try:
        chunk: bytes = source.read(_COPY_BYTES)
    except FileNotFoundError as exc:
        raise Failure("The recording was deleted meanwhile", "not_found") from exc
    except OSError as exc:
        raise Failure(f"The recording can't be read: {exc.strerror}", "storage") from exc
    return chunk


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    width = max([4, *(len(row["name"]) for row in rows)])
    yield f"{'NAME':{width}}  {'START':19}  {'LENGTH':>8}  {'SIZE':>9}  STAR  GAPS"
    for row in rows:
        start = datetime.fromtimestamp(row["started_at"]).isoformat(" ", "seconds")
        length = "?" if row["duration_s"] is None else _clock(round(row["duration_s"]))
        gaps = "?" if row["gaps"] is None else row["gaps"]
        star = "*" if row["starred"] else ""
        size = f"{row['size_bytes'] / 1e6:.1f} MB"
        yield f"{row['name']:{width}}  {start}  {length:>8}  {size:>9}  {star:4}  {gaps:>4}"


def _clock(total_s: int) -> str:
    return f"{total_s // 3600}:{total_s // 60 % 60:02}:{total_s % 60:02}"
