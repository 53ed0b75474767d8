"""Wires the parts of one camera together, and starts and stops them in this process."""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from flask import request
from prometheus_flask_exporter import PrometheusMetrics

from .admission.downloads import Downloads
from .admission.grants import Grants
from .admission.places import SWEEP_INTERVAL_S, Places
from .admission.turns import Turns
from .broadcaster import Broadcaster
from .config import Config
from .detections.listeners import Detections
from .errors import LoopUnavailable
from .event_loop import EventLoopThread
from .fan_out import FanOut
from .http_counts import HttpCounts
from .ingest.shm_reader import ShmReader
from .library.archive import Archive
from .library.folder_watch import FolderWatch
from .library.library import Library
from .library.retention import Retention
from .library.snapshots import Snapshots
from .lifecycle import Life, stop_all
from .media.gop_memory import GopMemory
from .process.forks import call_in_child
from .process.switch_interval import switch_interval
from .reason import Reason
from .recording.recorder import Recorder
from .recording.settings import RecorderSettings
from .recording.status import CurrentRecording
from .rights import Authority
from .web_server.http_clients import ConnectionCounts
from .webrtc.lazy_peers import LazyPeers
from .websocket.connections import Connections
from .websocket.detection_feed import DetectionFeed
from .websocket.live_state import LiveState, State
from .websocket.ticker import Ticker
from .websocket.video_viewers import VideoViewers

if TYPE_CHECKING:
    from .webrtc.peers import Peers

logger = logging.getLogger(__name__)

FINISH_TIMEOUT_S = 4.0
"""Time to finish the recording on the disk and to say goodbye to the viewers."""
IMPORT_TIMEOUT_S = 2.0
CHANGE_TIMEOUT_S = 30.0
"""Time to wait for a start or stop that another thread has begun."""
RETRY_S = 5.0
"""Time until a request tries again to start, after a failure."""
MAX_LISTENERS = 64
"""Pages that may follow the live state, and others that listen to detections as events; each holds
a thread of the server."""
MAX_OFFERS = 16
"""Offers that are answered at once, half of them for one client. A browser sends at most six."""


class HostCheck(Protocol):
    """Checks how the host mounts and serves us."""

    @property
    def faults(self) -> tuple[Reason, ...]: ...
    @property
    def notices(self) -> tuple[Reason, ...]: ...
    def run_once(self, environ: Mapping[str, object]) -> None: ...


