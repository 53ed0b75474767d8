"""All WebRTC viewers: their offers answered, their lives watched over, their places given back."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from ..admission import Place, Places
from ..broadcaster import Broadcaster
from ..errors import NotFound
from ..event_loop import EventLoopThread
from ..ice_server import IceServer, IpNetwork
from ..media.h264 import SequenceParameterSet
from .audience import Audience
from .h264_format import answered_profile_level_id, choose_format
from .ladder import Senders
from .offer import parse_offer
from .peer import Peer, TimeLimits
from .sender import PeerCounts, SenderFactory, Step
from .watch import Watch

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    sdp: str
    pc_id: str
    """Whoever knows it may close the peer, so it can't be guessed; logs show its start only."""


class Peers:
    """The viewers. Coroutines belong to the event-loop thread, the rest is read from any.

    Each viewer is a task that lives as long as its connection and gives its place back at the
    end, however it ends.
    """

    def __init__(
        self,
        *,
        broadcaster: Broadcaster,
        event_loop: EventLoopThread,
        places: Places,
        video: Callable[[], SequenceParameterSet | None],
        ice_servers: tuple[IceServer, ...] = (),
        ice_hosts: tuple[IpNetwork, ...] | None = None,
        make_sender: SenderFactory | None = None,
        limits: TimeLimits | None = None,
    ) -> None:
        self.counts = PeerCounts()
        self._audience = Audience(broadcaster, event_loop, self.counts)
        self._event_loop = event_loop
        self._places = places
        self._video = video
        self._limits = limits or TimeLimits()
        self._watch = Watch(self._limits.look_s)
        self._make_peer = partial(
            Peer,
            ice_servers=ice_servers,
            ice_hosts=ice_hosts,
            make_sender=make_sender or Senders(),
            counts=self.counts,
            limits=self._limits,
        )
        self._lives: dict[Peer, asyncio.Task[None]] = {}

    @property
    def buffer_fill_ratio(self) -> float:
        """How full the queue from the camera to the event loop is, 0 to 1."""
        return self._audience.fill_ratio

    @property
    def connected_count(self) -> int:
        return self._audience.viewer_count

    def count_by_step(self) -> dict[Step, int]:
        """How many viewers are sent to in which way."""
        steps = [viewer.sender.step for viewer in self._audience.viewers]
        return {step: steps.count(step) for step in Step}

    async def answer(self, sdp: str) -> Answer:
        """Answer a viewer's offer; pictures follow when it has connected and there are any.

        Raises InvalidOffer, NoUsableH264, Full. If the caller gives up, the viewer ends.
        """
        offer = parse_offer(sdp)
        sps = self._video()
        h264_format = choose_format(offer.h264_formats, sps)
        place = self._places.acquire()
        try:
            peer = self._make_peer(secrets.token_urlsafe(16), h264_format, offer)
        except BaseException:
            place.release()
            raise
        answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        negotiate = partial(peer.negotiate, answered_profile_level_id(h264_format, sps))
        life = self._live(peer, place, negotiate, answered)
        task = self._lives[peer] = self._event_loop.spawn(life, f"viewer {peer.short_id}")
        task.add_done_callback(lambda _: self._forget(peer, place, answered))
        try:
            return Answer(await answered, peer.pc_id)
        except asyncio.CancelledError:
            peer.end("request given up")
            raise

    async def add_candidate(
        self, pc_id: str, candidate: str, mid: str | None, ice_ufrag: str | None
    ) -> None:
        """One more way to a viewer, found after its offer. Raises NotFound, BadCandidate."""
        await self._find(pc_id).add_candidate(candidate, mid, ice_ufrag)

    async def close(self, pc_id: str) -> None:
        """End a viewer. Raises NotFound."""
        peer = self._find(pc_id)
        peer.end("closed by the viewer")
        await asyncio.wait({self._lives[peer]}, timeout=self._limits.close_s)

    async def close_all(self) -> None:
        """End all viewers at once, in the time that closing one may take."""
        tasks = set(self._lives.values())
        for peer in self._lives:
            peer.end("shutdown")
        if tasks:
            await asyncio.wait(tasks, timeout=self._limits.close_s)

    def _find(self, pc_id: str) -> Peer:
        peer = next((peer for peer in self._lives if peer.pc_id == pc_id), None)
        if peer is None or peer.is_ending:
            raise NotFound("No such viewer")
        return peer

    async def _live(
        self,
        peer: Peer,
        place: Place,
        negotiate: Callable[[], Awaitable[str]],
        answered: asyncio.Future[str],
    ) -> None:
        """One viewer's life. Nothing cancels it but the end of the loop."""
        try:
            if await self._negotiate(negotiate, answered):
                logger.info("viewer %s: answered", peer.short_id)
                reason = await peer.live(on_connected=partial(self._welcome, peer))
                logger.info("viewer %s: %s", peer.short_id, reason)
        finally:
            self._watch.remove(peer)
            self._audience.leave(peer)
            place.release()
            try:
                await asyncio.wait_for(peer.close(), self._limits.close_s)
            except asyncio.TimeoutError:
                logger.warning("viewer %s did not close in time", peer.short_id)

    def _welcome(self, peer: Peer) -> None:
        self._watch.add(peer)
        self._audience.join(peer)

    async def _negotiate(
        self, negotiate: Callable[[], Awaitable[str]], answered: asyncio.Future[str]
    ) -> bool:
        """Hand the answer, or what went wrong, to whoever still waits for it."""
        try:
            sdp = await negotiate()
        except Exception as exc:
            self.counts.errors += 1
            if answered.done():
                raise
            answered.set_exception(exc)
            return False
        if "\r\na=candidate:" not in sdp:
            logger.warning("no address to offer: see PET_STREAM_ICE_HOSTS and this host's network")
        if not answered.done():
            answered.set_result(sdp)
        return True

    def _forget(self, peer: Peer, place: Place, answered: asyncio.Future[str]) -> None:
        """The life is over; if it was cancelled before it began, nothing was cleaned up yet."""
        del self._lives[peer]
        place.release()
        answered.cancel()
