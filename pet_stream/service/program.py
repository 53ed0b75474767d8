"""What a service starts: its command, and what the program reads and writes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

GUNICORN_OPTIONS = ("--workers", "1", "--threads", "40", "--graceful-timeout", "10")
"""One process owns the viewers and the recorder; more in docs/mounting.md."""
GUNICORN_PORT = 8000
"""Where it listens without `--bind`."""
_BIND = re.compile(r"(?:--bind[ =]|-b ?)\S*:([0-9]{1,5})\b")


@dataclass(frozen=True, slots=True)
class Program:
    """`name` is the service's, and that of its folder below /var/lib."""

    name: str
    description: str
    command: tuple[str, ...]
    port: int = 8080
    folders: tuple[Path, ...] = ()
    """Where it writes, beside the service's own folder: recordings, say."""
    reads: tuple[Path, ...] = ()
    """Files and folders of others that it needs, such as a certificate."""
    segment: str | None = None
    """The camera's shared memory; None: it is not known."""
    is_ours: bool = True
    """Whether it is `pet-stream`, which feeds a watchdog. gunicorn has one of its own for its
    worker; its process is not ours to end."""

    @property
    def executable(self) -> Path:
        return Path(self.command[0])


def hosts_program(
    gunicorn: Path, app: str, folder: Path, arguments: tuple[str, ...], name: str | None = None
) -> Program:
    """Returns the program for a host's app, `module:app` in `folder`, with gunicorn's arguments."""
    port = _BIND.search(" ".join(arguments))
    return Program(
        name or app.partition(":")[0].replace("_", "-"),
        f"{app} under gunicorn, with pet_stream in it",
        (str(gunicorn), *GUNICORN_OPTIONS, "--pythonpath", str(folder), *arguments, app),
        port=int(port[1]) if port else GUNICORN_PORT,
        reads=(folder,),
        is_ours=False,
    )
