"""Wires the parts of one camera together, and starts and stops them in this process."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

from flask import request

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
from .library.snapshots import Snapshots
from .media.gop_memory import GopMemory
from .own_server import ConnectionCounts
from .part_settings import kept_for_owners, recorder_settings, retention
from .pause.pause import Pause
from .process.forks import call_in_child
from .process.switch_interval import switch_interval
from .profiling.limits import ProfileLimits
from .profiling.memory import MemoryLooks
from .reason import Reason
from .recording.recorder import Recorder
from .recording.session import PAUSED
from .recording.status import CurrentRecording
from .rights import Authority
from .running_parts import RunningParts
from .settings import Settings
from .supervision.error_counts import ErrorCounts
from .supervision.part import PartState
from .webrtc.lazy_peers import LazyPeers
from .websocket.connections import Connections
from .websocket.detection_feed import DetectionFeed
from .websocket.live_state import LiveState, State
from .websocket.ticker import Ticker
from .websocket.video_viewers import VideoViewers

if TYPE_CHECKING:
    from .webrtc.peers import Peers

logger = logging.getLogger(__name__)

CHANGE_TIMEOUT_S = 30.0
"""Time to wait for a start or stop that another thread has begun."""
RETRY_S = 5.0
"""Time until a request tries again to start, after a failure."""
MAX_LISTENERS = 64
"""Pages that may follow the live state, and others that listen to detections as events; each holds
a thread of the server."""
MAX_VIEWS = 4
"""Live views of one device. One more, and the oldest ends."""
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
    thread at a time starts or stops; no lock is held meanwhile. When nobody refers to a Stream any
    more, such as a test to the app that it has made, its parts stop by themselves.

    `live_state` returns what open pages show of this stream, as JSON.
    """

    settings: Settings
    config: Config
    pause: Pause
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
    errors: ErrorCounts
    memory_looks: MemoryLooks
    profile_turns: Turns
    profile_limits: ProfileLimits
    is_running: bool

    def __init__(
        self,
        settings: Settings,
        config: Config,
        host_check: HostCheck,
        make_authority: Callable[[], Authority],
        live_state: Callable[[Stream], State],
        name: str = "pet-stream",
    ) -> None:
        self.settings = settings
        self.config = config
        self.host_check = host_check
        self._make_authority = make_authority
        self.is_running = False
        self._started_at_s = 0.0
        self._live_state = live_state
        self._name = name
        self._may_autostart = config.autostart
        self._is_watching_forks = False
        self._assemble()

    def _assemble(self) -> None:
        """Make the parts. None of those that run refers to the Stream, not even by a callback."""
        config, name = self.config, self._name
        self._changed = threading.Condition()
        self._is_changing = False
        self._retry_at_s = 0.0
        self.authority = self._make_authority()
        self.http_counts = HttpCounts()
        self.connection_counts = ConnectionCounts()
        self.errors = ErrorCounts()
        self.memory_looks = MemoryLooks(name)
        self.profile_turns = Turns(1, 1)
        self.profile_limits = ProfileLimits()
        self.event_loop = event_loop = EventLoopThread(name)
        leases = _Leases(event_loop)
        self.places = Places(
            config.max_clients,
            leases.sweep_soon,
            kept_for_owners=kept_for_owners(config),
            max_per_holder=MAX_VIEWS,
        )
        self.listener_places = Places(
            MAX_LISTENERS, leases.sweep_soon, max_per_holder=MAX_LISTENERS // 4
        )
        self.downloads = Downloads(on_taken=leases.sweep_soon)
        leases.kinds = (self.places, self.listener_places, self.downloads)
        self.grants = Grants(name)
        self.pause = pause = Pause(
            config.pause_file,
            config.pause_schedule,
            on_begin=lambda: _handle_pause(broadcaster, event_loop, recorder),
        )
        memory = GopMemory(
            max(config.replay_seconds, config.preroll_seconds), config.replay_mb * 1_000_000
        )
        self.broadcaster = broadcaster = Broadcaster(
            on_audience_change=lambda: _handle_audience_change(reader, broadcaster),
            memory=memory,
            pause=pause,
        )
        self.fan_out = FanOut(broadcaster, event_loop)
        self.reader = reader = ShmReader(config.shm, broadcaster, name, pause)
        current = CurrentRecording()
        self.library = Library(config.record_path, current)
        self.archive = Archive(
            self.library,
            retention(config),
            name,
            max_clip_bytes=config.clips_mb * 1_000_000,
            min_free_bytes=config.min_free_mb * 1_000_000,
        )
        self.recorder = recorder = Recorder(
            broadcaster=self.broadcaster,
            folder=config.record_path,
            file_format=config.record_format,
            settings=recorder_settings(config),
            claim=self.archive.claim,
            claim_for_clip=self.archive.claim_for_clip,
            on_finished=self.archive.handle_finished,
            on_left=self.archive.let_go,
            check=pause.check,
            current=current,
            name=name,
        )
        self.snapshots = Snapshots(lambda: broadcaster.gop, pause.check)
        make_peers = partial(
            _make_peers, config, self.fan_out, event_loop, self.places, self.grants, reader
        )
        self.peers = LazyPeers(make_peers, f"{name}-import")
        self.offer_turns = Turns(MAX_OFFERS, MAX_OFFERS // 2)
        self.connections = Connections(event_loop, self.grants)
        self.video_viewers = VideoViewers(self.fan_out, event_loop, lambda: reader.status)
        self.detections = None
        if config.detections_shm is not None:
            self.detections = Detections(config.detections_shm, broadcaster, name)
        feed = DetectionFeed(event_loop, self.detections)
        self.live_state = LiveState(event_loop, lambda: self._live_state(self), feed)
        self.folder_watch = FolderWatch(self.library, self.live_state.tell_recordings_soon)
        self._parts = RunningParts(
            name=name,
            segment=config.shm,
            event_loop=event_loop,
            reader=reader,
            broadcaster=broadcaster,
            recorder=self.recorder,
            archive=self.archive,
            detections=self.detections,
            grants=self.grants,
            connections=self.connections,
            peers=self.peers,
            errors=self.errors,
        )
        weakref.finalize(self, self._parts.stop_soon).atexit = False  # then they stop in order

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
        self.memory_looks.stop()
        with self._alone():
            if self.is_running:
                self.is_running = False
                self._parts.stop()

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

    @property
    def parts(self) -> tuple[PartState, ...]:
        """How each part is, as of the watcher's last look, less than a second ago; none while
        nothing runs. Never waits."""
        return self._parts.watcher.states if self.is_running else ()

    @property
    def lives(self) -> bool:
        """Whether everything works that nobody could see a picture without."""
        return self.is_running and all(part.is_well for part in self.parts if part.is_vital)

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
        self.pause.look()
        self._parts.start()
        self._started_at_s = time.monotonic()
        self.is_running = True

    def _handle_fork(self) -> None:
        """Make new parts, in a forked child. The old ones have no threads there, and their sockets,
        files and locks are the parent's. They are kept untouched, so that no destructor closes
        anything."""
        self._inherited = (vars(self).copy(),)
        self.memory_looks.forget()
        self.is_running = False
        self._may_autostart = self.config.autostart
        switch_interval.shorten(self.broadcaster, is_needed=False)
        self._assemble()


class _Leases:
    """Takes back leases that nobody renews, while there are any."""

    def __init__(self, event_loop: EventLoopThread) -> None:
        self.kinds: tuple[Places | Downloads, ...] = ()
        self._event_loop = event_loop
        self._ticker = Ticker(event_loop, "sweeping leases", SWEEP_INTERVAL_S, self._sweep)

    def sweep_soon(self) -> None:
        self._event_loop.call_soon(self._ticker.start)

    def _sweep(self) -> bool:
        return any([kind.sweep() for kind in self.kinds])


def _handle_audience_change(reader: ShmReader, broadcaster: Broadcaster) -> None:
    reader.wake()
    switch_interval.shorten(broadcaster, is_needed=broadcaster.has_urgent_subscriber)


def _handle_pause(
    broadcaster: Broadcaster, event_loop: EventLoopThread, recorder: Recorder
) -> None:
    broadcaster.forget_all()
    event_loop.call_soon(recorder.interrupt, PAUSED)


def _make_peers(
    config: Config,
    fan_out: FanOut,
    event_loop: EventLoopThread,
    places: Places,
    grants: Grants,
    reader: ShmReader,
) -> Peers:
    from .webrtc.peers import Peers  # lazy: see lazy_peers

    return Peers(
        fan_out=fan_out,
        event_loop=event_loop,
        places=places,
        grants=grants,
        video=lambda: reader.video,
        ice_servers=config.ice_servers,
        ice_hosts=config.ice_hosts,
    )
