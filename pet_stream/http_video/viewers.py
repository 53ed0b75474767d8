"""All viewers over plain HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from functools import partial

from ..admission.grants import Grants
from ..admission.places import Occupant, Places
from ..broadcaster import Broadcaster
from ..errors import BitstreamError, NoPicture
from ..rights import Grant
from .formats import LiveFormat
from .viewer import HttpViewer, LiveLimits


class HttpViewers:
    """Knows who is being sent to, each in a thread of the web server. Any thread."""

    def __init__(self, places: Places, grants: Grants) -> None:
        self.limits = LiveLimits()
        """For viewers that begin from now on."""
        self._places = places
        self._grants = grants
        self._lock = threading.Lock()
        self._viewers: set[HttpViewer] = set()
        self._dropped_count = 0

    @property
    def active_count(self) -> int:
        """Threads of the web server that send to viewers, or will."""
        return len(self._viewers)

    @property
    def dropped_count(self) -> int:
        """Pictures that were left out because viewers' networks were too slow."""
        with self._lock:
            return self._dropped_count + sum(viewer.dropped_count for viewer in self._viewers)

    def watch(
        self,
        broadcaster: Broadcaster,
        live_format: LiveFormat,
        transport: str,
        *,
        client: str,
        grant: Grant,
        server_socket: socket.socket | None,
        is_over: Callable[[], bool],
    ) -> HttpViewer:
        """Give a viewer a place, and wait for its first picture. It ends when its client takes
        nothing, when the place is taken away or `grant` becomes invalid, and when `is_over`.

        Raises Full, Busy, NoPicture.
        """
        viewer = HttpViewer(
            broadcaster, live_format, self.limits, is_over=is_over, server_socket=server_socket
        )
        with self._lock:
            self._viewers.add(viewer)
        viewer.hold(partial(self._forget, viewer))
        try:
            occupant = Occupant(
                end=lambda _: viewer.end(),
                name=grant.name,
                holder=grant.holder,
                is_owner=grant.is_owners,
                client=client,
                transport=transport,
            )
            place = self._places.acquire(occupant)
            viewer.on_look = place.renew
            viewer.hold(place.release)
            viewer.hold(self._grants.hold(grant, viewer.end).release)
            if not viewer.wait_for_first():
                raise NoPicture("The camera sends no picture to begin with")
        except BitstreamError as exc:
            viewer.close()
            raise NoPicture("The camera's pictures have no usable parameter sets") from exc
        except BaseException:
            viewer.close()
            raise
        return viewer

    def sweep(self) -> bool:
        """End those whose clients take nothing. The event loop's ticker calls this regularly.
        Returns whether there are any."""
        with self._lock:
            viewers = tuple(self._viewers)
        for viewer in viewers:
            viewer.count_sweep()
        return bool(viewers)

    def _forget(self, viewer: HttpViewer) -> None:
        with self._lock:
            self._viewers.discard(viewer)
            self._dropped_count += viewer.dropped_count
