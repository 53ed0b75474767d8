"""What is called for a viewer over WebRTC."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pet_stream.webrtc.peer import Peer
from tests.waiting import TIMEOUT_S, wait_until

from .rig import Failure, Rig
from .seam import seam


@contextmanager
def _failing_peer(
    rig: Rig, owner: Callable[[Peer], object], name: str, fail: Failure
) -> Iterator[Any]:
    with rig.peer(lambda peer: setattr(owner(peer), name, fail)) as viewer:
        yield viewer
    wait_until(lambda: rig.stream.peers.get().connected_count == 1)


@seam("webrtc")
def a_viewers_sender(rig: Rig, fail: Failure) -> Iterator[None]:
    with rig.peer() as viewer:
        rig.viewers_loop.call(viewer.has(1), TIMEOUT_S)
        peer = rig.newest_peer()
        peer.sender.send = fail
        yield
        rig.viewers_loop.call(viewer.becomes("closed"), TIMEOUT_S)


@seam("webrtc")
def a_viewers_first_pictures(rig: Rig, fail: Failure) -> Iterator[None]:
    with _failing_peer(rig, lambda peer: peer.sender, "start", fail) as viewer:
        yield
        rig.viewers_loop.call(viewer.becomes("closed"), TIMEOUT_S)


@seam("webrtc")
def a_viewers_event_of_aiortc(rig: Rig, fail: Failure) -> Iterator[None]:
    with _failing_peer(rig, lambda peer: peer._guard, "watch_rtcp", fail) as viewer:
        yield
        rig.viewers_loop.call(viewer.becomes("closed"), TIMEOUT_S)


@seam("webrtc")
def a_viewers_datagrams(rig: Rig, fail: Failure) -> Iterator[None]:
    with _failing_peer(rig, lambda peer: peer._guard, "_take_stun", fail):
        yield


@seam("webrtc")
def a_viewers_rtcp(rig: Rig, fail: Failure) -> Iterator[None]:
    with rig.peer() as viewer:
        rig.viewers_loop.call(viewer.has(1), TIMEOUT_S)
        peer: Any = rig.newest_peer()
        peer.sender._active.handle_keyframe_request = fail
        rig.viewers_loop.call(viewer.ask_for_a_keyframe(), TIMEOUT_S)
        yield


@seam("webrtc")
def a_viewers_port_is_closed(rig: Rig, fail: Failure) -> Iterator[None]:
    with _failing_peer(rig, lambda peer: peer, "_on_refusal", fail) as viewer:
        rig.viewers_loop.call(viewer.has(1), TIMEOUT_S)
        viewer.crash()
        yield


@seam("webrtc")
def the_check_whether_a_viewer_lives(rig: Rig, fail: Failure) -> Iterator[None]:
    with _failing_peer(rig, lambda peer: peer, "look", fail) as viewer:
        yield
        rig.viewers_loop.call(viewer.becomes("closed"), TIMEOUT_S)
