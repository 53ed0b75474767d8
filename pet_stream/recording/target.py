"""The file that a recording is written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import BadName
from .containers import ContainerFactory
from .names import automatic_stem, next_stem, requested_name


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
    is_named: bool = False
    """Somebody has chosen the name; else it is made of the time."""
    is_clip: bool = False
    """Whether the file is marked as a clip (`media.clip_mark`)."""


class Targets:
    """Chooses the file for what a request asks for, in `folder`. On the event loop.

    `file_format` is one of `formats`, for requests that name none. Raises ValueError if it is not.
    """

    def __init__(
        self, folder: Path, file_format: str, formats: Mapping[str, ContainerFactory]
    ) -> None:
        if file_format not in formats:
            raise ValueError(f"no such recording format: {file_format!r}")
        self._folder = folder
        self._format = file_format
        self._formats = formats

    def choose(self, filename: str | None, file_format: str | None, started_at: float) -> Target:
        """Without `filename` the name is made of `started_at`, epoch seconds. Without `file_format`
        the ending of `filename` chooses, else the settings. Raises BadName."""
        if file_format is None:
            file_format = self._ending(filename) or self._format
        if file_format not in self._formats:
            raise BadName(f"A recording's format is {' or '.join(self._formats)}")
        suffix = f".{file_format}"
        if filename:
            stem = requested_name(filename, suffix).removesuffix(suffix)
        else:
            stem = automatic_stem(started_at)
        return Target(
            folder=self._folder,
            stem=stem,
            suffix=suffix,
            container=self._formats[file_format],
            is_numbered=not filename,
            is_named=bool(filename),
        )

    def resumed(self, filename: str, started_at: float, *, is_named: bool) -> Target:
        """Chooses the file of a recording that goes on with `filename`. Raises BadName."""
        stem, _, ending = filename.rpartition(".")
        target = self.choose(None, ending, started_at)
        return replace(target, stem=next_stem(stem), is_named=True) if is_named else target

    def _ending(self, filename: str | None) -> str | None:
        """Returns the format that `filename` ends in; None for other endings and for none."""
        ending = (filename or "").rpartition(".")[2]
        return ending if ending in self._formats and filename != ending else None
