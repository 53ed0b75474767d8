"""aiortc alone, H.264 passed through: `av.Packet`s into its own sender. Viewers start at an IDR.

python -m benchmarks.systems.stock --shm /name
"""

from __future__ import annotations

import weakref
from fractions import Fraction

from av.packet import Packet

from pet_stream.media.access_unit import AccessUnit

from .aiortc_server import AiortcServer, FedTrack
from .options import be_busy, parse_options

RTP_CLOCK = Fraction(1, 90_000)


class PacketTrack(FedTrack):
    def __init__(self) -> None:
        super().__init__()
        self.has_begun = False


def main() -> None:
    options = parse_options()
    tracks: weakref.WeakSet[PacketTrack] = weakref.WeakSet()

    def make_track() -> PacketTrack:
        track = PacketTrack()
        tracks.add(track)
        return track

    def consume(unit: AccessUnit) -> None:
        data = unit.to_annex_b()
        for track in tracks:
            if track.has_begun or unit.is_idr:
                track.has_begun = True
                packet = Packet(data)
                packet.pts = unit.pts_90k
                packet.time_base = RTP_CLOCK
                track.put(packet)

    if options.busy_thread:
        be_busy()
    AiortcServer(options, make_track).run(options.host, consume)


if __name__ == "__main__":
    main()
