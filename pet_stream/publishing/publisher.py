"""Publishes the camera to one media server, and brings it back there."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ..errors import Busy, InvalidOffer, LoopUnavailable, NoUsableH264
from ..event_loop import EventLoopThread
from ..ice_server import IceServer
from ..lifecycle import Run, start_run
from ..media.h264 import SequenceParameterSet
from ..outgoing.exchange import Exchange
from ..publish_target import PublishTarget
from .whip import Refused, Session, WhipClient

if TYPE_CHECKING:
    from ..webrtc.publication import Publication
    from ..webrtc.publications import Publications

logger = logging.getLogger(__name__)

LIVE = "live"
State = Literal["off", "waiting", "connecting", "live", "failing"]
"""Nobody wants it; no picture comes yet; on its way; pictures go there; it is tried again."""


@dataclass(frozen=True, slots=True)
class PublishLimits:
    request_s: float = 10.0
    loop_s: float = 10.0
    """For each step on the event loop: STUN and TURN servers are asked in the first."""
    look_s: float = 0.5
    """Between two looks for a camera."""
    first_retry_s: float = 1.0
    """Doubled after each failure, half of it random, …"""
    last_retry_s: float = 20.0
    """… up to this."""
    steady_s: float = 30.0
    """After this long without a failure it begins anew."""
    goodbye_s: float = 2.0


@dataclass(frozen=True, slots=True)
class PublishStatus:
    """A snapshot that any thread may keep."""

    target: str
    """The media server's host."""
    state: State
    since: float
    """Epoch seconds."""
    reason: str = ""
    """Why it is not live, or why the last try has failed, for a person."""
    tries: int = 0
    """How often it was tried."""
    connections: int = 0
    """How often it went live."""

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "state": self.state,
            "since": self.since,
            "reason": self.reason or None,
        }


News = queue.SimpleQueue[tuple[object, str]]
"""Of which connection, and what: LIVE, or why it has ended."""


class Loop(Protocol):
    """What publishes on the event loop of now, which may have a successor later."""

    @property
    def event_loop(self) -> EventLoopThread: ...
    @property
    def publications(self) -> Publications:
        """Made now, if need be. Raises Busy, ImportError."""


