"""The parts of one camera: makes them of the settings, and wires them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from .admission.downloads import Downloads
from .admission.grants import Grants
from .admission.places import Places
from .admission.turns import Turns
from .broadcaster import Broadcaster
from .camera_status import CameraStatus
from .config import Config
from .errors import BadRequest
from .event_loop import EventLoopThread
from .fan_out import FanOut
from .hls.live_window import LiveWindow
from .hls.sessions import Sessions
from .hooks.changes import Known, Viewer
from .hooks.hooks import Hooks
from .http_counts import HttpCounts
from .http_video.viewers import HttpViewers
from .ingest.shm_reader import ShmReader
from .library.archive import Archive
from .library.folder_watch import FolderWatch
from .library.library import Library
from .library.resumption import Resumption
from .library.snapshots import Snapshots
from .logs.own_log import OwnLog
from .loop_parts import LoopParts, View
from .loss_bounds import loss_bounds
from .loss_rates import LossRates
from .media.gop_memory import GopMemory
from .own_cameras import own_cameras
from .own_server import ConnectionCounts
from .part_settings import kept_for_owners, kept_seconds, recorder_settings, retention, source_urls
from .pause.pause import Pause
from .process.switch_interval import switch_interval
from .profiling.limits import ProfileLimits
from .profiling.memory import MemoryLooks
from .publishing.publishers import Publishers
from .recording.journal import Journal
from .recording.journal_entry import JournalEntry
from .recording.recorder import Recorder
from .recording.status import PAUSED, CurrentRecording, RecordingStatus
from .replaceable_parts import ReplaceableParts
from .rights import Authority
from .running_parts import RunningParts
from .supervision.error_counts import ErrorCounts
from .supervision.watcher import Watcher
from .webrtc.lazy_peers import LazyPeers
from .websocket.connections import Connections
from .websocket.live_state import LiveState, State
from .websocket.video_viewers import VideoViewers

if TYPE_CHECKING:
    from .detections.listeners import Detections

MAX_LISTENERS = 64
"""Pages that may follow the live state, and others that listen to detections as events; each holds
a thread of the server."""
MAX_VIEWS = 4
"""Live views of one device. One more, and the oldest ends."""
RESUME_TIMEOUT_S = 5.0
"""The recorder answers before that, even when the disk does not."""
MAX_OFFERS = 16
"""Offers that are answered at once, half of them for one client. A browser sends at most six."""


class Parts:
    """The parts of one camera, wired together. Any thread may use them.

    None of those that run refers to this object, not even by a callback. The reader, and what lives
    on the event loop, have a successor when they are stuck or dead: ask for them each time.
    """

    config: Config
    authority: Authority
    http_counts: HttpCounts
    connection_counts: ConnectionCounts
    errors: ErrorCounts
    own_log: OwnLog
    loss_rates: LossRates
    memory_looks: MemoryLooks
    profile_turns: Turns
    profile_limits: ProfileLimits
    places: Places
    listener_places: Places
    http_viewers: HttpViewers
    hls_window: LiveWindow
    hls_sessions: Sessions
    downloads: Downloads
    offer_turns: Turns
    grants: Grants
    pause: Pause
    broadcaster: Broadcaster
    library: Library
    archive: Archive
    recorder: Recorder
    snapshots: Snapshots
    detections: Detections | None
    folder_watch: FolderWatch
    hooks: Hooks
    publishers: Publishers

    def __init__(
        self,
        config: Config,
        name: str,
        authority: Authority,
        state: Callable[[], State],
        app: Callable[[], object | None] = lambda: None,
    ) -> None:
        """`state` returns what open pages show, `app` the Flask app, as long as it is there."""
        replaceable: ReplaceableParts

        def sweep_soon() -> None:
            replaceable.on_loop.leases.sweep_soon()

        self.config = config
        self.authority = authority
        self.http_counts = HttpCounts()
        self.errors = errors = ErrorCounts()
        self.connection_counts = ConnectionCounts(errors=errors)
        self.own_log = own_log = OwnLog(config.log_levels)
        self.memory_looks = MemoryLooks(name)
        self.profile_turns = Turns(1, 1)
        self.profile_limits = ProfileLimits()
        self.places = places = Places(
            config.max_clients,
            sweep_soon,
            kept_for_owners=kept_for_owners(config),
            max_per_holder=MAX_VIEWS,
            errors=errors,
        )
        self.listener_places = Places(
            MAX_LISTENERS, sweep_soon, max_per_holder=MAX_LISTENERS // 4, errors=errors
        )
        self.downloads = Downloads(on_taken=sweep_soon, errors=errors)
        self.offer_turns = Turns(MAX_OFFERS, MAX_OFFERS // 2)
        self.grants = Grants(name, errors=errors)
        self.http_viewers = HttpViewers(self.places, self.grants)
        self.pause = pause = Pause(
            config.pause_file,
            config.pause_schedule,
            on_begin=lambda: _handle_pause(replaceable, broadcasters, recorder, hls_window),
            errors=errors,
        )
        self.broadcaster = broadcaster = Broadcaster(
            on_audience_change=lambda: _handle_audience_change(replaceable, broadcaster),
            memory=GopMemory(kept_seconds(config), config.replay_mb * 1_000_000),
            pause=pause,
            errors=errors,
        )
        self.hls_window = hls_window = LiveWindow(broadcaster)
        self.hls_sessions = Sessions(self.places, on_empty=hls_window.forget)
        current = CurrentRecording()
        self.library = library = Library(config.record_path, current, bin_s=3600 * config.bin_hours)
        journal = Journal(config.record_path)

        def resume(entry: JournalEntry, left_s: float) -> RecordingStatus:
            event_loop = replaceable.on_loop.event_loop
            return event_loop.call(recorder.resume(entry, left_s), RESUME_TIMEOUT_S)

        self.archive = archive = Archive(
            self.library,
            retention(config),
            name,
            resumption=Resumption(
                self.library, journal, current, resume if config.resume_recording else None
            ),
            max_clip_bytes=config.clips_mb * 1_000_000,
            min_free_bytes=config.min_free_mb * 1_000_000,
            errors=errors,
        )
        self.detections = None
        if config.detections_shm is not None:
            from .detections.listeners import Detections  # lazy, as all that a camera may lack

            self.detections = Detections(
                config.detections_shm, broadcaster, name, errors, remember_s=kept_seconds(config)
            )
        self.recorder = recorder = Recorder(
            broadcaster=broadcaster,
            folder=config.record_path,
            file_format=config.record_format,
            settings=recorder_settings(config),
            claim=self.archive.claim,
            claim_for_clip=self.archive.claim_for_clip,
            on_finished=lambda status: _handle_finished(archive, recorder, hooks, status),
            on_left=self.archive.let_go,
            check=pause.check,
            is_live=lambda: replaceable.camera_status().state == "live",
            follow=None if self.detections is None else self.detections.follow,
            current=current,
            journal=journal,
            errors=errors,
            name=name,
        )
        self.snapshots = Snapshots(lambda: broadcaster.gop, pause.check)
        self.folder_watch = FolderWatch(
            self.library, lambda: replaceable.on_loop.live_state.tell_recordings_soon(), errors
        )
        self.hooks = hooks = Hooks(
            config.webhooks,
            config.webhook_queue,
            lambda: _known(replaceable, recorder, places, library),
            app,
            name,
            errors,
        )
        sources = source_urls(config)
        cameras = own_cameras(sources.urls, name, pause, errors)
        broadcasters = (broadcaster, *(camera.broadcaster for camera in cameras.values()))
        make_loop_parts = partial(
            LoopParts,
            config,
            name,
            broadcaster=broadcaster,
            places=self.places,
            leased=(
                self.http_viewers,
                self.hls_sessions,
                self.places,
                self.listener_places,
                self.downloads,
            ),
            grants=self.grants,
            detections=self.detections,
            camera=lambda: replaceable.camera_status(),
            video=lambda: replaceable.reader.video,
            own_cameras=cameras,
            state=state,
            errors=errors,
        )
        replaceable = self._replaceable = ReplaceableParts(
            partial(ShmReader, config.shm, broadcaster, name, pause, sources=sources),
            make_loop_parts,
            broadcaster,
            recorder,
        )
        self.publishers = publishers = Publishers(
            config.publish, lambda: replaceable.on_loop, lambda: replaceable.reader.video, name
        )
        running = self._running = RunningParts(
            name=name,
            segment=config.shm,
            replaceable=replaceable,
            broadcaster=broadcaster,
            recorder=recorder,
            archive=self.archive,
            detections=self.detections,
            grants=self.grants,
            errors=errors,
            own_log=own_log,
            own_cameras=tuple(cameras.values()),
            hooks=hooks,
            publishers=publishers,
        )
        self.loss_rates = loss_rates = LossRates(loss_bounds(replaceable, recorder))
        look = partial(_handle_look, loss_rates, own_log, self.detections, hooks)
        running.watcher.on_looked = look

    @property
    def watcher(self) -> Watcher:
        return self._running.watcher

    @property
    def reader(self) -> ShmReader:
        return self._replaceable.reader

    @property
    def camera_status(self) -> CameraStatus:
        return self._replaceable.camera_status()

    @property
    def event_loop(self) -> EventLoopThread:
        return self._replaceable.on_loop.event_loop

    @property
    def fan_out(self) -> FanOut:
        return self._replaceable.on_loop.fan_out

    @property
    def peers(self) -> LazyPeers:
        return self._replaceable.on_loop.peers

    @property
    def connections(self) -> Connections:
        return self._replaceable.on_loop.connections

    @property
    def video_viewers(self) -> VideoViewers:
        return self._replaceable.on_loop.video_viewers

    @property
    def websocket_viewer_count(self) -> int:
        """Viewers over WebSockets, of whatever camera."""
        views = self._replaceable.on_loop.views.values()
        return sum(view.video_viewers.viewer_count for view in views)

    def view(self, camera: str) -> View:
        """Returns the pictures of `camera`: `active`, `day` or `night`. Raises BadRequest, and
        NotFound where that camera has no ring of its own."""
        view = self._replaceable.on_loop.views.get(camera)
        if view is None:
            raise BadRequest("camera: active, day or night")
        if view.camera is not None:
            view.camera.find()
        return view

    @property
    def live_state(self) -> LiveState:
        return self._replaceable.on_loop.live_state


def _handle_audience_change(replaceable: ReplaceableParts, broadcaster: Broadcaster) -> None:
    replaceable.reader.wake()
    switch_interval.follow(broadcaster)


def _handle_pause(
    replaceable: ReplaceableParts,
    broadcasters: Iterable[Broadcaster],
    recorder: Recorder,
    hls_window: LiveWindow,
) -> None:
    for broadcaster in broadcasters:
        broadcaster.forget_all()
    hls_window.forget()
    replaceable.on_loop.event_loop.call_soon(recorder.interrupt, PAUSED)


def _handle_finished(
    archive: Archive, recorder: Recorder, hooks: Hooks, status: RecordingStatus
) -> None:
    archive.handle_finished(status)
    if status.recording_id == recorder.status.recording_id:  # and not a clip
        hooks.recording_ended(status)


def _known(
    replaceable: ReplaceableParts, recorder: Recorder, places: Places, library: Library
) -> Known:
    space = library.disk_space()
    return Known(
        camera=replaceable.camera_status(),
        recording=recorder.status,
        viewers={
            place.id: Viewer(place.occupant.name, place.occupant.transport)
            for place in places.taken
        },
        free_bytes=None if space is None else space.free_bytes,
        min_free_bytes=recorder.settings.min_free_bytes,
    )


def _handle_look(
    loss_rates: LossRates, own_log: OwnLog, detections: Detections | None, hooks: Hooks
) -> None:
    """In the watcher's thread, again and again."""
    loss_rates.look()
    hooks.look()
    own_log.repeats.tell()
    if detections is not None:
        detections.look()
