"""Feeds a ring until its source ends or a signal comes."""

from __future__ import annotations

import logging
import threading

import av.logging

from ..media.ring import RingLayout
from ..process.stop_signals import StopSignals
from .feeder import Feeder
from .ring_writer import RingWriter
from .source_picture import SourceOptions

logger = logging.getLogger(__name__)

_CHECK_S = 0.2
_END_TIMEOUT_S = 2.0


def feed(
    options: SourceOptions,
    url: str,
    layout: RingLayout,
    stop_signals: StopSignals,
    *,
    is_looping: bool = False,
) -> None:
    """Write what `options` names into the segment behind `url`, a ring of `layout`. Raises
    PetStreamError.

    The feeder runs in a thread of its own: FFmpeg may wait for a network camera for seconds, which
    must not hold up Ctrl-C.
    """
    av.logging.set_level(av.logging.PANIC)  # we log failures in one line; --verbose is for our log
    stop_requested = threading.Event()
    writer = RingWriter(url, layout)
    feeder = Feeder(options, writer, is_looping=is_looping)
    thread = _FeederThread(feeder, stop_requested)
    try:
        logger.info("writing shared memory %s", writer.name)
        thread.start()
        while thread.is_alive() and not stop_signals.wait(_CHECK_S):
            pass
        stop_requested.set()
        thread.join(_END_TIMEOUT_S)
    finally:
        writer.close()
    if thread.error is not None:
        raise thread.error
    counts = feeder.counts
    logger.info(
        "%d pictures written, %d too large, %d skipped after those",
        counts.pictures,
        counts.too_large,
        counts.skipped,
    )


class _FeederThread(threading.Thread):
    def __init__(self, feeder: Feeder, stop_requested: threading.Event) -> None:
        super().__init__(name="feeder", daemon=True)
        self._feeder = feeder
        self._stop_requested = stop_requested
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self._feeder.run(self._stop_requested)
        except Exception as exc:
            self.error = exc
