"""A ring that remembers what was written."""

from __future__ import annotations

import time

from pet_stream.feed.ring_writer import RingWriter
from pet_stream.media import ring
from pet_stream.media.ring import SlotHeader


class RecordingWriter(RingWriter):
    """A real ring that also keeps what is written."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.written: list[tuple[bytes, SlotHeader, float]] = []

    def write(self, data: bytes, **fields: int) -> None:
        super().write(data, **fields)
        header = SlotHeader(
            fields["frame_number"],
            *divmod(fields["captured_at_ns"], 1_000_000_000),
            camera_id=0,
            width=fields["width"],
            height=fields["height"],
            format=ring.FORMAT_H264,
            data_size=len(data),
        )
        self.written.append((data, header, time.monotonic()))
