"""What somebody may do here: six rights, the roles that bundle them, and who grants them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final, Protocol

from .reason import Reason


class Right(str, Enum):
    VIEW = "view"
    """The live picture, snapshots, the state, detections."""
    REPLAY = "replay"
    """The list of recordings, and what is in them."""
    RECORD = "record"
    """Start, stop and prolong a recording; save a clip."""
    MANAGE = "manage"
    """Delete and star recordings; people and tokens."""
    OPERATE = "operate"
    """Details of health, logs, profiles."""
    METRICS = "metrics"
    """What Prometheus scrapes."""


ROLES: Final[Mapping[str, frozenset[Right]]] = MappingProxyType(
    {
        "guest": frozenset({Right.VIEW}),
        "family": frozenset({Right.VIEW, Right.REPLAY, Right.RECORD}),
        "owner": frozenset(Right),
        "monitor": frozenset({Right.METRICS}),
    }
)


class Grant(Protocol):
    """A right that somebody was granted, for what lasts longer than its request. Any thread."""

    @property
    def holder(self) -> str:
        """Identifies the device or program that was granted it; empty if that is not known."""

    @property
    def name(self) -> str:
        """Of the person, for people; empty if that is not known."""

    @property
    def is_owners(self) -> bool:
        """Whether the holder may also do everything else."""

    def is_valid(self) -> bool:
        """Whether it would be granted again now. May take time; does not raise."""


@dataclass(frozen=True, slots=True)
class _Everybodys:
    holder: str = ""
    name: str = ""
    is_owners: bool = True

    def is_valid(self) -> bool:
        return True


EVERYBODYS: Final[Grant] = _Everybodys()


class Authority(Protocol):
    """Decides who may do what. In the threads of requests."""

    @property
    def name(self) -> str:
        """`open`, `off`, `host` or `builtin`."""

    @property
    def notices(self) -> tuple[Reason, ...]:
        """What the operator should know of it."""

    def grant(self, right: Right) -> Grant:
        """Grant `right` to whoever sent the current request. Raises NotSignedIn, NotAllowed, or an
        HTTPException that carries the host's own answer."""

    def note(self, what: str, about: str) -> None:
        """Note for the audit log, where there is one, what whoever asks has done."""
