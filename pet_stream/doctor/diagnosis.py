"""Tells from a few seconds of a camera's ring what is wrong with it, and what to do about it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import pairwise

from ..errors import SegmentError
from ..ingest.refused import Refused
from ..ingest.source_urls import source_urls
from .finding import Finding, Level, ok, problem, warning
from .observation import Observation, observe
from .shared_memory import has_shrunk, open_ring, ring_found, unusable
from .sources import check_sources
from .stream import diagnose_stream

_MIN_RATE_FPS = 5.0


def diagnose_camera(url: str, seconds: float) -> list[Finding]:
    """Returns what there is to say of the segment behind `url`. Watches it for `seconds`, if it is
    there."""
    segment = open_ring(url)
    if isinstance(segment, Finding):
        return [segment]
    try:
        observation = observe(segment, seconds)
    except SegmentError as exc:
        return [has_shrunk(exc)]
    finally:
        segment.close()
    return list(_findings(url, observation, seconds))


def _findings(url: str, seen: Observation, seconds: float) -> Iterator[Finding]:
    memory = ring_found(url, seen)
    yield memory
    if memory.level is Level.PROBLEM:
        return
    if not seen.writes:
        yield problem(
            "camera",
            f"Nothing was written in {seconds:g} s: "
            + ("the camera stands still." if seen.index else "it is empty."),
            "Is the camera daemon running? If another daemon writes now, name its segment by "
            "--shm.",
        )
        return
    if not seen.pictures:
        yield unusable(seen)
        return
    yield _rate(seen)
    if seen.counts.repeats_skipped and (urls := source_urls(url)):
        yield check_sources(urls, seen.pictures[-1].header)
    if seen.counts.process_errors and seen.refused is not None:
        yield _partly_refused(seen.counts.process_errors, seen.refused)
    yield _clock(seen)
    yield from diagnose_stream(seen)


def _partly_refused(count: int, refused: Refused) -> Finding:
    return warning(
        "pictures",
        f"{count} could not be used, the newest because: {refused.cause}.",
        "Look at the encoder, or at its daemon's log.",
    )


def _rate(seen: Observation) -> Finding:
    intervals = [(b - a) / 1e9 for a, b in pairwise(seen.times_ns)]
    if not intervals:
        return warning(
            "rate",
            "Only one picture came.",
            "Watch longer (--seconds), or look whether the camera daemon is overloaded.",
        )
    rate = 1 / statistics.median(intervals)
    megabits = _bit_rate(seen) / 1e6
    words = f"{rate:.1f} pictures a second, {megabits:.1f} Mbit/s"
    if seen.counts.repeats_skipped:
        words += ", relayed (each picture is written again and again)"
    if rate < _MIN_RATE_FPS:
        return warning(
            "rate",
            f"{words}: that is slow.",
            "The camera that is not active writes 2 a second: /pet_camera_stream has the active "
            "one.",
        )
    if seen.counts.frames_missed > len(seen.pictures) // 100:
        return warning(
            "rate",
            f"{words}; {seen.counts.frames_missed} pictures were lost on the way.",
            "The machine is too busy, or the daemon skips pictures.",
        )
    return ok("rate", f"{words}.")


def _clock(seen: Observation) -> Finding:
    works = "Live view and recordings work; latency can't be measured."
    if seen.clock == "arrival":
        return warning(
            "camera clock",
            f"The camera's time stamps can't be trusted: {seen.clock_fault}. Arrival times are "
            "used.",
            f"{works} Look at what the camera daemon writes as capture time.",
        )
    if seen.clock == "unknown":
        return warning(
            "camera clock",
            "Capture times are neither on CLOCK_MONOTONIC nor on CLOCK_REALTIME of this machine; "
            "the camera has a clock of its own.",
            works,
        )
    if seen.clock is None:
        return ok("camera clock", "No new picture to tell its clock from.")
    if refused := seen.counts.timed_by_arrival:
        return warning(
            "camera clock",
            f"Capture times are on CLOCK_{seen.clock.upper()}, but {refused} of "
            f"{len(seen.pictures)} can't be right: those pictures are timed by their arrival.",
            "Look at what the camera daemon writes as capture time.",
        )
    return ok("camera clock", f"Capture times are on CLOCK_{seen.clock.upper()}.")


def _bit_rate(seen: Observation) -> float:
    span_s = (seen.times_ns[-1] - seen.times_ns[0]) / 1e9
    return sum(p.header.data_size for p in seen.pictures[1:]) * 8 / span_s if span_s > 0 else 0.0
