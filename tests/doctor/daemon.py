"""A camera daemon that writes what it is told."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence

from pet_stream.feed.ring_writer import RingWriter
from pet_stream.media import ring


class Daemon:
    """Writes the given access units round and round until it is closed."""

    def __init__(
        self,
        name: str,
        units: Sequence[bytes],
        *,
        fps: float = 60,
        stamp: Callable[[int, int], int] = lambda _number, now_ns: now_ns,
        size: tuple[int, int] = (320, 240),
        picture_format: int = ring.FORMAT_H264,
        first: int = 0,
    ) -> None:
        """`stamp`: from the number of a picture and CLOCK_MONOTONIC to the camera's time of it.
        `first`: the unit to begin with, as a camera that was started long ago."""
        units = [*units[first:], *units[:first]]
        self._writer = RingWriter(name)
        self._stop = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(units, 1 / fps, stamp, size, picture_format)
        )
        self._thread.start()

    def _run(
        self,
        units: Sequence[bytes],
        interval_s: float,
        stamp: Callable[[int, int], int],
        size: tuple[int, int],
        picture_format: int,
    ) -> None:
        for number, unit in enumerate(itertools.cycle(units)):
            self._writer.write(
                unit,
                frame_number=number,
                captured_at_ns=stamp(number, time.monotonic_ns()),
                width=size[0],
                height=size[1],
                picture_format=picture_format,
            )
            if self._stop.wait(interval_s):
                return

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._writer.close()


@contextlib.contextmanager
def daemon(name: str, units: Sequence[bytes], **options: object) -> Iterator[None]:
    with contextlib.closing(Daemon(name, units, **options)):  # type: ignore[arg-type]
        yield
