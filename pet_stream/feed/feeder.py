"""Plays a source into a ring, in its own time, until it is told to stop."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import SourceError
from .container import is_device, is_network
from .ring_writer import RingWriter
from .source_picture import SourceOptions, SourcePicture
from .sources import Source

logger = logging.getLogger(__name__)

_MAX_LAG_S = 1.0
_ALONE_S = 1.0
"""A single picture is shown this long, in a loop."""


@dataclass(slots=True)
class FeedCounts:
    """Written by the feeder's thread only."""

    pictures: int = 0
    too_large: int = 0
    """Pictures that did not fit into a slot."""
    skipped: int = 0
    """Pictures that can't be decoded without one that was too large."""
    openings: int = 0


class Feeder:
    """Reads a source and writes its pictures. `run` belongs to one thread."""

    def __init__(
        self,
        options: SourceOptions,
        writer: RingWriter,
        *,
        is_looping: bool = False,
        first_retry_s: float = 1.0,
        max_retry_s: float = 30.0,
    ) -> None:
        self.counts = FeedCounts()
        self._options = options
        self._writer = writer
        self._is_looping = is_looping
        self._awaits_idr = True
        self._last_capture_ns = 0
        self._first_retry_s = first_retry_s
        self._max_retry_s = max_retry_s
        self._said: set[str] = set()

    def run(self, stop_requested: threading.Event) -> None:
        """Play until the source ends or `stop_requested` is set.

        A file is played once or in a loop. A live source that breaks off or is not there is opened
        again, after longer and longer pauses. Raises SourceError for a file or device that can't be
        played, SegmentError when the ring can't be written.
        """
        retry_s = self._first_retry_s
        while not stop_requested.is_set():
            written = self.counts.pictures
            try:
                is_file = self._play_once(stop_requested)
            except SourceError as exc:
                if not self._is_worth_retrying():
                    raise
                logger.warning("%s; trying again in %g s", exc, retry_s)
            else:
                if stop_requested.is_set():
                    return
                if is_file and self.counts.pictures == written:
                    raise SourceError(f"{self._options.url} has no picture that can be played")
                if is_file and not self._is_looping:
                    return
                if is_file:
                    continue
                logger.warning("%s ended; opening it again", self._options.url)
            if self.counts.pictures > written:
                retry_s = self._first_retry_s
            stop_requested.wait(retry_s)
            retry_s = min(2 * retry_s, self._max_retry_s)

    def _is_worth_retrying(self) -> bool:
        """A camera on the network may come later; a device that was there may come back."""
        url = self._options.url
        return is_network(url) or (is_device(url) and self.counts.pictures > 0)

    def _play_once(self, stop_requested: threading.Event) -> bool:
        """Play until the source ends; returns whether it is a file."""
        with contextlib.closing(Source(self._options)) as source:
            self.counts.openings += 1
            if source.choice:
                self._say(source.choice)
            announce = functools.partial(self._announce, is_file=source.is_file)
            pictures = source.pictures(announce)
            if source.is_file:
                pictures = _in_their_time(pictures, stop_requested)
            for picture in pictures:
                if stop_requested.is_set():
                    break
                self._write(picture)
            return source.is_file

    def _write(self, picture: SourcePicture) -> None:
        if picture.is_idr:
            self._awaits_idr = False
        if len(picture.data) > self._writer.max_picture_bytes:
            if not self.counts.too_large:
                logger.warning(
                    "a picture of %d bytes does not fit into a slot of %d; left out, up to the "
                    "next IDR",
                    len(picture.data),
                    self._writer.max_picture_bytes,
                )
            self.counts.too_large += 1
            self._awaits_idr = True
            return
        if self._awaits_idr:
            self.counts.skipped += 1
            return
        # Two pictures never have the same time, however fast they come.
        self._last_capture_ns = max(time.monotonic_ns(), self._last_capture_ns + 1)
        self._writer.write(
            picture.data,
            frame_number=self.counts.pictures,
            captured_at_ns=self._last_capture_ns,
            width=picture.width,
            height=picture.height,
        )
        self.counts.pictures += 1

    def _announce(self, plan: str, *, is_file: bool) -> None:
        self._awaits_idr = True
        if not is_file:
            self._said &= {plan}  # what is new of a camera is said again
        self._say(plan)

    def _say(self, sentence: str) -> None:
        """Once, not at each round of a loop."""
        if sentence not in self._said:
            self._said.add(sentence)
            logger.info("%s: %s", self._options.url, sentence)


def _in_their_time(
    pictures: Iterator[SourcePicture], stop_requested: threading.Event
) -> Iterator[SourcePicture]:
    """Hold each picture back until it is due. One that comes much too late restarts the clock."""
    offset_s: float | None = None
    last_s: float | None = None
    interval_s = _ALONE_S
    for picture in pictures:
        now_s = time.monotonic()
        if offset_s is None or now_s - offset_s - picture.time_s > _MAX_LAG_S:
            offset_s = now_s - picture.time_s
        if last_s is not None:
            interval_s = picture.time_s - last_s
        last_s = picture.time_s
        delay_s = offset_s + picture.time_s - now_s
        if delay_s > 0 and stop_requested.wait(delay_s):
            return
        yield picture
    if last_s is not None:
        stop_requested.wait(interval_s)  # the last one is shown as long as the others
