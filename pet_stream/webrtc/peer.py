"""One viewer's connection, from its offer to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiortc import (
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransport,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.sdp import candidate_from_sdp

from ..errors import BadCandidate, NoIceRestart
from ..ice_server import IceServer, IpNetwork
from ..process.standstill import wait_for_any
from ..supervision.error_counts import ErrorCounts
from . import private
from .sending.sender import PeerCounts, SenderFactory
from .signaling.answer import answer_from_aiortc, offer_for_aiortc
from .signaling.candidates import MAX_CANDIDATES, usable_candidate
from .signaling.fragment import Fragment
from .signaling.h264_format import H264Format
from .signaling.offer import Offer


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long each step may take. aiortc itself may wait for ever."""

    connect_s: float = 15.0
    """From the answer to the first encrypted packet."""
    reach_s: float = 8.0
    """From the answer to the first sign of a viewer: an ICE check that goes through, or one more
    candidate."""
    silence_s: float = 3.5
    """Without a sign of life the viewer has vanished. ICE itself needs 30 seconds."""
    look_s: float = 0.5
    """Time between two looks for a sign of life."""
    close_s: float = 3.0
    flood_s: float = 5.0
    """How long a viewer may send more RTCP than its budget."""


class Peer:
    """One viewer. Everything on the event-loop thread.

    `negotiate`, `live`, `close`, in this order; whoever makes a Peer closes it.
    """

    def __init__(
        self,
        pc_id: str,
        h264_format: H264Format,
        offer: Offer,
        *,
        ice_servers: tuple[IceServer, ...],
        ice_hosts: tuple[IpNetwork, ...] | None,
        make_sender: SenderFactory,
        counts: PeerCounts,
        limits: TimeLimits,
        errors: ErrorCounts,
    ) -> None:
        self.pc_id = pc_id
        self._h264_format = h264_format
        self._offer = offer
        self._counts = counts
        self._limits = limits
        self._errors = errors
        loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[None] = loop.create_future()
        self._ended: asyncio.Future[str] = loop.create_future()
        self._heard_s = 0.0
        self._heard_count = 0
        self._candidate_count = len(offer.candidates)
        self._question: asyncio.Task[None] | None = None
        self._refusal: asyncio.Task[None] | None = None
        servers = [
            RTCIceServer(list(server.urls), server.username, server.credential)
            for server in ice_servers
        ]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._connection.on("connectionstatechange", self._on_connection_state)
        transceiver = self._connection.addTransceiver("video", direction="sendonly")
        self._rtp_sender = transceiver.sender
        private.offer_hosts(self._ice, ice_hosts)
        private.prefer_fastest(self._rtp_sender.transport)
        self._guard = private.Guard(self._rtp_sender.transport, counts.datagrams_dropped, errors)
        extensions = {uri: number for number, uri in offer.extensions}
        end = partial(_end, self._ended)  # not self.end: the sender would keep this object
        self.sender = make_sender(transceiver, h264_format, extensions, counts, end)

    async def negotiate(self, profile_level_id: str) -> str:
        """Returns the answer to the offer, with all host candidates. Must not be cancelled: aioice
        would lose the sockets that it is opening."""
        offered = offer_for_aiortc(self._offer, self._h264_format)
        await self._connection.setRemoteDescription(RTCSessionDescription(offered, "offer"))
        await self._connection.setLocalDescription()
        answered = self._connection.localDescription.sdp
        return answer_from_aiortc(answered, self._offer, self._h264_format, profile_level_id)

    def usable_candidate(
        self, candidate: str, mid: str | None, ice_ufrag: str | None
    ) -> str | None:
        """Returns `candidate` as `add_candidate` takes it, None if it can't be used. Any thread.

        Raises BadCandidate.
        """
        if mid not in self._mids:
            raise BadCandidate("A candidate of another media section")
        if ice_ufrag not in (None, self._offer.ice_ufrag):
            raise BadCandidate("A candidate of another offer")
        if self._candidate_count >= MAX_CANDIDATES:
            raise BadCandidate(f"More than {MAX_CANDIDATES} candidates")
        return usable_candidate(candidate)

    def usable_candidates(self, fragment: Fragment) -> list[str]:
        """Returns the candidates of `fragment` as `add_candidate` takes them, without those that
        can't be used and those of sections that were refused. Any thread.

        Raises BadCandidate, and NoIceRestart.
        """
        if not fragment.is_of(self._offer.ice_ufrag, self._offer.ice_password):
            raise NoIceRestart
        own = [candidate for mid, candidate in fragment.candidates if mid in self._mids]
        usable = [self.usable_candidate(candidate, None, None) for candidate in own]
        return list(filter(None, usable))

    async def add_candidate(self, usable: str) -> None:
        """Check one more address of the viewer's, if none works yet.

        The end of candidates is not passed on: aioice would then stop waiting for the viewer's own
        checks, the only way to find addresses that it never tells (`.local` names).
        """
        if self._candidate_count < MAX_CANDIDATES:
            self._candidate_count += 1
            if not (self._connected.done() or self.is_ending):
                await self._ice.addRemoteCandidate(candidate_from_sdp(usable))

    async def live(self, on_connected: Callable[[], object]) -> str:
        """Wait until the viewer is gone; returns why. `on_connected` is called at most once; from
        then on `look` has to be called every `look_s`."""
        limit_s = min(self._limits.reach_s, self._limits.connect_s)
        either: set[asyncio.Future[Any]] = {self._connected, self._ended}
        await wait_for_any(either, limit_s)
        if self.is_reached or self._candidate_count > len(self._offer.candidates):
            rest_s, limit_s = self._limits.connect_s - limit_s, self._limits.connect_s
            await wait_for_any(either, rest_s)
        if not (self._connected.done() or self._ended.done()):
            self._counts.errors += 1
            return f"not connected within {limit_s:g} s"
        if not self._ended.done():
            self._heard_s = asyncio.get_running_loop().time()
            on_connected()
            await asyncio.wait({self._ended})
        return self._ended.result()

    def look(self, now_s: float) -> None:
        """Check whether the viewer has been heard since the last call. Browsers send RTCP reports
        each second; a viewer that is silent gets a liveness check, and is ended if it does not
        answer."""
        heard_count = self._guard.heard_count
        if heard_count != self._heard_count:
            self._heard_count, self._heard_s = heard_count, now_s
        silence_s = now_s - self._heard_s
        if silence_s >= self._limits.silence_s:
            self._counts.vanished += 1
            self.end("vanished")
        elif silence_s >= self._limits.silence_s / 2 and _is_idle(self._question):
            self._question = asyncio.create_task(self._ask())
        if self._guard.rtcp.is_flooded(now_s, self._limits.flood_s):
            self.end("RTCP flood")

    def begin_anew(self, now_s: float) -> None:
        """Count silence from now on: until now this process could not have heard the viewer."""
        self._heard_s = now_s

    def end(self, reason: str) -> None:
        """Make `live` return."""
        _end(self._ended, reason)

    @property
    def is_ending(self) -> bool:
        return self._ended.done()

    @property
    def is_reached(self) -> bool:
        """Whether an ICE check went through: somebody is there."""
        return self._ice.state == "completed"

    @property
    def short_id(self) -> str:
        """The id for logs: whoever knows the whole one may close the peer."""
        return self.pc_id[:6]

    async def close(self) -> None:
        for task in (self._question, self._refusal):
            if task is not None:
                task.cancel()
        self._question = self._refusal = None
        if not self._connected.done():  # aioice up to 0.11 would go on waiting for candidates
            await self._ice.addRemoteCandidate(None)
        await self._connection.close()
        self._guard.leave()

    def _on_connection_state(self) -> None:
        """Called by aiortc, in the middle of what it does: an error must not end that."""
        try:
            self._take_connection_state()
        except Exception as exc:
            self._fail(exc, "a viewer is ended: its connection's state can't be taken in")

    def _take_connection_state(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and not self._connected.done():
            self._counts.connections += 1
            private.on_refusal(self._ice, self._handle_refusal)
            self._guard.watch_rtcp()
            self._connected.set_result(None)
        elif state in ("failed", "closed"):
            if state == "failed" and not self._connected.done():
                self._counts.errors += 1
            self.end(f"connection {state}")

    def _handle_refusal(self) -> None:
        """Called by asyncio, or in the middle of sending."""
        try:
            self._on_refusal()
        except Exception as exc:
            self._fail(exc, "a viewer is ended: whether its port is closed can't be told")

    def _fail(self, error: Exception, said: str) -> None:
        self._errors.end("webrtc", error, said)
        self.end("it has failed")

    def _on_refusal(self) -> None:
        if _is_idle(self._refusal):
            self._refusal = asyncio.create_task(self._confirm_refusal())

    async def _confirm_refusal(self) -> None:
        if not await private.is_reachable(self._ice):
            self.end("its port is closed")

    async def _ask(self) -> None:
        if await private.is_reachable(self._ice):
            self._heard_s = asyncio.get_running_loop().time()

    @property
    def _mids(self) -> tuple[str | None, ...]:
        """What its candidates may name: nothing, or a section that uses its transport."""
        return None, self._offer.mid, *(section.mid for section in self._offer.bundle)

    @property
    def _ice(self) -> RTCIceTransport:
        return self._rtp_sender.transport.transport


def _end(ended: asyncio.Future[str], reason: str) -> None:
    if not ended.done():
        ended.set_result(reason)


def _is_idle(task: asyncio.Task[None] | None) -> bool:
    return task is None or task.done()
