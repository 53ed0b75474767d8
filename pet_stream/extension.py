"""The extension: `PetStream(app)`, and the one place where the parts are wired together."""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
import weakref
from typing import TYPE_CHECKING

from flask import Flask, request
from prometheus_client import CollectorRegistry
from prometheus_flask_exporter import PrometheusMetrics

from .admission import Places
from .broadcaster import Broadcaster
from .config import Config, write_defaults
from .errors import LoopUnavailable
from .event_loop import EventLoopThread
from .forks import call_in_child
from .ingest.detections import Detections
from .ingest.shm_reader import ShmReader
from .late_imports import import_aiortc
from .late_peers import LatePeers
from .media.replay import ReplayMemory
from .metrics import HasRegistry, HttpCounts, StreamCollector
from .process_exit import exit_on_sigterm
from .recording import Archive, Library, Recorder, RecorderSettings, Retention, Snapshots
from .switch_interval import switch_interval
from .web import build_blueprint
from .web.host_check import HostCheck
from .web.live_state import live_state_of
from .websocket.connections import Connections
from .websocket.live_state import LiveState
from .websocket.video_viewers import VideoViewers

if TYPE_CHECKING:
    from .webrtc.peers import Peers

logger = logging.getLogger(__name__)

FINISH_TIMEOUT_S = 4.0
"""For the disk to take the rest of a recording, and viewers to hear that it is over."""
IMPORT_TIMEOUT_S = 2.0
MAX_LISTENERS = 64
"""Pages that may follow the live state or the detections at once; each takes one of the server's
threads."""


