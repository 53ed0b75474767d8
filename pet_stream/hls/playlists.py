"""The text of the playlists (RFC 8216; parts and blocking reload: draft-pantos-hls-rfc8216bis).
Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from .timeline import Segment

VERSION = 6
"""The first one with EXT-X-MAP for all kinds of segments."""
LISTED_SEGMENTS = 8
"""Complete ones. Those before can still be fetched for a while."""
MIN_TARGET_S = 2
HELD_BACK_PARTS = 3
"""How far a player stays behind the end, in parts; two are the least that the draft allows."""
SEGMENTS_WITH_PARTS = 3
"""The newest ones, the one that grows among them."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a player is told of the video before it fetches any of it."""

    codec: str
    width: int
    height: int
    peak_bits_per_s: int
    average_bits_per_s: int
    fps: float


def outlook_of(segments: Sequence[Segment]) -> Outlook:
    """Returns it for the newest of `segments`, of which there is one with a part."""
    newest = next(s for s in reversed(segments) if s.parts)
    whole = [s for s in segments if s.is_complete and s.duration_s > 0] or [newest]
    rates = [8 * segment.size_bytes / segment.duration_s for segment in whole]
    picture_count = sum(part.picture_count for part in newest.parts)
    video = newest.video_format
    return Outlook(
        video.codec,
        video.width,
        video.height,
        math.ceil(max(rates)),
        math.ceil(sum(rates) / len(rates)),
        picture_count / newest.duration_s,
    )


def target_s(segments: Sequence[Segment]) -> int:
    """Returns EXT-X-TARGETDURATION: no segment is longer, rounded. It changes only with a camera
    whose GOPs become longer than any before."""
    longest_s = max((segment.duration_s for segment in segments), default=0.0)
    return max(MIN_TARGET_S, math.floor(longest_s + 0.5))


def multivariant(outlook: Outlook, uri: str) -> str:
    """Returns the playlist that is asked for first; `uri` is that of the media playlist."""
    attributes = ",".join(
        (
            f"BANDWIDTH={outlook.peak_bits_per_s}",
            f"AVERAGE-BANDWIDTH={outlook.average_bits_per_s}",
            f'CODECS="{outlook.codec}"',
            f"RESOLUTION={outlook.width}x{outlook.height}",
            f"FRAME-RATE={outlook.fps:.3f}",
        )
    )
    lines = ("#EXTM3U", f"#EXT-X-VERSION:{VERSION}", f"#EXT-X-STREAM-INF:{attributes}", uri)
    return "\n".join(lines) + "\n"


def media(
    segments: Sequence[Segment],
    clock_offset_ns: int,
    *,
    next_part: tuple[int, int],
    is_low_latency: bool,
    query: str = "",
) -> str:
    """Returns the list of what can be fetched now; at least one of `segments` is complete.

    `clock_offset_ns` leads from CLOCK_MONOTONIC to the epoch's time. `query` is put behind each
    name. `is_low_latency`: with parts, and a reload that waits for `next_part`.
    """
    whole = [segment for segment in segments if segment.is_complete]
    listed = [*whole[-LISTED_SEGMENTS:], *(s for s in segments if not s.is_complete)]
    longest_s = target_s(segments)
    first = listed[0]
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", f"#EXT-X-TARGETDURATION:{longest_s}"]
    with_parts_from = next_part[0] + 1 - SEGMENTS_WITH_PARTS
    if is_low_latency:
        parts = [part for s in listed if s.number >= with_parts_from for part in s.parts]
        part_target_s = _rounded_up(max(part.duration_s for part in parts))
        hold_back_s = HELD_BACK_PARTS * part_target_s
        lines.append(f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={hold_back_s:.3f}")
        lines.append(f"#EXT-X-PART-INF:PART-TARGET={part_target_s:.3f}")
    else:
        listed = [segment for segment in listed if segment.is_complete]
    lines.append(f"#EXT-X-MEDIA-SEQUENCE:{first.number}")
    lines.append(
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{first.discontinuity_count - first.is_discontinuity}"
    )
    if all(s.parts[0].is_independent for s in listed if s.parts):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    init_name = ""
    for segment in listed:
        if not segment.parts:
            continue
        if segment.is_discontinuity:
            lines.append("#EXT-X-DISCONTINUITY")
        if segment.init_name != init_name:
            init_name = segment.init_name
            lines.append(f'#EXT-X-MAP:URI="{init_name}{query}"')
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(segment.begins_ns + clock_offset_ns)}")
        if is_low_latency and segment.number >= with_parts_from:
            lines += _part_lines(segment, query)
        if segment.is_complete:
            lines += (f"#EXTINF:{segment.duration_s:.5f},", f"{segment.number}.m4s{query}")
    if is_low_latency:
        # hls.js takes a complete segment for one that grows where nothing follows it.
        number, part = next_part
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{number}.{part}.m4s{query}"')
    return "\n".join(lines) + "\n"


def _part_lines(segment: Segment, query: str) -> Iterator[str]:
    for number, part in enumerate(segment.parts):
        is_independent = ",INDEPENDENT=YES" if part.is_independent else ""
        uri = f"{part_name(segment, number)}{query}"
        yield f'#EXT-X-PART:DURATION={part.duration_s:.5f},URI="{uri}"{is_independent}'


def part_name(segment: Segment, number: int) -> str:
    return f"{segment.number}.{number}.m4s"


def _rounded_up(seconds: float) -> float:
    return math.ceil(seconds * 1000) / 1000


def _date(time_ns: int) -> str:
    moment = datetime.fromtimestamp(time_ns / 1e9, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
