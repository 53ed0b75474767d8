"""A validator of others reads our playlists."""

from __future__ import annotations

import json
import subprocess

import pytest

from pet_stream.hls import playlists
from pet_stream.hls.timeline import Timeline
from tests.players import node_modules
from tests.waiting import TIMEOUT_S

from .pictures import after_a_break, film

READ = """
const HLS = require("hls-parser");
HLS.setOptions({ strictMode: true });
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(texts.map((text) => {
    const { isMasterPlaylist, segments = [], variants = [], lowLatencyCompatibility } =
        HLS.parse(text);
    const breaks = segments.filter((segment) => segment.discontinuity).length;
    return { isMasterPlaylist, breaks, segments: segments.length, variants: variants.length,
             isLowLatency: Boolean(lowLatencyCompatibility) };
})));
"""


@pytest.mark.slow
def test_all_kinds_of_playlists_are_valid() -> None:
    timeline = Timeline(next_number=1_796_000_000)
    units = film(280)
    timeline.add([*units[:126], *after_a_break(units[126:])])
    segments = timeline.segments
    texts = [playlists.multivariant(playlists.outlook_of(segments), "hls/x/live.m3u8?link=a.b")]
    texts += [
        playlists.media(
            segments,
            0,
            next_part=timeline.next_part,
            is_low_latency=is_low_latency,
            query=query,
        )
        for is_low_latency in (True, False)
        for query in ("", "?link=a.b-c_d")
    ]
    read = subprocess.run(
        ["node", "-e", READ],
        input=json.dumps(texts),
        env={"NODE_PATH": str(node_modules()), "PATH": "/usr/bin:/bin:/usr/local/bin"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    first, *others = json.loads(read.stdout)
    assert (first["isMasterPlaylist"], first["variants"]) == (True, 1)
    assert [other["isLowLatency"] for other in others] == [True, True, False, False]
    assert {other["breaks"] for other in others} == {1}
