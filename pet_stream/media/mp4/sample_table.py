"""Which pictures are in an MP4 file, and where: its index, in a few bytes for each picture."""

from __future__ import annotations

import itertools
import operator
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

MAX_DURATION = 2**32 - 1
"""The longest duration of one sample, in ticks: 13 hours at 90 kHz."""
_MAX_OFFSET = 2**31 - 1


def within_bounds(composition_offsets: Iterable[int]) -> array[int]:
    return array("i", (max(-_MAX_OFFSET, min(o, _MAX_OFFSET)) for o in composition_offsets))


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture in a file; a *sample* in the words of ISO/IEC 14496-12."""

    size_bytes: int
    duration: int
    """Ticks of the track's timescale until the next picture."""
    is_sync: bool
    """An entry point: decoding can begin here."""
    composition_offset: int = 0
    """Ticks from its decoding to its showing, where pictures are not shown as they are decoded."""


@dataclass(slots=True)
class SampleTable:
    """The samples of one track in decoding order; 8 bytes each, 12 if their order of showing is
    another one.

    Samples lie in *chunks*: runs of samples with nothing in between.
    """

    sizes: array[int] = field(default_factory=lambda: array("I"))
    durations: array[int] = field(default_factory=lambda: array("I"))
    sync_indexes: array[int] = field(default_factory=lambda: array("I"))
    """Positions of the entry points, from 0."""
    composition_offsets: array[int] = field(default_factory=lambda: array("i"))
    """As in `Sample`; empty if all are 0."""
    chunk_offsets: array[int] = field(default_factory=lambda: array("Q"))
    """Where each chunk begins in the file."""
    chunk_counts: array[int] = field(default_factory=lambda: array("I"))
    """Samples in each chunk."""
    total_duration: int = 0
    """Ticks."""

    def __len__(self) -> int:
        return len(self.sizes)

    def append_chunk(self, offset: int, samples: Sequence[Sample]) -> None:
        count_before = len(self.sizes)
        offsets = [sample.composition_offset for sample in samples]
        self._append_offsets(offsets if any(offsets) else (), len(offsets))
        for sample in samples:
            if sample.is_sync:
                self.sync_indexes.append(len(self.sizes))
            self.sizes.append(sample.size_bytes)
            self.durations.append(sample.duration)
            self.total_duration += sample.duration
        self.chunk_offsets.append(offset)
        self.chunk_counts.append(len(self.sizes) - count_before)

    def end_at(self, time: int) -> None:
        """Extend the last sample to `time`, in ticks from the beginning, if it begins before it."""
        if not self.durations:
            return
        last = self.durations[-1]
        duration = min(time - (self.total_duration - last), MAX_DURATION)
        if duration > 0:
            self.durations[-1] = duration
            self.total_duration += duration - last

    def extend(self, other: SampleTable) -> None:
        """Append the samples of `other`, but not its chunks."""
        count_before = len(self.sizes)
        self._append_offsets(other.composition_offsets, len(other))
        self.sync_indexes.extend(count_before + index for index in other.sync_indexes)
        self.sizes.extend(other.sizes)
        self.durations.extend(other.durations)
        self.total_duration += other.total_duration

    def chunks(self) -> Iterator[tuple[int, int, int]]:
        """Yields offset, first sample and sample count of each chunk."""
        first = 0
        for offset, count in zip(self.chunk_offsets, self.chunk_counts, strict=True):
            yield offset, first, count
            first += count

    def part(self, first: int, end: int) -> SampleTable:
        """Returns the samples from `first` up to `end`, in chunks of their own."""
        part = SampleTable(
            sizes=self.sizes[first:end],
            durations=self.durations[first:end],
            composition_offsets=self.composition_offsets[first:end],
            sync_indexes=array("I", (i - first for i in self.sync_indexes if first <= i < end)),
            total_duration=sum(self.durations[first:end]),
        )
        for offset, chunk_first, count in self.chunks():
            piece_first, piece_end = max(first, chunk_first), min(end, chunk_first + count)
            if piece_first < piece_end:
                part.chunk_offsets.append(offset + sum(self.sizes[chunk_first:piece_first]))
                part.chunk_counts.append(piece_end - piece_first)
        return part

    def begin_at_zero(self) -> None:
        """Move all, so that the earliest picture is shown at time 0."""
        if not self.composition_offsets:
            return
        starts = itertools.accumulate(self.durations, initial=0)
        earliest = min(map(operator.add, starts, self.composition_offsets))
        self.composition_offsets = within_bounds(o - earliest for o in self.composition_offsets)

    def _append_offsets(self, offsets: Sequence[int], count: int) -> None:
        """Note the offsets of `count` samples that are about to be appended."""
        if offsets or self.composition_offsets:
            missing = len(self.sizes) - len(self.composition_offsets)
            self.composition_offsets.extend([0] * missing)
            self.composition_offsets.extend(offsets or [0] * count)

    def extents(self) -> Iterator[tuple[int, int]]:
        """Yields offset and size in bytes of each chunk."""
        for offset, first, count in self.chunks():
            yield offset, sum(self.sizes[first : first + count])

    def gops_between(self, start: float, end: float) -> tuple[int, int]:
        """Returns the range of samples (first, end) of the GOPs shown between two times.

        Times are ticks from the beginning. The first GOP begins at or before `start`, the last one
        ends at or after `end`. The range is empty when nothing is shown between them.
        """
        time = 0
        first, behind = 0, len(self.sizes)
        sync_indexes = iter((*self.sync_indexes, len(self.sizes)))
        next_sync = next(sync_indexes)
        for index, duration in enumerate(self.durations):
            if index == next_sync:
                if time <= start:
                    first = index
                elif time >= end:
                    behind = index
                    break
                next_sync = next(sync_indexes)
            time += duration
        if start >= self.total_duration or start >= end:
            return behind, behind
        return first, behind
