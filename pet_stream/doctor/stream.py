"""Tells what browsers and files make of a camera's H.264."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import pairwise

from ..errors import BitstreamError, ParameterSetUnknown
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
from .finding import Finding, ok, problem, warning
from .observation import Observation

_CONSTRAINED = 0x40


def diagnose_stream(seen: Observation) -> Iterator[Finding]:
    """Yields what there is to say of the pictures in `seen`, of which there are some."""
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
                return parameter_sets.sps_by_pps.get(header.pic_parameter_set_id)
    return None
