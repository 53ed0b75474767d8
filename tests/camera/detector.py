"""Drives the C detector (detector.c)."""

from __future__ import annotations

import subprocess
from types import TracebackType

from tests.waiting import TIMEOUT_S

from .camera import compile_program


class Detector:
    """One detector process. Used from one thread."""

    def __init__(self, segment: str, layout: str = "first") -> None:
        self._segment = segment
        self._layout = layout
        self._process: subprocess.Popen[str] | None = None

    def write(
        self,
        frame_number: int,
        time_ns: int = 0,
        *,
        num: int = 1,
        name: str = "cat",
        confidence: float = 0.75,
        box: tuple[int, int, int, int] = (10, 20, 30, 40),
        interrupted_s: float = 0.0,
    ) -> None:
        seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
        self._command(
            f"write {frame_number} {seconds} {nanoseconds} {num} {interrupted_s * 1e6:.0f} "
            f"{name} {confidence} {' '.join(map(str, box))}"
        )

    def flood(self, count: int) -> None:
        """Does not wait for the end."""
        self._say(f"flood {count}")

    def wait(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ok\n"

    def __enter__(self) -> Detector:
        program = compile_program("detector", ["detector.c"])
        self._process = subprocess.Popen(
            [str(program), "--segment", self._segment, "--layout", self._layout],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.communicate(timeout=TIMEOUT_S)

    def _command(self, line: str) -> None:
        self._say(line)
        self.wait()

    def _say(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
