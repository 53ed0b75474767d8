"""Names what is on a stack, without saying more than the source does."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType

MAX_DEPTH = 128
"""Calls of one stack, the innermost; deeper ones are left out."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function on a stack."""

    function: str
    file: str
    line: int

    def to_json(self) -> dict[str, object]:
        return {"function": self.function, "file": self.file, "line": self.line}


class ShortPaths:
    """Shortens paths of source files to their packages: `flask/app.py`. One thread."""

    def __init__(self) -> None:
        own = str(Path(__file__).resolve().parents[2])
        folders = {path.rstrip("/") + "/" for path in (*sys.path, own) if path.startswith("/")}
        self._folders = sorted(folders - {"/"}, key=len, reverse=True)
        self._known: dict[str, str] = {}

    def shorten(self, path: str) -> str:
        """Returns `path` below the folder that Python imports it from, or only its last name."""
        if path not in self._known:
            self._known[path] = self._shortened(path)
        return self._known[path]

    def call(self, code: CodeType, line: int) -> Call:
        # co_qualname, with the class in it, exists from Python 3.11 on
        function: str = getattr(code, "co_qualname", code.co_name)
        return Call(function, self.shorten(code.co_filename), line)

    def _shortened(self, path: str) -> str:
        for folder in self._folders:
            if path.startswith(folder):
                return path.removeprefix(folder)
        return path.rpartition("/")[2]


def frames_of(frame: FrameType | None) -> list[FrameType]:
    """Returns `frame` and its callers, MAX_DEPTH at most, outermost first."""
    frames: list[FrameType] = []
    while frame is not None and len(frames) < MAX_DEPTH:
        frames.append(frame)
        frame = frame.f_back
    frames.reverse()
    return frames
