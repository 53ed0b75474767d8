"""What the event loop calls for viewers and pages over WebSockets."""

from __future__ import annotations

from collections.abc import Iterator

from tests.waiting import wait_until

from .rig import Failure, Rig, hears
from .seam import replaced, seam

# ---- the event loop


@seam("loop")
def a_callback_of_the_loop(rig: Rig, fail: Failure) -> Iterator[None]:
    rig.stream.event_loop.call_soon(fail)
    yield


@seam("loop")
def a_task_of_the_loop(rig: Rig, fail: Failure) -> Iterator[None]:
    async def run() -> None:
        fail()

    rig.on_loop(lambda: rig.stream.event_loop.spawn(run(), "a task"))
    yield


@seam("")
def a_call_for_the_loop(rig: Rig, fail: Failure) -> Iterator[None]:
    """Whoever called hears of it, and nobody else."""
    try:
        rig.on_loop(fail)
    except BaseException as exc:
        assert exc is fail.error  # noqa: PT017
    yield


@seam("viewers")
def another_kind_of_viewers(rig: Rig, fail: Failure) -> Iterator[None]:
    class Failing:
        send = staticmethod(fail)

    viewers = Failing()
    rig.on_loop(rig.stream.fan_out.join, viewers)
    yield
    rig.on_loop(rig.stream.fan_out.leave, viewers)


@seam("loop")
def a_ticker(rig: Rig, fail: Failure) -> Iterator[None]:
    with replaced(rig.stream.places, "sweep", fail):
        yield


# ---- viewers and pages over WebSockets


@seam("websocket")
def a_viewers_outbox(rig: Rig, fail: Failure) -> Iterator[None]:
    with rig.page("/api/stream/h264") as page:
        page.binary()
        connection = list(rig.stream.video_viewers._viewers)[-1]
        assert connection.outbox is not None
        with replaced(connection.outbox, "pop", fail):
            yield
            wait_until(lambda: connection.is_ended)


@seam("websocket")
def a_viewers_outbox_takes_a_picture(rig: Rig, fail: Failure) -> Iterator[None]:
    with rig.page("/api/stream/h264") as page:
        page.binary()
        connection = list(rig.stream.video_viewers._viewers)[-1]
        with replaced(connection.outbox, "offer", fail):
            yield
            wait_until(lambda: connection.is_ended)


@seam("websocket")
def what_a_client_sends(rig: Rig, fail: Failure) -> Iterator[None]:
    with rig.page() as page:
        page.text("state")
        connection = list(rig.stream.live_state._listeners)[-1]
        with replaced(connection._incoming, "read", fail):
            page.send({"type": "ping", "t": 1})
            yield
            wait_until(lambda: connection.is_ended)


@seam("websocket")
def the_check_whether_a_client_lives(rig: Rig, fail: Failure) -> Iterator[None]:
    with rig.page() as page:
        page.text("state")
        connection = list(rig.stream.live_state._listeners)[-1]
        with replaced(connection, "look_after", fail):
            yield
            wait_until(lambda: connection.is_ended)


@seam("websocket")
def what_a_connection_gives_back(rig: Rig, fail: Failure) -> Iterator[None]:
    listeners = rig.stream.live_state.listener_count
    with rig.page() as page:
        page.text("state")
        rig.on_loop(list(rig.stream.live_state._listeners)[-1].at_end, fail)
    yield
    wait_until(lambda: rig.stream.live_state.listener_count == listeners)
    wait_until(lambda: rig.stream.listener_places.active_count == listeners)


@seam("loop")
def the_state_that_pages_are_told(rig: Rig, fail: Failure) -> Iterator[None]:
    with rig.page() as before:
        before.text("state")
        with replaced(rig.stream.live_state, "_state", fail):
            with rig.page() as page:
                page.send({"type": "ping", "t": 1})
                assert hears(page, "pong"), "a page can be opened all the same"
            yield
        rig.on_loop(rig.stream.live_state.tell_recordings_soon)
        assert hears(before, "recordings")


@seam("web")
def a_message_of_a_page(rig: Rig, fail: Failure) -> Iterator[None]:
    with rig.page() as page:
        page.text("state")
        with replaced(rig.stream.live_state.feed, "subscribe", fail):
            page.send({"type": "subscribe", "to": "detections"})
            assert page.text("error")["code"] == "internal"
            yield
        page.send({"type": "ping", "t": 1})
        assert hears(page, "pong")
