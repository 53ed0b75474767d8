"""Installs a unit and takes it away again, step by step. For one thread."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..private_file import replace_private_file
from .obstacles import inside, obstacles
from .reach import find_account
from .unit_file import Unit, is_ours

COMMAND_TIMEOUT_S = 90.0
"""More than a service may take to start and to stop."""
_BOOTED = Path("/run/systemd/system")
"""Is there where systemd runs: sd_booted(3)."""
_OF_PACKAGES = ("usr/lib/systemd", "lib/systemd", "run/systemd")
"""Where units of others are, which one of ours with the same name would replace."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is done; `words` come after "This will"."""

    words: str
    do: Callable[[], object]


def run_command(command: list[str]) -> None:
    """Raises OSError, and SubprocessError when the command fails or takes too long."""
    subprocess.run(command, check=True, timeout=COMMAND_TIMEOUT_S)


class Installation:
    """One unit on one machine, or below another `root`, as packagers have it: there files are
    written and nothing is started."""

    def __init__(
        self,
        unit: Unit,
        root: Path,
        *,
        run: Callable[[list[str]], object] = run_command,
        is_running: bool | None = None,
    ) -> None:
        """`is_running`: whether there is a systemd that can be told; None: find out."""
        self.unit = unit
        self.root = root
        self._run = run
        self.is_running = is_running
        if is_running is None:
            self.is_running = root == Path("/") and _BOOTED.is_dir()

    @property
    def file(self) -> Path:
        """Where the unit file is, on this machine."""
        return self._folder / f"{self.unit.program.name}.service"

    def text(self) -> str:
        """Returns the unit file. Raises ValueError where a value can't stand in one."""
        return self.unit.text()

    def obstacles(self) -> list[str]:
        """Returns what keeps it from being installed, or from working then. Raises OSError."""
        return [*self._of_file(), *obstacles(self.unit, self.root)]

    def obstacles_to_removal(self) -> list[str]:
        if not os.path.lexists(self.file):
            return [f"There is no {self.file}"]
        return [*self._of_file()]

    def steps(self) -> list[Step]:
        """Returns what installing does."""
        steps = [
            Step(f"make the folder {folder}", partial(self._make_folder, folder))
            for folder in self.unit.program.folders
            if not inside(self.root, folder).exists()
        ]
        steps.append(Step(f"write {self.file}", self._write))
        if self.is_running:
            commands = (("daemon-reload",), ("enable", self.file.name), ("restart", self.file.name))
            steps += [self._systemctl(*command) for command in commands]
        return steps

    def steps_of_removal(self) -> list[Step]:
        steps = [Step(f"remove {self.file}", self._remove)]
        if self.is_running:
            steps.insert(0, self._systemctl("disable", "--now", self.file.name))
            steps.append(self._systemctl("daemon-reload"))
        return steps

    @property
    def _folder(self) -> Path:
        if self.unit.is_system:
            return self.root / "etc/systemd/system"
        if self.root != Path("/"):
            return self.root / "etc/systemd/user"
        config = os.environ.get("XDG_CONFIG_HOME", "")
        return (Path(config) if config else Path.home() / ".config") / "systemd/user"

    def _of_file(self) -> Iterator[str]:
        name, kind = self.file.name, "system" if self.unit.is_system else "user"
        others = (self.root / folder / kind / name for folder in _OF_PACKAGES)
        if not self.file.resolve().is_relative_to(self.root.resolve()):
            yield f"{self.file} leads out of {self.root}"
        elif os.path.lexists(self.file) and not (self.file.is_file() and is_ours(self.file)):
            yield f"{self.file} is not ours: move it away, or choose another name with --name"
        elif any(map(os.path.lexists, others)):
            yield f"{name} is the name of a service of another package: choose one with --name"

    def _write(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        replace_private_file(self.file, self.text().encode())
        self.file.chmod(0o644)

    def _remove(self) -> None:
        for link in self._folder.glob(f"*.wants/{self.file.name}"):
            link.unlink()  # `disable` has done so already, where systemd runs
        self.file.unlink()

    def _make_folder(self, folder: Path) -> None:
        path = inside(self.root, folder)
        path.mkdir(parents=True)
        account = find_account(self.unit.user, self.root) if self.unit.user else None
        if account is not None and os.geteuid() == 0:
            os.chown(path, account.uid, account.gid)

    def _systemctl(self, *arguments: str) -> Step:
        command = ["systemctl", *(() if self.unit.is_system else ("--user",)), *arguments]
        return Step(f"run {' '.join(command)}", lambda: self._run(command))
