"""The file that a recording is written to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .containers import ContainerFactory


@dataclass(frozen=True, slots=True)
class Target:
    """The folder, name and format of a recording's file."""

    folder: Path
    stem: str
    """The name without its ending."""
    suffix: str
    """The ending, such as `.mp4`."""
    container: ContainerFactory
    is_numbered: bool
    """If the name is taken, a number is appended; otherwise that is an error."""
    is_clip: bool = False
    """Whether the file is marked as a clip (`media.clip_mark`)."""
