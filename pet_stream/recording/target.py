"""Which file a recording becomes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .containers import ContainerFactory


@dataclass(frozen=True, slots=True)
class Target:
    """What a recording is called, and what is written into its file."""

    folder: Path
    stem: str
    """The name without its ending."""
    suffix: str
    """The ending, such as `.mp4`."""
    container: ContainerFactory
    is_numbered: bool
    """A name that is taken gets a number behind it; else it is an error."""
    is_clip: bool = False
    """Its file says so."""
