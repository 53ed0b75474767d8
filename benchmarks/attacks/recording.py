"""A recording long enough that cutting it is work, and that it fits into no socket's buffer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pet_stream.recording.containers import Mp4Container
from tests.footage import encode
from tests.recording.playback import FRAME_NS, GOP, access_unit

NAME = "long.mp4"
MINUTES = 30


def write_recording(folder: Path) -> None:
    """Half an hour of small pictures."""
    pictures = [access_unit(data) for data in encode(160, 120, gop=GOP, pictures=3 * GOP)]
    with (folder / NAME).open("wb", buffering=0) as file:
        container = Mp4Container(file)
        for begin in range(0, MINUTES * 60 * 30, len(pictures)):
            container.write(
                [
                    replace(unit, sequence=number, capture_ns=number * FRAME_NS)
                    for number, unit in enumerate(pictures, begin)
                ]
            )
        container.close()
