"""Answers the offers of all WebRTC viewers, keeps their connections, gives back their places."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from ..admission.grants import Grants
from ..admission.places import Ending, Occupant, Places
from ..errors import Busy, Full, NotFound, Superseded
from ..event_loop import EventLoopThread
from ..fan_out import FanOut
from ..first_pictures import FirstPictures
from ..ice_server import HostCandidates, IceServer
from ..media.h264 import SequenceParameterSet
from ..rights import EVERYBODYS, Grant
from .audience import Audience
from .connection import ConnectionSetup, TimeLimits
from .life import Life
from .peer import Peer
from .pending import PendingOffers
from .publications import Publications
from .sending.ladder import Senders
from .sending.sender import PeerCounts, SenderFactory, Step
from .signaling.fragment import parse_fragment
from .signaling.h264_format import H264Format, answered_profile_level_id, choose_format
from .signaling.offer import Offer, parse_offer
from .watch import Watch

logger = logging.getLogger(__name__)

MAX_REMEMBERED = 100
OFFER_INTERVAL_S = 0.05
"""Least time between two answers. Each takes 5 to 10 ms of the loop (x86-64), while the pictures of
all viewers wait."""


@dataclass(frozen=True, slots=True)
class Answer:
    sdp: str
    pc_id: str
    """Whoever knows it may close the peer, so it can't be guessed; logs show its start only."""


class View(Protocol):
    """A camera's pictures."""

    @property
    def fan_out(self) -> FanOut: ...
    @property
    def video(self) -> Callable[[], SequenceParameterSet | None]: ...


