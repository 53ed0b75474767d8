"""What the last run of the server left in the middle, for every thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from ..reason import Reason

Cause = Literal["crash", "shut_down"]


@dataclass(frozen=True, slots=True)
class Interruption:
    """A recording that its server has ended, not somebody."""

    filename: str
    """As it was recorded."""
    cause: Cause
    """The process died, or was ended in order and the recording with it."""
    started_at: float
    """Epoch seconds."""
    broke_off_at: float
    """Epoch seconds: of the last byte in its files."""
    is_repairing: bool = False
    """What is left of it is still to be repaired."""
    saved_as: str | None = None
    """The recording in the list that holds it; None: nothing of it, or not yet."""
    is_recovered: bool = False
    """It was left unfinished, and is repaired."""
    resumed_as: str | None = None
    """The recording that goes on with it."""
    not_resumed: Reason | None = None
    """Why there is none, for a person."""

    def to_json(self) -> dict[str, Any]:
        return {
            "filename": self.filename,
            "cause": self.cause,
            "started_at": self.started_at,
            "broke_off_at": self.broke_off_at,
            "repairing": self.is_repairing,
            "saved_as": self.saved_as,
            "recovered": self.is_recovered,
            "resumed_as": self.resumed_as,
            "not_resumed": self.not_resumed,
            "not_resumed_code": None if self.not_resumed is None else self.not_resumed.code,
        }
