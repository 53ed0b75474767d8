"""What lives on one event loop, and ends with it: the viewers of all kinds."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from .admission.grants import Grants
from .admission.places import SWEEP_INTERVAL_S, Places
from .broadcaster import Broadcaster
from .camera_status import CameraStatus
from .config import Config
from .event_loop import EventLoopThread
from .fan_out import FanOut
from .ice_server import IceServer, usable_here
from .lifecycle import stop_all
from .media.h264 import SequenceParameterSet
from .own_cameras import OwnCamera
from .supervision.error_counts import ErrorCounts
from .turn_secret import OWN_HOLDER, with_credentials
from .webrtc.lazy_peers import LazyPeers
from .websocket.connections import Connections
from .websocket.detection_feed import DetectionFeed
from .websocket.live_state import LiveState, State
from .websocket.ticker import Ticker
from .websocket.video_outbox import VideoCounts
from .websocket.video_viewers import VideoViewers

if TYPE_CHECKING:
    from .detections.listeners import Detections
    from .webrtc.peers import Peers
    from .webrtc.publications import Publications

logger = logging.getLogger(__name__)


class LoopParts:
    """The event loop and all that belongs to it. A loop that is stuck or dead is not repaired: it
    gets a successor, with parts of its own, and what is left of it can't do them any harm. Its
    viewers come back by themselves."""

    def __init__(
        self,
        config: Config,
        name: str,
        *,
        broadcaster: Broadcaster,
        places: Places,
        leased: Sequence[Leased],
        grants: Grants,
        detections: Detections | None,
        camera: Callable[[], CameraStatus],
        video: Callable[[], SequenceParameterSet | None],
        own_cameras: Mapping[str, OwnCamera],
        state: Callable[[], State],
        errors: ErrorCounts,
    ) -> None:
        self.event_loop = event_loop = EventLoopThread(name, errors)
        self.fan_out = FanOut(broadcaster, event_loop)
        self.leases = Leases(event_loop, leased)
        make_peers = partial(_make_peers, config, self.fan_out, event_loop, places, grants, video)
        self.peers = LazyPeers(make_peers, f"{name}-import")
        self.connections = Connections(event_loop, grants)
        self.video_viewers = VideoViewers(self.fan_out, event_loop, camera)
        self.views = {"active": View(broadcaster, self.fan_out, self.video_viewers, video)}
        """What viewers may ask for: the active camera, or one by name."""
        for camera_name, own in own_cameras.items():
            self.views[camera_name] = _view_of(own, event_loop, self.video_viewers.counts)
        self.live_state = LiveState(event_loop, state, DetectionFeed(event_loop, detections))

    @property
    def publications(self) -> Publications:
        """Made now, if need be. Raises Busy, ImportError."""
        return self.peers.get().publications

    async def say_goodbye(self) -> None:
        """Close all connections. On the event loop."""
        goodbyes = [self.connections.close_all()]
        if self.peers.made is not None:
            goodbyes.append(self.peers.made.close_all())
        await asyncio.gather(*goodbyes)

    def abandon(self) -> None:
        """Give back what the viewers hold, and have their clients notice. Does not wait for the
        loop, which ends as soon as it can. Any thread."""
        peers = self.peers.made
        stop_all(
            self.event_loop.request_stop,
            *(view.fan_out.abandon for view in self.views.values()),
            self.live_state.feed.abandon,
            self.connections.abandon,
            *(() if peers is None else (peers.abandon,)),
        )


@dataclass(frozen=True, slots=True)
class View:
    """A camera's pictures, for viewers of all kinds."""

    broadcaster: Broadcaster
    fan_out: FanOut
    video_viewers: VideoViewers
    video: Callable[[], SequenceParameterSet | None]
    camera: OwnCamera | None = None
    """None: the active one."""


def _view_of(camera: OwnCamera, event_loop: EventLoopThread, counts: VideoCounts) -> View:
    fan_out = FanOut(camera.broadcaster, event_loop)
    viewers = VideoViewers(fan_out, event_loop, lambda: camera.status, counts)
    return View(camera.broadcaster, fan_out, viewers, lambda: camera.video, camera)


class Leased(Protocol):
    """Gives leases of one kind."""

    def sweep(self) -> bool:
        """Take back those that nobody has renewed for some sweeps. Returns whether any is left."""


class Leases:
    """Takes back leases that nobody renews, while there are any."""

    def __init__(self, event_loop: EventLoopThread, kinds: Sequence[Leased]) -> None:
        self._event_loop = event_loop
        self._kinds = kinds
        self._ticker = Ticker(event_loop, "sweeping leases", SWEEP_INTERVAL_S, self._sweep)

    def sweep_soon(self) -> None:
        self._event_loop.call_soon(self._ticker.start)

    def _sweep(self) -> bool:
        return any([kind.sweep() for kind in self._kinds])


def _make_peers(
    config: Config,
    fan_out: FanOut,
    event_loop: EventLoopThread,
    places: Places,
    grants: Grants,
    video: Callable[[], SequenceParameterSet | None],
) -> Peers:
    from .webrtc.peers import Peers  # lazy: see lazy_peers

    def ice_servers() -> tuple[IceServer, ...]:
        """For one connection: credentials outlive its negotiation."""
        return with_credentials(own_servers, config.turn_secret, OWN_HOLDER, time.time())

    own_servers = usable_here(config.ice_servers)
    if sum(len(server.urls) for server in config.ice_servers) > len(own_servers):
        used = [server.urls[0] for server in own_servers]
        logger.warning(
            "of PET_STREAM_ICE_SERVERS this side uses %s: aiortc takes one STUN and one TURN "
            "server. Viewers are told all of them",
            " and ".join(used) or "none",
        )
    return Peers(
        fan_out=fan_out,
        event_loop=event_loop,
        places=places,
        grants=grants,
        video=video,
        ice_servers=ice_servers,
        ice_hosts=config.host_candidates,
    )
