"""Tells from a few seconds of a camera's ring what is wrong with it, and what to do about it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import pairwise

from ..errors import BitstreamError, ParameterSetUnknown, SegmentError
from ..ingest.refused import Refused
from ..ingest.ring_reader import Picture
from ..media.h264 import (
    SLICE_TYPES,
    NalUnitType,
    ParameterSets,
    SequenceParameterSet,
    is_idr,
    nal_unit_type,
    parse_slice_header,
)
from ..media.h264.playable import B_SLICE, MAX_IDR_INTERVAL_S, MAX_PIXELS, PLAYABLE_PROFILES
from .finding import Finding, Level, ok, problem, warning
from .observation import Observation, observe
from .shared_memory import has_shrunk, open_ring, ring_found, unusable

_MIN_RATE_FPS = 5.0
_CONSTRAINED = 0x40


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
    if seen.counts.process_errors and seen.refused is not None:
        yield _partly_refused(seen.counts.process_errors, seen.refused)
    yield _clock(seen)
    yield from _stream(seen)


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


def _stream(seen: Observation) -> Iterator[Finding]:
    parameter_sets = ParameterSets()
    for picture in seen.pictures:
        parameter_sets = parameter_sets.including(picture.nal_units)
    kinds = {nal_unit_type(n) for picture in seen.pictures for n in picture.nal_units}
    if not any(picture.coded.is_entry_point for picture in seen.pictures):
        yield _gop(seen)
        return  # parameter sets come with key frames, if at all
    if not {NalUnitType.SPS, NalUnitType.PPS} <= kinds:
        refusal = seen.pictures[-1].coded.later_parameter_sets.refusal
        if refusal:
            yield problem("parameter sets", f"They are damaged: {refusal}.", "Look at the encoder.")
            return
        yield problem(
            "parameter sets",
            "No SPS and PPS came, without which nothing can be decoded.",
            "Let the encoder repeat them with every key frame, or start pet-stream before the "
            "camera daemon, so that it sees the first ones.",
        )
        return
    missing = _missing_sets(seen.pictures, parameter_sets)
    if missing:
        yield problem(
            "parameter sets",
            f"{missing}.",
            "Start pet-stream before the camera daemon, so that it sees the first ones.",
        )
    else:
        yield ok("parameter sets", "SPS and PPS are in the stream.")
    sps = _active_sps(seen.pictures, parameter_sets)
    if sps is not None:
        yield _format(sps, seen)
    yield _gop(seen)
    if _has_b_slices(seen.pictures, parameter_sets):
        yield problem(
            "B pictures",
            "There are B pictures. Browsers don't play them over WebRTC.",
            "Switch them off in the encoder (Baseline profile, or B frames = 0).",
        )
    else:
        yield ok("B pictures", "None.")


def _format(sps: SequenceParameterSet, seen: Observation) -> Finding:
    profile = PLAYABLE_PROFILES.get(sps.profile_idc, f"profile {sps.profile_idc}")
    if sps.profile_idc == 66 and sps.constraint_flags & _CONSTRAINED:
        profile = "Constrained Baseline"
    words = (
        f"{sps.width}×{sps.height}, {profile}, level {sps.level_idc / 10:g} "
        f"({sps.profile_level_id})"
    )
    if sps.profile_idc not in PLAYABLE_PROFILES:
        return problem(
            "format",
            f"{words}: browsers don't play this profile.",
            "Set the encoder to Baseline, Main or High.",
        )
    if not sps.frame_mbs_only:
        return problem("format", f"{words}, interlaced.", "Set the encoder to progressive.")
    if sps.width * sps.height > MAX_PIXELS:
        return warning(
            "format",
            f"{words}: many phones can't decode more than 1080p.",
            "Set the encoder to 1920×1080 or less.",
        )
    header = seen.pictures[-1].header
    if (header.width, header.height) != (sps.width, sps.height):
        return warning(
            "format",
            f"{words}, but the slots say {header.width}×{header.height}.",
            "Detections are in pixels of what the slots say: their boxes will be displaced.",
        )
    return ok("format", f"{words}.")


def _gop(seen: Observation) -> Finding:
    times_s = [time_ns / 1e9 for time_ns in seen.times_ns]
    idr_indexes = [index for index, p in enumerate(seen.pictures) if is_idr(p.nal_units)]
    span_s = times_s[-1] - times_s[0]
    advice = (
        "A new viewer, and one that lost something, waits for the next key frame, since the "
        "encoder can't be asked for one: set its GOP to a second or less."
    )
    if not idr_indexes:
        words = f"No key frame (IDR) in {span_s:.1f} s."
        found = (picture.coded.recovery_point for picture in seen.pictures)
        points = [point for point in found if point is not None]
        if points:
            return _recovery_points(words, is_clean=not all(p.frame_count for p in points))
        if span_s < MAX_IDR_INTERVAL_S:
            return warning("key frames", words, "Watch longer: --seconds 10.")
        return problem("key frames", words, advice)
    if len(idr_indexes) == 1:
        words = f"One in {span_s:.1f} s."
        seen_at_s = times_s[idr_indexes[0]]
        without_s = max(seen_at_s - times_s[0], times_s[-1] - seen_at_s)
        is_rare = without_s > MAX_IDR_INTERVAL_S
        return warning("key frames", words, advice) if is_rare else ok("key frames", words)
    longest_s = max(times_s[b] - times_s[a] for a, b in pairwise(idr_indexes))
    if longest_s > MAX_IDR_INTERVAL_S:
        return warning("key frames", f"One every {longest_s:.1f} s.", advice)
    lengths = [b - a for a, b in pairwise(idr_indexes)]
    return ok("key frames", f"One every {statistics.median(lengths):g} pictures.")


def _recovery_points(words: str, *, is_clean: bool) -> Finding:
    advice = "Let the encoder send IDRs, one each second or two (closed GOPs, no intra refresh)."
    if is_clean:
        return warning(
            "key frames",
            f"{words} There are I pictures with recovery points instead: browsers begin with them "
            "over a WebSocket, not over WebRTC.",
            advice,
        )
    return problem(
        "key frames",
        f"{words} The picture is refreshed bit by bit (recovery points): recordings begin with "
        "that, browsers that join do not.",
        advice,
    )


def _has_b_slices(pictures: list[Picture], parameter_sets: ParameterSets) -> bool:
    for picture in pictures:
        for nal_unit in picture.nal_units:
            if nal_unit_type(nal_unit) not in SLICE_TYPES:
                continue
            try:
                if parse_slice_header(nal_unit, parameter_sets).slice_type == B_SLICE:
                    return True
            except BitstreamError:
                continue
    return False


def _missing_sets(pictures: list[Picture], parameter_sets: ParameterSets) -> str:
    """Returns a sentence if pictures refer to an SPS or PPS that never came."""
    for picture in pictures:
        for nal_unit in picture.nal_units:
            if nal_unit_type(nal_unit) not in SLICE_TYPES:
                continue
            try:
                parse_slice_header(nal_unit, parameter_sets)
            except ParameterSetUnknown as exc:
                return str(exc)
            except BitstreamError:
                continue
    return ""


def _active_sps(
    pictures: list[Picture], parameter_sets: ParameterSets
) -> SequenceParameterSet | None:
    for picture in reversed(pictures):
        for nal_unit in picture.nal_units:
            if nal_unit_type(nal_unit) in SLICE_TYPES:
                try:
                    header = parse_slice_header(nal_unit, parameter_sets)
                except BitstreamError:
                    break
                return parameter_sets.sps_for(header.pic_parameter_set_id)
    return None


def _bit_rate(seen: Observation) -> float:
    span_s = (seen.times_ns[-1] - seen.times_ns[0]) / 1e9
    return sum(p.header.data_size for p in seen.pictures[1:]) * 8 / span_s if span_s > 0 else 0.0