class Stream:
    """The parts of one camera, started and stopped together. Any thread may use it.

    Nothing runs before start(), because the reloader's parent and gunicorn's preloading master also
    make a Stream. In a forked process the parts are replaced by new ones that do not run yet. One
    thread at a time starts or stops; no lock is held meanwhile.

    `live_state` returns what open pages show of this stream, as JSON.
    """

    config: Config
    event_loop: EventLoopThread
    reader: ShmReader
    broadcaster: Broadcaster
    fan_out: FanOut
    places: Places
    grants: Grants
    recorder: Recorder
    archive: Archive
    library: Library
    folder_watch: FolderWatch
    snapshots: Snapshots
    peers: LazyPeers
    offer_turns: Turns
    connections: Connections
    video_viewers: VideoViewers
    live_state: LiveState
    listener_places: Places
    downloads: Downloads
    detections: Detections | None
    host_check: HostCheck
    authority: Authority
    http_counts: HttpCounts
    connection_counts: ConnectionCounts
    exporter: PrometheusMetrics
    is_running: bool

    def __init__(
        self,
        config: Config,
        host_check: HostCheck,
        authority: Authority,
        exporter: PrometheusMetrics,
        live_state: Callable[[Stream], State],
        name: str = "pet-stream",
    ) -> None:
        self.config = config
        self.host_check = host_check
        self.authority = authority
        self.exporter = exporter
        self.is_running = False
        self._started_at_s = 0.0
        self._live_state = live_state
        self._name = name
        self._may_autostart = config.autostart
        self._is_watching_forks = False
        self._assemble()

    def _assemble(self) -> None:
        config, name = self.config, self._name
        self._changed = threading.Condition()
        self._is_changing = False
        self._retry_at_s = 0.0
        self.http_counts = HttpCounts()
        self.connection_counts = ConnectionCounts()
        self.event_loop = EventLoopThread(name)
        self.places = Places(config.max_clients, self._sweep_soon)
        self.grants = Grants(name)
        self.broadcaster = Broadcaster(
            on_audience_change=self._handle_audience_change,
            memory=GopMemory(
                max(config.replay_seconds, config.preroll_seconds), config.replay_mb * 1_000_000
            ),
        )
        self.fan_out = FanOut(self.broadcaster, self.event_loop)
        self.reader = ShmReader(config.shm, self.broadcaster, name)
        current = CurrentRecording()
        self.library = Library(config.record_path, current)
        self.archive = Archive(
            self.library,
            _retention(config),
            name,
            max_clip_bytes=config.clips_mb * 1_000_000,
            min_free_bytes=config.min_free_mb * 1_000_000,
        )
        self.recorder = Recorder(
            broadcaster=self.broadcaster,
            folder=config.record_path,
            file_format=config.record_format,
            settings=_recorder_settings(config),
            claim=self.archive.claim,
            claim_for_clip=self.archive.claim_for_clip,
            on_finished=self.archive.handle_finished,
            on_left=self.archive.let_go,
            current=current,
            name=name,
        )
        self.snapshots = Snapshots(lambda: self.broadcaster.gop)
        self.peers = LazyPeers(self._make_peers, f"{name}-import")
        self.offer_turns = Turns(MAX_OFFERS, MAX_OFFERS // 2)
        self.connections = Connections(self.event_loop, self.grants)
        self.video_viewers = VideoViewers(self.fan_out, self.event_loop, lambda: self.reader.status)
        self.detections = None
        if config.detections_shm is not None:
            self.detections = Detections(config.detections_shm, self.broadcaster, name)
        feed = DetectionFeed(self.event_loop, self.detections)
        self.live_state = LiveState(self.event_loop, lambda: self._live_state(self), feed)
        self.folder_watch = FolderWatch(self.library, self.live_state.tell_recordings_soon)
        self._sweeper = Ticker(self.event_loop, "sweeping leases", SWEEP_INTERVAL_S, self._sweep)
        self.listener_places = Places(MAX_LISTENERS, self._sweep_soon)
        self.downloads = Downloads(on_taken=self._sweep_soon)

    def start(self) -> None:
        """Start all parts. Idempotent. Raises Busy when a thread can't be started; then nothing
        runs."""
        self._may_autostart = self.config.autostart
        with self._alone():
            self._start()

    def stop(self) -> None:
        """Finish the recording, say goodbye to the viewers, end all threads. Idempotent; goes on
        when a part fails."""
        self._may_autostart = False
        with self._alone():
            if self.is_running:
                self.is_running = False
                atexit.unregister(self.stop)
                self._stop_parts()
                logger.info("stopped reading %s", self.config.shm)

    def handle_request(self) -> None:
        """Start, if it is not running: the process that gets requests is the serving one. Called
        before each request to the app.

        The request may be the host's own, so an error here must not fail it.
        """
        try:
            self.host_check.run_once(request.environ)
            if self._may_autostart and not self.is_running and time.monotonic() >= self._retry_at_s:
                self._autostart()
        except Exception:
            self._retry_at_s = time.monotonic() + RETRY_S
            logger.exception("streaming could not be started")

    @property
    def uptime_s(self) -> float:
        """Time since start(); 0 while nothing runs."""
        return time.monotonic() - self._started_at_s if self.is_running else 0.0

    def lives(self) -> list[Life]:
        """Returns the state of the threads that run from start to stop."""
        return [run.life for part in (self.event_loop, self.reader) if (run := part.run)]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until no other thread starts or stops. Raises LoopUnavailable after
        CHANGE_TIMEOUT_S."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._is_changing, CHANGE_TIMEOUT_S):
                raise LoopUnavailable("Streaming is just being started or stopped")
            self._is_changing = True
        try:
            yield
        finally:
            with self._changed:
                self._is_changing = False
                self._changed.notify_all()

    def _autostart(self) -> None:
        with self._alone():
            if self._may_autostart:  # not stopped in between
                self._start()

    def _start(self) -> None:
        if self.is_running:
            return
        if not self._is_watching_forks:
            call_in_child(self._handle_fork)
            self._is_watching_forks = True
        try:
            self.event_loop.start()
            self.archive.start()
            self.reader.start()
        except BaseException:
            self._stop_parts()
            raise
        self._started_at_s = time.monotonic()
        self.is_running = True
        atexit.register(self.stop)
        logger.info("reading %s", self.config.shm)

    def _stop_parts(self) -> None:
        """Stop every part, whether it is running or not."""
        stop_all(
            self._finish,
            *(() if self.detections is None else (self.detections.stop,)),
            self.grants.stop,
            self.reader.stop,
            self.event_loop.stop,
            self.recorder.leave,
            lambda: self.archive.stop(keeps_folder=self.recorder.is_writing),
            lambda: self.peers.join(IMPORT_TIMEOUT_S),
            lambda: switch_interval.shorten(self, is_needed=False),
        )

    def _finish(self) -> None:
        """End the parts on the event loop."""
        if not self.event_loop.is_running:
            return
        try:
            self.event_loop.call(self._say_goodbye(), FINISH_TIMEOUT_S)
        except LoopUnavailable as exc:
            logger.warning("recording and viewers did not end in order: %s", exc)

    def _make_peers(self) -> Peers:
        from .webrtc.peers import Peers  # lazy: see lazy_peers

        return Peers(
            fan_out=self.fan_out,
            event_loop=self.event_loop,
            places=self.places,
            grants=self.grants,
            video=lambda: self.reader.video,
            ice_servers=self.config.ice_servers,
            ice_hosts=self.config.ice_hosts,
        )

    async def _say_goodbye(self) -> None:
        """Close all connections and the recording at the same time. On the event loop."""
        goodbyes = [self.recorder.close(), self.connections.close_all()]
        if self.peers.made is not None:
            goodbyes.append(self.peers.made.close_all())
        for outcome in await asyncio.gather(*goodbyes, return_exceptions=True):
            if isinstance(outcome, Exception):
                logger.error("stopping failed", exc_info=outcome)

    def _sweep_soon(self) -> None:
        self.event_loop.call_soon(self._sweeper.start)

    def _sweep(self) -> bool:
        leases = (self.places, self.listener_places, self.downloads)
        return any([each.sweep() for each in leases])

    def _handle_audience_change(self) -> None:
        self.reader.wake()
        switch_interval.shorten(self, is_needed=self.broadcaster.has_urgent_subscriber)

    def _handle_fork(self) -> None:
        """Make new parts, in a forked child. The old ones have no threads there, and their sockets,
        files and locks are the parent's. They are kept untouched, so that no destructor closes
        anything."""
        self._inherited = (vars(self).copy(),)
        self.is_running = False
        self._may_autostart = self.config.autostart
        switch_interval.shorten(self, is_needed=False)
        self._assemble()


def _recorder_settings(config: Config) -> RecorderSettings:
    return RecorderSettings(
        preroll_s=config.preroll_seconds,
        sync_s=config.sync_seconds,
        min_free_bytes=config.min_free_mb * 1_000_000,
        segment_s=60 * config.segment_minutes,
        max_duration_s=60 * config.max_recording_minutes,
        heartbeat_s=config.heartbeat_seconds,
    )


def _retention(config: Config) -> Retention:
    return Retention(
        max_age_s=86_400 * config.keep_days,
        max_bytes=config.keep_mb * 1_000_000,
        min_free_bytes=config.keep_free_mb * 1_000_000,
    )
