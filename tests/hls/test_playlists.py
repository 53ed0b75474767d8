"""The text of playlists."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from pet_stream.hls import playlists
from pet_stream.hls.timeline import Segment, Timeline

from .pictures import after_a_break, film, timed


def media(segments: list[Segment], *, is_low_latency: bool = True, query: str = "") -> list[str]:
    newest = segments[-1]
    text = playlists.media(
        segments,
        0,
        next_part=(newest.number, len(newest.parts)),
        is_low_latency=is_low_latency,
        query=query,
    )
    assert text.endswith("\n")
    return text.splitlines()


def segments_of(count: int, gop: int = 14) -> list[Segment]:
    timeline = Timeline(next_number=100)
    timeline.add(film(count, gop=gop))
    return list(timeline.segments)


def values(lines: list[str], tag: str) -> list[str]:
    return [line.removeprefix(f"{tag}:") for line in lines if line.startswith(f"{tag}:")]


def test_an_ordinary_playlist() -> None:
    lines = media(segments_of(200), is_low_latency=False)
    assert lines[:4] == [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-MEDIA-SEQUENCE:100",
    ]
    durations = [float(value.rstrip(",")) for value in values(lines, "#EXTINF")]
    assert durations == pytest.approx([4 * 14 / 30] * 3, abs=0.0001)
    assert [line for line in lines if line[:1] != "#"] == ["100.m4s", "101.m4s", "102.m4s"]
    assert len(values(lines, "#EXT-X-MAP")) == 1
    assert "#EXT-X-INDEPENDENT-SEGMENTS" in lines
    assert not any("PART" in line for line in lines)
    assert "#EXT-X-ENDLIST" not in lines


def test_parts_are_told_of_the_newest_segments_up_to_the_end() -> None:
    segments = segments_of(14 * 25 + 1)
    lines = media(segments)
    [control] = values(lines, "#EXT-X-SERVER-CONTROL")
    [target] = values(lines, "#EXT-X-PART-INF")
    assert control == "CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.401"
    assert target == "PART-TARGET=0.467"
    parts = values(lines, "#EXT-X-PART")
    uris = [match[1] for part in parts if (match := re.search('URI="([^"]+)"', part))]
    assert uris == [
        f"{number}.{part}.m4s"
        for number, count in ((104, 4), (105, 4), (106, 1))
        for part in range(count)
    ]
    assert lines[-2].startswith("#EXT-X-PART:")
    assert lines[-1] == '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="106.1.m4s"'


def test_numbers_stay_when_old_segments_go() -> None:
    segments = segments_of(14 * 4 * 14)
    lines = media(segments)
    names = [line for line in lines if line[:1] != "#"]
    assert len(names) == playlists.LISTED_SEGMENTS
    assert values(lines, "#EXT-X-MEDIA-SEQUENCE") == [names[0].partition(".")[0]]


def test_a_break_and_another_format_are_told() -> None:
    units = film(280)
    larger = [replace(unit, nal_units=(b"\x67\x42\xc0\x1f\0", *unit.nal_units)) for unit in units]
    timeline = Timeline()
    timeline.add([*units[:112], *after_a_break(timed(larger[112:], first=112))])
    lines = media(list(timeline.segments))
    at = lines.index("#EXT-X-DISCONTINUITY")
    assert lines[at + 1].startswith("#EXT-X-MAP:")
    assert lines[at + 2].startswith("#EXT-X-PROGRAM-DATE-TIME:")
    assert len(values(lines, "#EXT-X-MAP")) == 2
    assert values(lines, "#EXT-X-DISCONTINUITY-SEQUENCE") == ["0"]
    later = [segment for segment in timeline.segments if segment.discontinuity_count]
    assert values(media(later), "#EXT-X-DISCONTINUITY-SEQUENCE") == ["0"]
    assert values(media(later[1:]), "#EXT-X-DISCONTINUITY-SEQUENCE") == ["1"]


def test_when_it_was_taken_is_told() -> None:
    segments = segments_of(60)
    text = playlists.media(segments, 500_000_000, next_part=(0, 0), is_low_latency=False, query="")
    assert "#EXT-X-PROGRAM-DATE-TIME:1970-01-01T00:16:40.500Z" in text


def test_a_link_is_passed_on_to_everything() -> None:
    lines = media(segments_of(60), query="?link=x")
    uris = re.findall(r'URI="([^"]+)"', "\n".join(lines)) + [x for x in lines if x[:1] != "#"]
    assert len(uris) == 7
    assert all(uri.endswith("?link=x") for uri in uris)


@pytest.mark.parametrize("gop", [14, 45, 100])
def test_no_segment_is_longer_than_the_target_and_no_part_than_its_own(gop: int) -> None:
    lines = media(segments_of(gop * 9, gop))
    [target] = map(int, values(lines, "#EXT-X-TARGETDURATION"))
    assert all(round(float(v.rstrip(","))) <= target for v in values(lines, "#EXTINF"))
    part_target = float(values(lines, "#EXT-X-PART-INF")[0].partition("=")[2])
    last = [n for n, line in enumerate(lines) if line.startswith("#EXTINF")]
    for number, line in enumerate(lines):
        if line.startswith("#EXT-X-PART:"):
            duration = float(line.partition("DURATION=")[2].partition(",")[0])
            assert duration <= part_target
            assert duration >= 0.85 * part_target or number + 1 in last  # the last of a segment


def test_the_first_playlist_tells_what_comes() -> None:
    outlook = playlists.outlook_of(segments_of(200))
    lines = playlists.multivariant(outlook, "hls/x/live.m3u8").splitlines()
    assert lines[-1] == "hls/x/live.m3u8"
    assert 'CODECS="avc1.42c0' in lines[2]
    assert "RESOLUTION=320x240,FRAME-RATE=30.000" in lines[2]
    assert outlook.peak_bits_per_s >= outlook.average_bits_per_s > 10_000
