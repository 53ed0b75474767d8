"""Finds what would keep a service from working, before it is installed."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from ..ingest.segment import POSIX_FOLDER
from ..media.segment_url import parse_segment_url
from .program import Program
from .reach import ENTER, READ, WRITE, Account, barrier, find_account, group_exists
from .unit_file import Unit

_HIDDEN = {
    "/home": "ProtectHome hides it",
    "/root": "ProtectHome hides it",
    "/run/user": "ProtectHome hides it",
    "/tmp": "PrivateTmp hides it",
    "/var/tmp": "PrivateTmp hides it",
}
"""Folders that a system's service does not see."""
_REAL = Path("/")
_MAX_LINE_BYTES = 1000
_EXEC = "'''exec' "
_UNPRIVILEGED_PORT = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def obstacles(unit: Unit, root: Path, first_port: int | None = None) -> Iterator[str]:
    """Yields sentences, each with what to do. Paths are the service's, which lie below `root`.
    `first_port`: the lowest one for everybody; None: the kernel's. Raises OSError."""
    needed = _needed(unit.program, root)
    yield from (f"There is no {path}" for path in needed if not inside(root, path).exists())
    if unit.user is None:
        yield from _of_port(unit.program, first_port or _first_port())
        return
    yield from _of_hidden([*needed, *unit.program.folders], root)
    yield from (f"There is no group {g}" for g in unit.groups if not group_exists(g, root))
    account = find_account(unit.user, root)
    if account is None:
        yield (
            f"There is no user {unit.user}: useradd --system --no-create-home --home-dir "
            f"/var/lib/{unit.program.name} --shell /usr/sbin/nologin {unit.user}"
        )
        return
    for path in needed:
        yield from _of_path(account, path, READ, root)
    if (camera := _camera(unit.program, root)) is not None:
        yield from _of_path(account.with_groups(unit.groups), camera, READ, root)
    for path in unit.program.folders:
        yield from _of_path(account, path, READ | WRITE, root)


def group_of_camera(program: Program, user: str | None, root: Path) -> list[str]:
    """Returns the group by which the user may read the camera's shared memory, if it needs one."""
    account = None if user is None else find_account(user, root)
    camera = _camera(program, root)
    if account is None or camera is None or barrier(account, camera, READ) is None:
        return []
    try:
        group = camera.group()
    except KeyError:  # without a name
        return []
    return [group] if barrier(account.with_groups((group,)), camera, READ) is None else []


def _camera(program: Program, root: Path) -> Path | None:
    """Returns the camera's shared memory, where it is a file that is there already."""
    if program.segment is None or root != _REAL:
        return None
    kind, _, segment = parse_segment_url(program.segment).partition(":")
    path = POSIX_FOLDER / segment.lstrip("/")
    return path if kind == "posix" and path.exists() else None


def _of_path(account: Account, path: Path, wanted: int, root: Path) -> Iterator[str]:
    below = inside(root, path)
    if below.is_dir():
        wanted |= ENTER
    if found := barrier(account, below, wanted):
        verb = "write" if wanted & WRITE else "read"
        yield f"The user {account.name} can't {verb} {path}: look at the mode of {found}"


def _of_port(program: Program, first: int) -> Iterator[str]:
    if 0 < program.port < first:
        yield (
            f"A user's own service can't listen on port {program.port}, which is below {first}: "
            "take another, or install it for the system, without --user"
        )


def _first_port() -> int:
    try:
        return int(_UNPRIVILEGED_PORT.read_text())
    except (OSError, ValueError):
        return 1024


def _needed(program: Program, root: Path) -> list[Path]:
    """Returns what it reads, its interpreter included."""
    needed = [program.executable, *program.reads]
    if root == _REAL and program.executable.parent == Path(sys.executable).parent:
        package = Path(__file__).parents[1]
        return [*needed, Path(sys.executable), Path(sys.base_prefix), package]
    return needed + _interpreter_of(inside(root, program.executable))


def _interpreter_of(script: Path) -> list[Path]:
    """Returns the program that a script names in its first line, or as pip does it where a path has
    spaces: by a shell that replaces itself."""
    try:
        with script.open("rb") as file:
            first, second = (file.readline(_MAX_LINE_BYTES).decode() for _ in range(2))
    except (OSError, ValueError):  # not a script
        return []
    words = first[2:].split() if first.startswith("#!") else []
    if words[:1] == ["/bin/sh"] and second.startswith(_EXEC):
        words = shlex.split(second.removeprefix(_EXEC))
    return [Path(words[0])] if words and words[0].startswith("/") else []


def _of_hidden(paths: list[Path], root: Path) -> Iterator[str]:
    hidden = {path: why for path in paths if (why := _hidden(path, root))}
    if hidden:
        yield (
            f"The service can't see {' and '.join(map(str, hidden))}: "
            f"{' and '.join(dict.fromkeys(hidden.values()))}. Install pet_stream into a folder of "
            "the system's, with its Python (/usr/bin/python3 -m venv /opt/pet-stream), and record "
            "into one such as /srv/recordings; or make it a service of your own: --user"
        )


def _hidden(path: Path, root: Path) -> str | None:
    places = (path, path.resolve()) if root == _REAL else (path,)
    for folder, why in _HIDDEN.items():
        if any(place.is_relative_to(folder) for place in places):
            return why
    return None


def inside(root: Path, path: Path) -> Path:
    """Returns where a path of the service lies on this machine."""
    return root / path.relative_to("/")
