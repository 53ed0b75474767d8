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
import re
import select
import shutil
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

FOLDER = Path(__file__).parent
SOURCES = ("writer.c", "ring.c", "picture.c", "log.c")
HEADERS = ("layout.h", "ring.h", "picture.h", "log.h")
COMPILER = ("gcc", "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread")
ANSWER_TIMEOUT_S = 20.0

_START_CODE = re.compile(b"\x00*\x00\x00\x01")
_STAMP = re.compile(
    rb"\x06\x05.pet_stream stamp"
    rb"(([0-9a-f]) ([0-9a-f]{8}) ([0-9a-f]{16}) ([0-9a-f]{16}) ([0-9a-f]{8}) )([0-9a-f]{8})\x80",
    re.DOTALL,
)


class CameraError(Exception):
    """The writer ended, did not answer in time, or refused a command."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a picture says about itself."""

    camera_id: int
    number: int
    """Of this camera's pictures, from 0; pictures that the encoder lost are counted."""
    frame_number: int
    capture_ns: int
    """Of the camera's clock, as in the slot's header."""
    crc_ok: bool
    """Whether these are exactly this picture's bytes."""


@dataclass(frozen=True, slots=True)
class PictureRow:
    """A picture that a camera wrote, other formats included."""

    generation: int
    """How often the segment was begun anew before."""
    write: int
    camera_id: int
    number: int
    frame_number: int
    capture_ns: int
    format: int
    size: int
    crc: int
    is_idr: bool
    frame_num: int
    index_ns: int
    """CLOCK_MONOTONIC just before the index was raised."""
    end_ns: int
    """CLOCK_MONOTONIC after the last byte was copied."""

    @property
    def identity(self) -> tuple[int, int, int]:
        return (self.capture_ns, self.camera_id, self.frame_number)


@dataclass(frozen=True, slots=True)
class RelayRow:
    """A slot that the switcher relayed: what its header says, and whose bytes are in it."""

    generation: int
    write: int
    camera_id: int
    frame_number: int
    capture_ns: int
    format: int
    size: int
    stamp_camera_id: int
    stamp_number: int
    has_whole_bytes: bool
    """The bytes are exactly one picture's: that of the stamp."""
    is_whole: bool
    """And of the picture that the header names."""
    index_ns: int
    end_ns: int

    @property
    def identity(self) -> tuple[int, int, int]:
        return (self.capture_ns, self.camera_id, self.frame_number)


@dataclass(frozen=True, slots=True)
class Log:
    pictures: tuple[PictureRow, ...]
    """In the order in which each camera wrote them, camera 0 first."""
    relayed: tuple[RelayRow, ...]


def parse_payload(access_unit: bytes | Iterable[bytes]) -> Stamp | None:
    """Read a picture's stamp and check the bytes against it; None if there is not exactly one.

    Takes Annex B, or NAL units without start codes. Parameter sets may be missing or have been
    added, nothing else.
    """
    if isinstance(access_unit, bytes):
        access_unit = _START_CODE.split(access_unit)[1:]
    stamps: list[re.Match[bytes]] = []
    slices_crc = parameter_sets_crc = 0
    has_parameter_sets = False
    for nal_unit in access_unit:
        kind = nal_unit[0] & 31 if nal_unit else 0
        if 1 <= kind <= 5:
            slices_crc = zlib.crc32(nal_unit, slices_crc)
        elif kind in (7, 8):
            has_parameter_sets = True
            parameter_sets_crc = zlib.crc32(nal_unit, parameter_sets_crc)
        elif match := _STAMP.fullmatch(nal_unit):
            stamps.append(match)
    if len(stamps) != 1:
        return None
    text, camera_id, number, frame_number, capture_ns, sets_crc, crc = stamps[0].groups()
    return Stamp(
        camera_id=int(camera_id, 16),
        number=int(number, 16),
        frame_number=int(frame_number, 16),
        capture_ns=int(capture_ns, 16),
        crc_ok=int(crc, 16) == zlib.crc32(text, slices_crc)
        and (not has_parameter_sets or int(sets_crc, 16) == parameter_sets_crc),
    )


def save_footage(path: Path, access_units: Iterable[bytes]) -> Path:
    """Write Annex B access units as the writer's `source` option wants them."""
    with path.open("wb") as file:
        for access_unit in access_units:
            file.write(len(access_unit).to_bytes(4, "little") + access_unit)
    return path


def compile_program(name: str, sources: Iterable[str]) -> Path:
    """Compile C sources of this folder once for all test sessions of this user."""
    digest = hashlib.sha256(repr(COMPILER).encode())
    for source in (*sources, *HEADERS):
        digest.update((FOLDER / source).read_bytes())
    folder = Path(tempfile.gettempdir()) / f"pet_stream_tests_{os.getuid()}"
    folder.mkdir(exist_ok=True)
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
            self._wait_for("ready", ANSWER_TIMEOUT_S)
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
            process.wait(ANSWER_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(ANSWER_TIMEOUT_S)
        finally:
            process.stdout.close()
            if process.returncode != 0:
                self._remove_segments()
            assert self._log_path is not None
            self._log = _read_log(self._log_path)
            self._log_path.unlink()

    def kill(self) -> None:
        """End it as a crash does: the segments stay until `stop()`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(ANSWER_TIMEOUT_S)

    def command(self, line: str, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        """Have the writer obey `line` (see writer.c) and wait until it has.

        Raises CameraError when it refuses or the time is up.
        """
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
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
            return _read_log(self._log_path)
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
                raise CameraError(f"the writer ended with {self._process.wait(ANSWER_TIMEOUT_S)}")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

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
            timeout=ANSWER_TIMEOUT_S,
        )


def _read_log(path: Path) -> Log:
    pictures: list[PictureRow] = []
    relayed: list[RelayRow] = []
    with path.open() as file:
        for line in file:
            kind, *fields = line.split(",")
            values: list[Any] = [int(field) for field in fields]
            if kind == "picture":
                values[9] = bool(values[9])
                pictures.append(PictureRow(*values))
            else:
                values[9:11] = map(bool, values[9:11])
                relayed.append(RelayRow(*values))
    return Log(tuple(pictures), tuple(relayed))
