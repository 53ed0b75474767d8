"""What `pet-stream doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    OK = "ok"
    WARNING = "warning"
    """It works, but not as well as it could."""
    PROBLEM = "problem"
    """It does not work until this is repaired."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked, in words for people."""

    check: str
    level: Level
    message: str
    advice: str = ""
    """What to do; empty where all is well."""


def ok(check: str, message: str) -> Finding:
    return Finding(check, Level.OK, message)


def warning(check: str, message: str, advice: str) -> Finding:
    return Finding(check, Level.WARNING, message, advice)


def problem(check: str, message: str, advice: str) -> Finding:
    return Finding(check, Level.PROBLEM, message, advice)