class Publisher:
    """Belongs to its thread, `name`. Any thread may start and stop it, wake it, and read `status`.

    `shown` stands for the target on pages, in logs and metrics. `find_loop` returns the loop of
    now, `video` what the camera sends, None before a picture.
    """

    def __init__(
        self,
        target: PublishTarget,
        shown: str,
        find_loop: Callable[[], Loop],
        video: Callable[[], SequenceParameterSet | None],
        name: str,
        limits: PublishLimits | None = None,
    ) -> None:
        self.target = target
        self.status = PublishStatus(shown, "off", time.time())
        self.is_wanted = target.is_always
        self._find_loop = find_loop
        self._video = video
        self._name = name
        self._limits = limits or PublishLimits()
        self._lock = threading.Lock()
        self._ice_servers: tuple[IceServer, ...] = ()
        """Those that the media server has recommended with its last answer."""
        self.run: Run | None = None

    def start(self) -> None:
        """Raises Busy when no thread is to be had."""
        with self._lock:
            if self.is_wanted and (self.run is None or not self.run.is_alive):
                client = WhipClient(self.target, Exchange(limit_s=self._limits.request_s))
                news: News = queue.SimpleQueue()

                def wake() -> None:
                    news.put((None, ""))
                    client.cancel()

                self.run = start_run(
                    self._name, lambda run: self._work(run, client, news), wake=wake
                )

    def stop(self, timeout_s: float) -> None:
        """Idempotent."""
        with self._lock:
            run, self.run = self.run, None
        if run is not None:
            run.stop(timeout_s)
            self._become(None, "off")

    def _work(self, run: Run, client: WhipClient, news: News) -> None:
        failures = 0
        while not run.is_stopping:
            run.pulse.rest()
            if not self._has_camera(run):
                continue
            began_s = time.monotonic()
            self._become(run, "connecting", self.status.reason, tries=self.status.tries + 1)
            retry_after_s = 0.0
            try:
                reason = self._publish(run, client, news)
            except Refused as exc:
                reason, retry_after_s = str(exc), exc.retry_after_s
            except (OSError, Busy, LoopUnavailable, InvalidOffer, NoUsableH264) as exc:
                reason = str(exc) or type(exc).__name__
            if run.is_stopping:
                break
            is_steady = time.monotonic() - began_s > self._limits.steady_s
            failures = 1 if is_steady else failures + 1
            if failures == 1:
                logger.warning("%s gets no pictures now: %s", self.status.target, reason)
            self._become(run, "failing", reason)
            self._wait(run, max(retry_after_s, self._pause_s(failures)))

    def _has_camera(self, run: Run) -> bool:
        if self._video() is not None:
            return True
        self._become(run, "waiting", "no picture has come from the camera yet")
        self._wait(run, self._limits.look_s)
        return False

    def _publish(self, run: Run, client: WhipClient, news: News) -> str:
        """Publish until it ends; returns why. Raises Refused, OSError, Busy, LoopUnavailable,
        InvalidOffer, NoUsableH264."""
        sps = self._video()
        if sps is None:
            return "the camera has gone"
        loop, limits = self._find_loop(), self._limits
        event_loop, publications = loop.event_loop, loop.publications
        beginning = publications.begin(sps, self._ice_servers)
        publication, offer = event_loop.call(beginning, limits.loop_s)
        session: Session | None = None
        try:
            session = client.publish(offer)
            self._ice_servers = session.ice_servers
            go_on = publications.go_on(
                publication,
                session.sdp,
                lambda: news.put((publication, LIVE)),
                lambda reason: news.put((publication, reason)),
            )
            event_loop.call(go_on, limits.loop_s)
            return self._follow(run, news, publication, event_loop)
        finally:
            self._leave(event_loop, publications, publication, session)

    def _follow(
        self, run: Run, news: News, publication: Publication, event_loop: EventLoopThread
    ) -> str:
        """Wait until the connection ends; returns why."""
        while not run.is_stopping:
            try:
                whose, told = news.get(timeout=self._limits.look_s)
            except queue.Empty:
                if self._find_loop().event_loop is not event_loop:
                    return "the event loop was stuck, and has a successor"
                continue
            if whose is not publication:
                continue
            if told != LIVE:
                return told
            logger.info("%s gets the pictures", self.status.target)
            self._become(run, "live", connections=self.status.connections + 1)
        return "stopped"

    def _leave(
        self,
        event_loop: EventLoopThread,
        publications: Publications,
        publication: Publication,
        session: Session | None,
    ) -> None:
        try:
            event_loop.call(publications.give_up(publication), self._limits.goodbye_s)
        except LoopUnavailable as exc:
            logger.debug("a publication is left to its loop: %s", exc)
        if session is None:
            return
        # a client of its own: the one before may be cancelled, which is why this ends
        goodbye = WhipClient(self.target, Exchange(limit_s=self._limits.goodbye_s))
        try:
            goodbye.end(session)
        except OSError as exc:
            logger.debug("%s is not told that it ends: %s", self.status.target, exc)

    def _become(self, run: Run | None, state: State, reason: str = "", **counts: Any) -> None:
        """Unless `run` was left alone, and has a successor."""
        with self._lock:
            if run is not self.run:
                return
            before = self.status
            since = before.since if before.state == state else time.time()
            self.status = replace(before, state=state, since=since, reason=reason, **counts)

    def _wait(self, run: Run, seconds: float) -> None:
        run.stop_requested.wait(seconds)

    def _pause_s(self, failures: int) -> float:
        limits = self._limits
        ceiling_s = min(limits.last_retry_s, limits.first_retry_s * 2.0 ** min(failures - 1, 20))
        return ceiling_s / 2 + random.random() * ceiling_s / 2