class PetStream:
    """Mounts live view, recording and metrics in a Flask app.

        stream = PetStream(app)            # or PetStream() and, in the app factory, init_app(app)

    `metrics`: the host's own exporter. Its page then shows our metrics, and `/metrics` stays the
    host's.
    """

    def __init__(self, app: Flask | None = None, *, metrics: HasRegistry | None = None) -> None:
        self._metrics = metrics
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Read the settings, register the routes; start nothing. Raises ConfigError.

        Everything of this app is in `app.extensions["pet_stream"]` (a Stream).
        """
        if "pet_stream" in app.extensions:
            raise RuntimeError("pet_stream is mounted in this app already")
        config = Config.from_mapping(app.config)
        write_defaults(app.config)
        registry = CollectorRegistry() if self._metrics is None else self._metrics.registry
        stream = Stream(config, registry, HostCheck(app.url_map))
        registry.register(StreamCollector(stream))
        app.extensions["pet_stream"] = stream
        app.before_request(stream.handle_request)
        serves_metrics = config.metrics and self._metrics is None
        app.register_blueprint(build_blueprint(config, serves_metrics=serves_metrics))
        self._streams.add(stream)
        exit_on_sigterm()

    def start(self) -> None:
        """Start reading the camera now, not with the first request. Idempotent."""
        if not self._streams:
            raise RuntimeError("pet_stream is not mounted yet: call init_app(app) first")
        for stream in self._streams:
            stream.start()

    def stop(self) -> None:
        """Finish the recording, say goodbye to the viewers, end all threads. Idempotent.

        A request does not start it again; start() does.
        """
        for stream in self._streams:
            stream.stop()


class Stream:
    """The parts of one app, and their life in this process. Any thread may use it.

    Nothing runs before start(), because the reloader's parent and gunicorn's preloading master
    also make one. A process that is forked from one where it runs gets new parts, not yet running.
    """

    config: Config
    event_loop: EventLoopThread
    reader: ShmReader
    broadcaster: Broadcaster
    places: Places
    recorder: Recorder
    archive: Archive
    library: Library
    snapshots: Snapshots
    peers: LatePeers
    connections: Connections
    video_viewers: VideoViewers
    live_state: LiveState
    listener_places: Places
    detections: Detections | None
    host_check: HostCheck
    http_counts: HttpCounts
    exporter: PrometheusMetrics
    is_running: bool

    def __init__(self, config: Config, registry: CollectorRegistry, host_check: HostCheck) -> None:
        self.config = config
        self.host_check = host_check
        self.exporter = PrometheusMetrics(None, path=None, export_defaults=False, registry=registry)
        self.is_running = False
        self._may_autostart = config.autostart
        self._is_watching_forks = False
        self._assemble()

    def _assemble(self) -> None:
        config, name = self.config, "pet-stream"
        self._lock = threading.Lock()  # held by whoever starts or stops, until that is done
        self.http_counts = HttpCounts()
        self.event_loop = EventLoopThread(name)
        self.places = Places(config.max_clients)
        self.broadcaster = Broadcaster(
            on_audience_change=self._handle_audience_change,
            replay=ReplayMemory(
                max(config.replay_seconds, config.preroll_seconds), config.replay_mb * 1_000_000
            ),
        )
        self.reader = ShmReader(config.shm, self.broadcaster, name)
        self.library = Library(config.record_path, lambda: self.recorder.status)
        self.archive = Archive(self.library, _retention(config), name)
        self.recorder = Recorder(
            broadcaster=self.broadcaster,
            folder=config.record_path,
            file_format=config.record_format,
            settings=_recorder_settings(config),
            claim=self.archive.claim,
            on_finished=self.archive.tidy,
            name=name,
        )
        self.snapshots = Snapshots(lambda: self.broadcaster.gop)
        self.peers = LatePeers(self._make_peers, f"{name}-import")
        self.connections = Connections(self.event_loop)
        self.video_viewers = VideoViewers(
            self.broadcaster, self.event_loop, lambda: self.reader.status
        )
        self.live_state = LiveState(
            self.event_loop,
            lambda: live_state_of(self),
            config.record_path,
            self.library.disk_space,
        )
        self.listener_places = Places(MAX_LISTENERS)
        self.detections = None
        if config.detections_shm is not None:
            self.detections = Detections(config.detections_shm, self.broadcaster, name)

    def start(self) -> None:
        with self._lock:
            self._may_autostart = self.config.autostart
            self._start()

    def handle_request(self) -> None:
        """Before each request to the app: whoever gets requests is the serving process."""
        self.host_check.run_once(request.environ)
        if self._may_autostart and not self.is_running:
            with self._lock:
                if self._may_autostart:  # not stopped in between
                    self._start()

    def _start(self) -> None:
        if self.is_running:
            return
        if not self._is_watching_forks:
            call_in_child(self._handle_fork)
            self._is_watching_forks = True
        self.event_loop.start()
        self.archive.start()
        self.reader.start()
        self.is_running = True
        atexit.register(self.stop)
        logger.info("reading %s", self.config.shm)

    def stop(self) -> None:
        with self._lock:
            self._may_autostart = False
            if not self.is_running:
                return
            self.is_running = False
            atexit.unregister(self.stop)
            try:
                self.event_loop.call(self._finish(), FINISH_TIMEOUT_S)
            except LoopUnavailable as exc:
                logger.warning("recording and viewers did not end in order: %s", exc)
            if self.detections is not None:
                self.detections.stop()
            self.reader.stop()
            self.event_loop.stop()
            self.archive.stop()
            self.peers.join(IMPORT_TIMEOUT_S)
            switch_interval.shorten(self, is_needed=False)
        logger.info("stopped reading %s", self.config.shm)

    def _make_peers(self) -> Peers:
        import_aiortc()
        from .webrtc.peers import Peers  # late on purpose: see late_peers

        return Peers(
            broadcaster=self.broadcaster,
            event_loop=self.event_loop,
            places=self.places,
            video=lambda: self.reader.video,
            ice_servers=self.config.ice_servers,
            ice_hosts=self.config.ice_hosts,
        )

    async def _finish(self) -> None:
        """On the loop: everybody says goodbye at the same time."""
        goodbyes = [self.recorder.close(), self.connections.close_all()]
        if self.peers.made is not None:
            goodbyes.append(self.peers.made.close_all())
        for outcome in await asyncio.gather(*goodbyes, return_exceptions=True):
            if isinstance(outcome, Exception):
                logger.error("stopping failed", exc_info=outcome)

    def _handle_audience_change(self) -> None:
        self.reader.wake()
        switch_interval.shorten(self, is_needed=self.broadcaster.has_urgent_subscriber)

    def _handle_fork(self) -> None:
        """In the forked child: its parts have no threads, and their sockets, files and locks are
        the parent's. They are kept, untouched, so that no destructor closes anything."""
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
