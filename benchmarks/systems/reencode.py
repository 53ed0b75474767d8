"""aiortc as the old server used it: pictures decoded, and encoded again for each viewer.

python -m benchmarks.systems.reencode --shm /name
"""

from __future__ import annotations

import itertools
import weakref
from fractions import Fraction
from typing import Any

import aiortc.rtcrtpsender
import av

from pet_stream.media.access_unit import AccessUnit

from .aiortc_server import AiortcServer, FedTrack
from .options import parse_options

RTP_CLOCK = Fraction(1, 90_000)


def main() -> None:
    options = parse_options()
    # SSRC, RTX's SSRC, then the timestamp's origin: 0, so that RTP timestamps are capture times,
    # by which the bench knows the pictures.
    sender_module: Any = aiortc.rtcrtpsender
    sender_module.random32 = itertools.cycle((1, 2, 0)).__next__
    tracks: weakref.WeakSet[FedTrack] = weakref.WeakSet()
    decoder = av.CodecContext.create("h264", "r")
    decoder.options = {"flags": "low_delay"}
    decoder.thread_count = 1

    def make_track() -> FedTrack:
        track = FedTrack()
        tracks.add(track)
        return track

    def consume(unit: AccessUnit) -> None:
        packet = av.Packet(unit.to_annex_b())
        packet.pts = unit.pts_90k
        packet.time_base = RTP_CLOCK
        for frame in decoder.decode(packet):
            for track in tracks:
                track.put(frame)

    AiortcServer(options, make_track).run(options.host, consume)


if __name__ == "__main__":
    main()
