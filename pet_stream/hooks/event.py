"""One thing that has happened. Pure."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    type: str
    """One of `signals.ALL`."""
    data: Mapping[str, Any]
    at: float
    """Epoch seconds."""
    id: str = field(default_factory=lambda: f"evt_{secrets.token_hex(12)}")
    """The same each time that it is sent: who gets it twice can tell."""

    def to_json(self) -> bytes:
        """Returns the body of a webhook: type, timestamp (RFC 3339) and data."""
        at = datetime.fromtimestamp(self.at, timezone.utc).isoformat(timespec="milliseconds")
        told = {"type": self.type, "timestamp": at, "data": self.data}
        return json.dumps(told, separators=(",", ":")).encode()
