"""The connections by which the camera publishes itself to media servers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ..event_loop import EventLoopThread
from ..fan_out import FanOut
from ..ice_server import IceServer, usable_here
from ..media.h264 import SequenceParameterSet
from .audience import Audience
from .connection import ConnectionSetup
from .publication import Publication
from .sending.sender import PeerCounts
from .watch import Watch

logger = logging.getLogger(__name__)


class Publications:
    """All of them. On the event-loop thread. They take no viewer's place, and share its packets."""

    def __init__(
        self, setup: ConnectionSetup, fan_out: FanOut, watch: Watch, event_loop: EventLoopThread
    ) -> None:
        self.counts = PeerCounts()
        self._setup = replace(setup, counts=self.counts)
        self._event_loop = event_loop
        self._watch = watch
        self._audience = Audience(fan_out, self.counts, event_loop.errors)
        self._begun: set[Publication] = set()
        """Those that nobody has answered yet."""
        self._living: dict[Publication, asyncio.Task[None]] = {}

    async def begin(
        self, sps: SequenceParameterSet, ice_servers: tuple[IceServer, ...] = ()
    ) -> tuple[Publication, str]:
        """Returns a connection, and its offer to the media server. Whoever asks for it calls
        `go_on` or `give_up`. `ice_servers`: in the place of those in the settings, if any."""
        self._event_loop.assert_here()
        setup = self._setup
        if ice_servers:
            setup = replace(setup, ice_servers=lambda: usable_here(ice_servers))
        publication = Publication(setup)
        self._begun.add(publication)
        try:
            return publication, await publication.offer(sps)
        except BaseException:
            await self.give_up(publication)
            raise

    async def go_on(
        self,
        publication: Publication,
        sdp: str,
        on_live: Callable[[], object],
        on_end: Callable[[str], object],
    ) -> None:
        """Connect to the media server that has answered by `sdp`. `on_live` is called once pictures
        go there, `on_end` in any case, with the reason. Raises InvalidOffer, NoUsableH264; then
        neither is called."""
        try:
            await publication.accept(sdp)
        except BaseException:
            await self.give_up(publication)
            raise
        self._begun.discard(publication)
        living = self._live(publication, on_live, on_end)
        self._living[publication] = self._event_loop.spawn(living, "publication")

    async def give_up(self, publication: Publication) -> None:
        """End it. Idempotent."""
        self._begun.discard(publication)
        publication.end("ended by us")
        task = self._living.get(publication)
        closing = publication.close() if task is None else asyncio.shield(task)
        try:
            await asyncio.wait_for(closing, self._setup.limits.close_s)
        except asyncio.TimeoutError:
            logger.warning("a publication did not close in time, and is left alone")

    async def close_all(self) -> None:
        await asyncio.gather(*map(self.give_up, (*self._begun, *self._living)))

    async def _live(
        self,
        publication: Publication,
        on_live: Callable[[], object],
        on_end: Callable[[str], object],
    ) -> None:
        reason = "cancelled"
        try:
            reason = await publication.live(partial(self._begin_to_send, publication, on_live))
        finally:
            del self._living[publication]
            self._watch.remove(publication)
            self._audience.leave(publication)
            try:
                await asyncio.wait_for(publication.close(), self._setup.limits.close_s)
            except asyncio.TimeoutError:
                logger.warning("a publication did not close in time, and is left alone")
            on_end(reason)

    def _begin_to_send(self, publication: Publication, on_live: Callable[[], object]) -> None:
        self._watch.add(publication)
        self._audience.join(publication, time.monotonic_ns())
        on_live()
