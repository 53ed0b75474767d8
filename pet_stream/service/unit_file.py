"""Makes a unit file of the template. Pure, but for reading it.

A paragraph of the template that begins with `# (system)` is left out for a user's service. So is a
line that is empty once its values are filled in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from .program import Program

MARK = "# Written by `pet-stream install-service`"
"""How we know a file of ours."""
_SYSTEM = "# (system)\n"
_WATCHDOG = """\
# While one of its parts is stuck it keeps silent, and is started anew. Then the stacks of its
# threads are in the journal.
WatchdogSec=30
Environment=PYTHONFAULTHANDLER=1"""
_NOT_IN_EXECUTABLES = frozenset("$\"'\\")
_PLACEHOLDER = re.compile(r"@([A-Z_]+)@")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@=+,-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unit:
    """`user`: who it runs as; None: it is a user's own service. `groups`: further ones."""

    program: Program
    user: str | None
    groups: tuple[str, ...] = ()

    @property
    def is_system(self) -> bool:
        return self.user is not None

    @property
    def settings_file(self) -> str:
        """Where people write FLASK_PET_STREAM_…=."""
        name = self.program.name
        return f"/etc/default/{name}" if self.is_system else f"~/.config/{name}/environment"

    @property
    def state_folder(self) -> str:
        """Where it keeps its files; of a user's service, for systemd before 254."""
        name = self.program.name
        return f"/var/lib/{name}" if self.is_system else f"~/.config/{name}"

    def text(self) -> str:
        """Returns the unit file. Raises ValueError where a value can't stand in one."""
        program = self.program
        needs_capability = self.is_system and 0 < program.port < 1024
        folders = " ".join("-" + quoted(str(folder)) for folder in program.folders)
        values = {
            "NAME": program.name,
            "STATE_FOLDER": program.name,
            "DESCRIPTION": plain(program.description),
            "COMMAND": command_line(program.command),
            "USER": f"User={self.user}" if self.is_system else "",
            "GROUPS": f"SupplementaryGroups={' '.join(self.groups)}" if self.groups else "",
            "WRITABLE": f"ReadWritePaths={folders}" if folders else "",
            "HOST_ENVIRONMENT": "" if program.is_ours else f"Environment=HOME=%S/{program.name}",
            "SETTINGS_FILE": self.settings_file,
            "ENVIRONMENT_FILE": self.settings_file.replace("~/.config", "%E"),
            "WATCHDOG": _WATCHDOG if program.is_ours else "",
            "NO_RESTART": "RestartPreventExitStatus=2" if program.is_ours else "",
            "CAPABILITIES": "CAP_NET_BIND_SERVICE" if needs_capability else "",
            "TARGET": "multi-user.target" if self.is_system else "default.target",
        }
        template = files(__package__).joinpath("unit.service").read_text()
        paragraphs = [
            _filled(paragraph.removeprefix(_SYSTEM), values)
            for paragraph in template.split("\n\n")
            if self.is_system or not paragraph.startswith(_SYSTEM)
        ]
        return "\n\n".join(paragraphs)


def _filled(paragraph: str, values: dict[str, str]) -> str:
    lines = []
    for line in paragraph.split("\n"):
        filled = _PLACEHOLDER.sub(lambda match: values[match[1]], line)
        if filled or not line:
            lines.append(filled)
    return "\n".join(lines)


def command_line(words: Sequence[str]) -> str:
    """Returns ExecStart's value, by systemd.service(5). Raises ValueError."""
    executable, *arguments = words
    if not executable.startswith("/") or set(executable) & _NOT_IN_EXECUTABLES:
        raise ValueError(f"{executable!r} is no path that systemd can start")
    return " ".join([quoted(executable), *(quoted(word.replace("$", "$$")) for word in arguments)])


def quoted(word: str) -> str:
    """Returns one word of a list, by systemd.syntax(7): quoted where it must be, and with each `%`,
    which begins a specifier, twice. Raises ValueError."""
    word = plain(word)
    if _PLAIN.fullmatch(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain(text: str) -> str:
    """Returns a value that takes the rest of its line. Raises ValueError."""
    if not all(c.isprintable() for c in text):
        raise ValueError(f"{text!r} has characters that can't stand in a unit file")
    return text.replace("%", "%%")


def is_ours(path: Path) -> bool:
    """Whether a unit file was written by us. Raises OSError."""
    return path.read_text(errors="replace").startswith(MARK)
