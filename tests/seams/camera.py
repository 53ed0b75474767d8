"""What the camera's thread and that of the detections call."""

from __future__ import annotations

from collections.abc import Iterator

from .rig import Failure, Rig
from .seam import replaced, seam

# ---- the camera's thread


@seam("subscriber")
def a_hosts_own_subscriber(rig: Rig, fail: Failure) -> Iterator[None]:
    subscription = rig.stream.broadcaster.subscribe("host", 30, fail)
    subscription.take()
    yield
    assert subscription.take(), "its pictures wait for it"
    rig.stream.broadcaster.unsubscribe(subscription)


@seam("subscriber")
def the_audience_changes(rig: Rig, fail: Failure) -> Iterator[None]:
    broadcaster = rig.stream.broadcaster
    with replaced(broadcaster, "_on_audience_change", fail):
        subscription = broadcaster.subscribe("host", 30, lambda: None)
        yield
        broadcaster.unsubscribe(subscription)
    assert subscription not in broadcaster.subscriptions


@seam("pause")
def the_pause_can_not_be_worked_out(rig: Rig, fail: Failure) -> Iterator[None]:
    with replaced(rig.stream.pause, "_now_s", fail):
        yield


# ---- what the detector saw


@seam("listener")
def a_listener_is_woken(rig: Rig, fail: Failure) -> Iterator[None]:
    assert rig.stream.detections is not None
    failing = rig.stream.detections.listen(wake=fail)
    other = rig.stream.detections.listen()
    rig.detect()  # what lies there before does not count
    while other.take(0.1) is None:
        rig.detect()
    yield
    for listener in (failing, other):
        rig.stream.detections.leave(listener)


@seam("listener")
def a_listener_ends(rig: Rig, fail: Failure) -> Iterator[None]:
    detections = rig.stream.detections
    assert detections is not None
    listeners = detections.listen(fail), detections.listen()
    detections._remove(listeners)
    assert all(listener.is_closed for listener in listeners)
    yield
