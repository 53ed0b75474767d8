"""One metric: its kind, name and meaning, and how it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from ..histogram import Buckets

if TYPE_CHECKING:
    from ..stream import Stream


class Kind(Enum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


COUNTER: Final = Kind.COUNTER
GAUGE: Final = Kind.GAUGE
HISTOGRAM: Final = Kind.HISTOGRAM

Value: TypeAlias = "float | Buckets | None"
"""None: unknown now, so there is no sample."""
Labelled: TypeAlias = Mapping[tuple[str, ...], Value]
"""By the values of the labels."""


@dataclass(frozen=True, slots=True)
class Row:
    kind: Kind
    name: str
    meaning: str
    read: Callable[[Stream], Value | Labelled]
    labels: tuple[str, ...] = ()
    """Names of labels; then `read` returns a value for each combination of theirs."""

    def samples(self, stream: Stream) -> Labelled:
        """Returns them by their labels; none if they can't be read, which costs no other row."""
        try:
            reading = self.read(stream)
        except Exception as exc:
            stream.errors.end("metrics", exc, f"{self.name} can't be read, and is left out")
            return {}
        return reading if isinstance(reading, Mapping) else {(): reading}

    @property
    def sample_names(self) -> frozenset[str]:
        """What its samples are called."""
        if self.kind is HISTOGRAM:
            return frozenset(f"{self.name}{ending}" for ending in ("_bucket", "_count", "_sum"))
        return frozenset({self.name})

    @property
    def unit(self) -> str:
        """The unit in the name; empty without one."""
        last = self.name.removesuffix("_total").rpartition("_")[2]
        return last if last in ("seconds", "bytes", "pixels", "ratio") else ""
