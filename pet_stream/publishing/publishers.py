"""All media servers that the camera is published to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..errors import NotFound
from ..lifecycle import Deadline, Run
from ..media.h264 import SequenceParameterSet
from ..publish_target import PublishTarget
from ..reason import Reason

if TYPE_CHECKING:
    from .publisher import Loop, Publisher, PublishLimits, PublishStatus

FAILING_S = 60.0
"""After this long without success, health says so."""


class Publishers:
    """Any thread may use it. They take no viewer's place."""

    def __init__(
        self,
        targets: Sequence[PublishTarget],
        find_loop: Callable[[], Loop],
        video: Callable[[], SequenceParameterSet | None],
        name: str,
        limits: PublishLimits | None = None,
    ) -> None:
        self._publishers: tuple[Publisher, ...] = ()
        if targets:
            from .publisher import Publisher  # lazy: most cameras have none

            self._publishers = tuple(
                Publisher(targets[at], shown, find_loop, video, f"{name}-publish-{at + 1}", limits)
                for at, shown in enumerate(_names(targets))
            )
        self._is_running = False

    def start(self) -> None:
        """Raises Busy when no thread is to be had."""
        self._is_running = True
        for publisher in self._publishers:
            publisher.start()

    def revive(self) -> None:
        """Start those again that have died. Raises Busy."""
        if self._is_running:
            for publisher in self._publishers:
                publisher.start()

    def stop(self, timeout_s: float) -> None:
        """Idempotent."""
        self._is_running = False
        for publisher in self._publishers:
            if publisher.run is not None:
                publisher.run.request_stop()
        deadline = Deadline(timeout_s)
        for publisher in self._publishers:
            publisher.stop(deadline.left_s(timeout_s))

    def begin(self, number: str) -> PublishStatus:
        """Publish to the target of this number, the first being 1. Raises NotFound, Busy."""
        publisher = self._find(number)
        publisher.is_wanted = True
        if self._is_running:
            publisher.start()
        return publisher.status

    def end(self, number: str, timeout_s: float = 3.0) -> PublishStatus:
        """Raises NotFound."""
        publisher = self._find(number)
        publisher.is_wanted = False
        publisher.stop(timeout_s)
        return publisher.status

    @property
    def statuses(self) -> tuple[PublishStatus, ...]:
        """In the order of the settings."""
        return tuple(publisher.status for publisher in self._publishers)

    @property
    def runs(self) -> list[Run]:
        """Their threads."""
        return [run for publisher in self._publishers if (run := publisher.run) is not None]

    def notices(self, now: float) -> list[Reason]:
        """Which media servers have got nothing for long. `now`: epoch seconds."""
        return [
            Reason("publish_failing", f"{status.target} gets no pictures: {status.reason}")
            for status in self.statuses
            if status.state == "failing" and now - status.since > FAILING_S
        ]

    def _find(self, number: str) -> Publisher:
        for own, publisher in enumerate(self._publishers, 1):
            if number == str(own):
                return publisher
        raise NotFound("There is no such media server in PET_STREAM_PUBLISH")


def _names(targets: Sequence[PublishTarget]) -> list[str]:
    """Returns the host of each; of several at one host, the second has a `(2)`."""
    names: list[str] = []
    for number, target in enumerate(targets):
        before = sum(other.shown == target.shown for other in targets[:number])
        names.append(f"{target.shown} ({before + 1})" if before else target.shown)
    return names
