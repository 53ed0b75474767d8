"""How long a profile may last. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProfileLimits:
    default_s: float = 10.0
    min_s: float = 0.1
    max_s: float = 60.0
    """nginx waits for an answer as long as this, unless it is told otherwise."""
