"""The embedded camera: a process of its own that plays the film into a ring, over and over.

    python -m pet_stream.demo.camera RING DETECTIONS

It prints `ready` when its segments exist. It ends, and removes them, when its input ends, which
also happens when its parent is killed. Ctrl-C in the terminal is left to the parent.
"""

from __future__ import annotations

import select
import signal
import sys
import time
from types import FrameType
from typing import BinaryIO

from ..errors import PetStreamError
from ..feed.ring_writer import DetectionsWriter, RingWriter
from ..process.stop_signals import accept_stop_signals
from .film import PICTURE_HEIGHT, PICTURE_WIDTH, RATE_FPS, Film, load_film

_MAX_LAG_NS = 500_000_000


def play(film: Film, ring: RingWriter, detections: DetectionsWriter, lifeline: BinaryIO) -> None:
    """Write the film in its own time until `lifeline` ends.

    `frame_number` counts on through all rounds: modulo the film's length it is the number that
    the picture shows.
    """
    started_ns = time.monotonic_ns()
    frame_number = first_number = 0
    while True:
        picture = film[frame_number % len(film)]
        captured_at_ns = started_ns + (frame_number - first_number) * 1_000_000_000 // RATE_FPS
        lag_ns = time.monotonic_ns() - captured_at_ns
        if lag_ns > _MAX_LAG_NS:  # the machine slept
            started_ns, first_number = time.monotonic_ns(), frame_number
            continue
        if select.select([lifeline], [], [], max(0, -lag_ns) / 1e9)[0]:
            return
        ring.write(
            picture.data,
            frame_number=frame_number,
            captured_at_ns=captured_at_ns,
            width=PICTURE_WIDTH,
            height=PICTURE_HEIGHT,
        )
        detections.write(
            picture.detections, frame_number=frame_number, captured_at_ns=captured_at_ns
        )
        frame_number += 1


def main(arguments: list[str]) -> int:
    ring_name, detections_name = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _exit)
    accept_stop_signals()
    try:
        film = load_film()
        with_ring = RingWriter(ring_name)
        try:
            with_detections = DetectionsWriter(detections_name)
            try:
                print("ready", flush=True)
                play(film, with_ring, with_detections, sys.stdin.buffer)
            finally:
                with_detections.close()
        finally:
            with_ring.close()
    except PetStreamError as exc:
        print(f"pet-stream demo: {exc}", file=sys.stderr)
        return 1
    return 0


def _exit(signal_number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
