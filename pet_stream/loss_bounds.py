"""How much may be lost or fail in a minute before somebody is told."""

from __future__ import annotations

from collections.abc import Callable

from .loss_rates import Rate
from .reason import Reason
from .recording.recorder import Recorder
from .replaceable_parts import ReplaceableParts


def loss_bounds(parts: ReplaceableParts, recorder: Recorder) -> tuple[Rate, ...]:
    """Returns what is watched. A camera that is not live says itself why, so the rates of its
    pictures begin anew when it is live again."""

    def is_live() -> bool:
        return parts.camera_status().state == "live"

    def camera(count: str) -> Callable[[], int]:
        return lambda: getattr(parts.reader.counts, count)

    def of_peers(count: str) -> int:
        peers = parts.on_loop.peers.made
        return 0 if peers is None else getattr(peers.counts, count)

    def of_viewers(count: str) -> Callable[[], int]:
        return lambda: of_peers(count) + getattr(parts.on_loop.video_viewers.counts, count)

    return (
        Rate(
            Reason(
                "pictures_overwritten",
                "more than 1 in 100 of the camera's pictures are overwritten before they are read: "
                "this machine is too busy",
            ),
            lost=camera("frames_missed"),
            done=camera("frames_read"),
            least=10,
            share=0.01,
            counts=is_live,
        ),
        Rate(
            Reason(
                "pictures_left_out",
                "more than 1 in 20 of the camera's pictures are left out, because those that they "
                "build on are missing: see the camera's daemon",
            ),
            lost=camera("frames_dropped"),
            done=camera("frames_processed"),
            least=30,
            share=0.05,
            counts=is_live,
        ),
        Rate(
            Reason(
                "read_errors",
                "the camera's shared memory can't be read, again and again: see its daemon",
            ),
            lost=camera("read_errors"),
            least=10,
            counts=is_live,
        ),
        Rate(
            Reason(
                "malformed_pictures",
                "the camera sends malformed H.264 again and again: see its daemon",
            ),
            lost=camera("process_errors"),
            least=10,
            counts=is_live,
        ),
        Rate(
            Reason(
                "viewers_lose_pictures",
                "viewers get less than 4 in 5 pictures: a network, or this machine, is too slow "
                "for the camera",
            ),
            lost=of_viewers("frames_dropped"),
            done=of_viewers("frames_sent"),
            least=200,
            share=0.2,
        ),
        Rate(
            Reason(
                "viewers_fail",
                "viewers fail to connect, or to be sent to, again and again: does UDP get through?",
            ),
            lost=lambda: of_peers("errors"),
            least=10,
        ),
        Rate(
            Reason(
                "recording_loses",
                "the recording loses pictures: the disk is too slow, or full",
            ),
            lost=lambda: recorder.counts.frames_dropped,
            least=1,
        ),
    )