class Peers:
    """All viewers. Coroutines run on the event-loop thread; any thread may call the rest.

    Each viewer is a task that lives as long as its connection. It takes a place when it has
    connected and gives it back at the end, however it ends.
    """

    def __init__(
        self,
        *,
        fan_out: FanOut,
        event_loop: EventLoopThread,
        places: Places,
        grants: Grants,
        video: Callable[[], SequenceParameterSet | None],
        ice_servers: Callable[[], tuple[IceServer, ...]] = tuple,
        ice_hosts: HostCandidates = HostCandidates(),  # noqa: B008 (a value)
        make_sender: SenderFactory | None = None,
        limits: TimeLimits | None = None,
        offer_interval_s: float = OFFER_INTERVAL_S,
    ) -> None:
        self.counts = PeerCounts()
        self._audience = Audience(fan_out, self.counts, event_loop.errors)
        self._audiences = {fan_out: self._audience}
        self._event_loop = event_loop
        self._places = places
        self._grants = grants
        self._video = video
        self._limits = limits or TimeLimits()
        self._watch = Watch(self._limits.look_s, event_loop.errors)
        self._setup = ConnectionSetup(
            ice_servers=ice_servers,
            ice_hosts=ice_hosts,
            make_sender=make_sender or Senders(event_loop.errors),
            counts=self.counts,
            limits=self._limits,
            errors=event_loop.errors,
        )
        self._make_peer = partial(Peer, setup=self._setup)
        self.publications = Publications(self._setup, fan_out, self._watch, event_loop)
        self._offer_interval_s = offer_interval_s
        self._next_offer_s = 0.0
        self._pending: PendingOffers[Life] = PendingOffers()
        self._lives: dict[str, Life] = {}
        self._superseded: deque[str] = deque(maxlen=MAX_REMEMBERED)
        """Viewers that had to make room, so that their pages don't come back by themselves."""

    @property
    def connected_count(self) -> int:
        return sum(audience.viewer_count for audience in self._audiences.values())

    @property
    def first_pictures(self) -> FirstPictures:
        return self._audience.first_pictures

    @property
    def pending_count(self) -> int:
        """Offers whose viewers have not connected yet."""
        return len(self._pending)

    def count_by_step(self) -> dict[Step, int]:
        """Returns how many viewers are sent to by each step."""
        audiences = tuple(self._audiences.values())
        steps = [viewer.sender.step for audience in audiences for viewer in audience.viewers]
        return {step: steps.count(step) for step in Step}

    def answer(
        self,
        sdp: str,
        client: str = "",
        grant: Grant = EVERYBODYS,
        replaces: str | None = None,
        view: View | None = None,
        transport: str = "webrtc",
        race: str = "",
    ) -> Coroutine[Any, Any, Answer]:
        """Read a viewer's offer, in the caller's thread; the coroutine returned answers it.

        Pictures follow when the viewer has connected and there are any. `client` is the network
        address that the offer came from. The viewer ends when `grant` does. `replaces`: the
        viewer that the same page was before. `view`: what it watches; None: the active camera.
        `transport`: how it is told apart among those who watch. `race`: names the page, if it
        tries another way at the same time.
        Raises InvalidOffer, NoUsableH264, Superseded, the coroutine Busy. If the coroutine is
        cancelled, the viewer ends.
        """
        if replaces in self._superseded:
            raise Superseded
        offer = parse_offer(sdp)
        sps = self._video() if view is None else view.video()
        h264_format = choose_format(offer.h264_formats, sps)
        profile_level_id = answered_profile_level_id(h264_format, sps)
        fan_out = None if view is None else view.fan_out
        return self._answer(
            offer, h264_format, profile_level_id, client, transport, grant, fan_out, race
        )

    def add_candidate(
        self,
        pc_id: str,
        candidate: str,
        mid: str | None,
        ice_ufrag: str | None,
        holder: str = "",
    ) -> Coroutine[Any, Any, None] | None:
        """Read one more candidate of a viewer's, in the caller's thread; the coroutine returned
        adds it. None if it can't be used. Raises NotFound, also for a viewer of somebody else's
        than `holder`; BadCandidate."""
        peer = self._find(pc_id, holder).peer
        usable = peer.usable_candidate(candidate, mid, ice_ufrag)
        return None if usable is None else peer.add_candidate(usable)

    def add_fragment(
        self, pc_id: str, text: str, holder: str = ""
    ) -> Coroutine[Any, Any, None] | None:
        """The same for a fragment of SDP with any number of candidates. Raises NotFound,
        BadCandidate, NoIceRestart."""
        peer = self._find(pc_id, holder).peer
        usable = peer.usable_candidates(parse_fragment(text))
        return _add_all(peer, usable) if usable else None

    def check(self, pc_id: str, holder: str = "") -> None:
        """Raises NotFound unless there is such a viewer of `holder`. Any thread."""
        self._find(pc_id, holder)

    def thinned_to(self, pc_id: str) -> float | None:
        """Pictures a second that a viewer is sent of a stream that its link can't carry; 0 while
        that is not known, None if it is sent all, or has gone. Any thread."""
        life = self._lives.get(pc_id)
        return None if life is None else life.peer.sender.thinned_to

    def close(self, pc_id: str, holder: str = "") -> Coroutine[Any, Any, None]:
        """Find a viewer of `holder`, in the caller's thread; the coroutine returned ends it. Raises
        NotFound."""
        return self._close([self._find(pc_id, holder)], "closed by the viewer")

    async def close_all(self) -> None:
        """End all at once, in the time that closing one may take."""
        viewers = self._close(tuple(self._lives.values()), "shutdown")
        await asyncio.gather(viewers, self.publications.close_all())

    def abandon(self) -> None:
        """Give back all places. Any thread, where the loop is stuck: the viewers notice by
        themselves that nothing comes."""
        for life in tuple(self._lives.values()):
            if life.place is not None:
                life.place.release()

    async def _close(self, lives: Collection[Life], reason: str) -> None:
        self._event_loop.assert_here()
        for life in lives:
            life.peer.end(reason)
        if tasks := {life.task for life in lives if life.task is not None}:
            await asyncio.wait(tasks, timeout=self._limits.close_s)

    def _find(self, pc_id: str, holder: str) -> Life:
        life = self._lives.get(pc_id)
        if life is None or life.peer.is_ending or life.grant.holder != holder:
            raise NotFound("No such viewer")
        return life

    async def _answer(
        self,
        offer: Offer,
        h264_format: H264Format,
        profile_level_id: str,
        client: str,
        transport: str,
        grant: Grant,
        fan_out: FanOut | None,
        race: str,
    ) -> Answer:
        self._event_loop.assert_here()
        asked_ns = time.monotonic_ns()
        loop = asyncio.get_running_loop()
        turn_s = max(loop.time(), self._next_offer_s)
        self._next_offer_s = turn_s + self._offer_interval_s
        await asyncio.sleep(turn_s - loop.time())
        peer = self._make_peer(secrets.token_urlsafe(16), h264_format, offer)
        expel = partial(peer.end, "its right has ended")
        try:
            hold = self._grants.hold(grant, partial(self._event_loop.call_soon, expel))
        except Busy:
            await peer.close()
            raise
        audience = self._audience if fan_out is None else self._audience_of(fan_out)
        life = Life(peer, client, transport, grant, hold, asked_ns, audience, race)
        self._lives[peer.pc_id] = life
        leaving = self._pending.add(life, client, loop.time())
        self.counts.gave_way += len(leaving)
        answered: asyncio.Future[str] = loop.create_future()
        negotiate = partial(peer.negotiate, profile_level_id)
        living = self._live(life, leaving, negotiate, answered)
        life.task = self._event_loop.spawn(living, f"viewer {peer.short_id}")
        life.task.add_done_callback(lambda _: self._forget(life, answered))
        try:
            return Answer(await answered, peer.pc_id)
        except asyncio.CancelledError:
            peer.end("request given up")
            raise

    async def _live(
        self,
        life: Life,
        leaving: Collection[Life],
        negotiate: Callable[[], Awaitable[str]],
        answered: asyncio.Future[str],
    ) -> None:
        """One viewer's life. Nothing cancels it but the end of the loop."""
        peer = life.peer
        try:
            await self._close(leaving, "gave way to a newer offer")  # which frees their sockets
            if await self._negotiate(peer, negotiate, answered):
                logger.info("viewer %s: answered", peer.short_id)
                reason = await peer.live(on_connected=partial(self._welcome, life))
                logger.info("viewer %s: %s", peer.short_id, reason)
        finally:
            self._watch.remove(life)
            life.audience.leave(peer)
            self._give_back(life)
            try:
                await asyncio.wait_for(peer.close(), self._limits.close_s)
            except asyncio.TimeoutError:
                logger.warning("viewer %s did not close in time, and is left alone", peer.short_id)

    def _welcome(self, life: Life) -> None:
        self._event_loop.assert_here()
        self._pending.discard(life)
        try:
            life.place = self._places.acquire(self._occupant(life))
        except Full:
            self.counts.came_too_late += 1
            life.peer.end("all places were taken before it connected")
            return
        self._watch.add(life)
        life.audience.join(life.peer, life.asked_ns)

    def _audience_of(self, fan_out: FanOut) -> Audience:
        if fan_out not in self._audiences:
            self._audiences = {
                **self._audiences,
                fan_out: Audience(fan_out, self.counts, self._event_loop.errors),
            }
        return self._audiences[fan_out]

    def _occupant(self, life: Life) -> Occupant:
        grant = life.grant
        return Occupant(
            end=lambda why: self._event_loop.call_soon(self._expel, life, why),
            name=grant.name,
            holder=grant.holder,
            is_owner=grant.is_owners,
            client=life.client,
            transport=life.transport,
            race=life.race,
            thinned_to=lambda: life.peer.sender.thinned_to,
        )

    def _expel(self, life: Life, why: Ending) -> None:
        if why is not Ending.RACED:
            self._superseded.append(life.peer.pc_id)
        life.peer.end(why.value)

    async def _negotiate(
        self,
        peer: Peer,
        negotiate: Callable[[], Awaitable[str]],
        answered: asyncio.Future[str],
    ) -> bool:
        """Hand the answer, or what went wrong, to whoever still waits for it."""
        try:
            sdp = "" if peer.is_ending else await negotiate()
        except Exception as exc:
            self.counts.errors += 1
            if answered.done():
                raise
            answered.set_exception(exc)
            return False
        if peer.is_ending:
            if not answered.done():
                answered.set_exception(Busy("Too many offers at once", retry_after_s=1))
            return False
        if "\r\na=candidate:" not in sdp:
            logger.warning(
                "a viewer is offered no address and can't connect by WebRTC: see "
                "PET_STREAM_ICE_HOSTS, and this machine's network"
            )
        if not answered.done():
            answered.set_result(sdp)
        return True

    def _forget(self, life: Life, answered: asyncio.Future[str]) -> None:
        """The life is over; if it was cancelled before it began, nothing was cleaned up yet."""
        del self._lives[life.peer.pc_id]
        self._give_back(life)
        answered.cancel()

    def _give_back(self, life: Life) -> None:
        self._pending.discard(life)
        life.hold.release()
        place, life.place = life.place, None  # which knows the life: both are freed now
        if place is not None:
            place.release()


async def _add_all(peer: Peer, usable: Sequence[str]) -> None:
    for candidate in usable:
        await peer.add_candidate(candidate)
