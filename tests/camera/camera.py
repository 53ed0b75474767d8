"""Drives the C writer (writer.c) and reads what it wrote.

    with Camera(segment_name, fps=300, count=900) as camera:
        camera.command("stall 100")
        camera.wait_until_done(timeout_s=10)
    log = camera.log()

Options are those of writer.c with underscores; `True` stands for an option without a value.
"""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from tests.waiting import TIMEOUT_S

from .log import Log, PictureRow, RelayRow, read_log
from .stamp import Stamp, parse_payload

__all__ = [
    "Camera",
    "CameraError",
    "Log",
    "PictureRow",
    "RelayRow",
    "Stamp",
    "compile_program",
    "parse_payload",
]

FOLDER = Path(__file__).parent
SOURCES = (
    "writer.c",
    "daemons.c",
    "encoder.c",
    "log.c",
    "options.c",
    "ring.c",
    "stamp.c",
    "syntax.c",
)

COMPILER = ("gcc", "-std=c11", "-O2", "-Wall", "-Wextra", "-pthread")


class CameraError(Exception):
    """The writer ended, did not answer in time, or refused a command."""


def compile_program(name: str, sources: Iterable[str]) -> Path:
    """Compile C sources of this folder once for all test sessions of this user."""
    digest = hashlib.sha256(repr(COMPILER).encode())
    for path in (*(FOLDER / source for source in sources), *sorted(FOLDER.glob("*.h"))):
        digest.update(path.read_bytes())
    folder = Path(tempfile.gettempdir()) / f"pet_stream_tests_{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    program = folder / f"{name}-{digest.hexdigest()[:16]}"
    if not program.exists():
        if shutil.which(COMPILER[0]) is None:
            raise CameraError("the tests need gcc: apt-get install gcc libc6-dev")
        unfinished = program.with_suffix(f".{os.getpid()}")
        subprocess.run(
            [*COMPILER, "-o", str(unfinished), *(str(FOLDER / source) for source in sources)],
            check=True,
            timeout=120,
        )
        unfinished.replace(program)
    return program


class Camera:
    """One writer process. Used from one thread."""

    def __init__(self, segment: str, **options: str | float | bool | Path) -> None:
        self.segment = segment
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""
        self._is_done = False
        self._log_path: Path | None = None
        self._log: Log | None = None

    def start(self) -> Camera:
        """Start the process and wait until the segments exist."""
        descriptor, path = tempfile.mkstemp(prefix="pet_stream_camera_", suffix=".csv")
        os.close(descriptor)
        self._log_path = Path(path)
        program = compile_program("writer", SOURCES)
        arguments = [str(program), "--segment", self.segment, "--log", path]
        for name, value in self._options.items():
            option = "--" + name.replace("_", "-")
            if value is True:
                arguments.append(option)
            elif value is not False:
                arguments += [option, str(value)]
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        try:
            self._wait_for("ready", TIMEOUT_S)
        except CameraError:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the process, whatever it is doing; take its log; remove what it left."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.close()
            process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(TIMEOUT_S)
        finally:
            process.stdout.close()
            if process.returncode != 0:
                self._remove_segments()
            assert self._log_path is not None
            self._log = read_log(self._log_path)
            self._remove_log()

    def kill(self) -> None:
        """End it as a crash does: the segments stay until `stop()`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(TIMEOUT_S)

    def abandon(self) -> None:
        """After `kill()`: leave the segments to a camera that is started next."""
        process, self._process = self._process, None
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()
        self._remove_log()

    def command(self, line: str, timeout_s: float = TIMEOUT_S) -> None:
        """Have the writer obey `line` (see writer.c) and wait until it has.

        Raises CameraError when it refuses or the time is up.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError as exc:
            raise CameraError("the writer has ended") from exc
        self._wait_for(f"ok {line}", timeout_s)

    def wait_until_done(self, timeout_s: float) -> None:
        """Wait until the `count` pictures are written."""
        if not self._is_done:
            self._wait_for("done", timeout_s)

    def log(self) -> Log:
        """What has been written so far, or until the end."""
        if self._process is not None:
            self.command("log")
            assert self._log_path is not None
            return read_log(self._log_path)
        assert self._log is not None
        return self._log

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def __enter__(self) -> Camera:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_for(self, expected: str, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while (line := self._read_line(deadline)) != expected:
            if line == "done":
                self._is_done = True
            elif line.startswith("error"):
                raise CameraError(f"the writer refused: {line}")
        self._is_done |= expected == "done"

    def _read_line(self, deadline: float) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            readable, _, _ = select.select(
                [descriptor], [], [], max(0, deadline - time.monotonic())
            )
            if not readable:
                raise CameraError("the writer did not answer in time")
            data = os.read(descriptor, 4096)
            if not data:
                raise CameraError(f"the writer ended with {self._process.wait(TIMEOUT_S)}")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def _remove_log(self) -> None:
        assert self._log_path is not None
        for path in (self._log_path, Path(f"{self._log_path}.part")):
            path.unlink(missing_ok=True)

    def _remove_segments(self) -> None:
        """After a crash: start a writer that only cleans up."""
        if self._options.get("keep"):
            return
        arguments = [str(compile_program("writer", SOURCES)), "--segment", self.segment, "--hold"]
        arguments += ["--relay"] if self._options.get("relay") else []
        for name in ("day", "night"):
            if name in self._options:
                arguments += [f"--{name}", str(self._options[name])]
        subprocess.run(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
            timeout=TIMEOUT_S,
        )
