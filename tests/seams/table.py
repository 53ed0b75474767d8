"""The seams. Each has something fail there while its context lasts, and is whole again after it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import flask

from pet_stream.admission.places import Occupant
from pet_stream.metrics import collector, page
from pet_stream.metrics.row import GAUGE, Row
from pet_stream.metrics.table import TABLE
from pet_stream.rights import Grant
from pet_stream.webrtc.peer import Peer
from tests.waiting import TIMEOUT_S, wait_until

from .rig import Failure, Rig, hears

SEAMS: list[Seam] = []


@dataclass(frozen=True)
class Seam:
    name: str
    fails: Callable[[Rig, Failure], AbstractContextManager[None]]
    part: str
    """Under which its errors are counted; empty: whoever has called gets the error."""


Body = Callable[[Rig, Failure], Iterator[None]]


def seam(part: str) -> Callable[[Body], Body]:
    def add(body: Body) -> Body:
        SEAMS.append(Seam(body.__name__.replace("_", " "), contextmanager(body), part))
        return body

    return add


@contextmanager
def replaced(owner: Any, name: str, value: object) -> Iterator[None]:
    """An attribute of this one object, or of a module."""
    was = vars(owner).get(name, vars)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if was is vars:
            delattr(owner, name)
        else:
            setattr(owner, name, was)


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


# ---- viewers over WebRTC


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


# ---- rights, places, leases


@dataclass(frozen=True)
class _Ended:
    """A right that is over, or fails."""

    is_valid: Callable[[], bool] = lambda: False
    holder: str = ""
    name: str = ""
    is_owners: bool = True


@seam("rights")
def what_a_right_had_granted(rig: Rig, fail: Failure) -> Iterator[None]:
    other_ends: list[None] = []
    grants = rig.stream.grants
    holds = [grants.hold(_Ended(), fail), grants.hold(_Ended(), lambda: other_ends.append(None))]
    grants.check_soon()
    yield
    wait_until(lambda: other_ends)
    for hold in holds:
        hold.release()
    grants.check_soon()  # its thread finds that nothing is held any more


@seam("rights")
def a_right_is_asked_for_again(rig: Rig, fail: Failure) -> Iterator[None]:
    ends: list[None] = []
    grant: Grant = _Ended(fail)
    hold = rig.stream.grants.hold(grant, lambda: ends.append(None))
    rig.stream.grants.check_soon()
    yield
    wait_until(lambda: ends)
    hold.release()
    rig.stream.grants.check_soon()


@seam("places")
def who_gives_way(rig: Rig, fail: Failure) -> Iterator[None]:
    places = rig.stream.listener_places
    taken = [
        places.acquire(Occupant(fail, holder="one device")) for _ in range(places._max_per_holder)
    ]
    newest = places.acquire(Occupant(holder="one device"))
    yield
    assert taken[0] not in places.taken
    for place in (*taken, newest):
        place.release()


@seam("places")
def who_is_taken_away(rig: Rig, fail: Failure) -> Iterator[None]:
    place = rig.stream.listener_places.acquire(Occupant(fail))
    assert rig.stream.listener_places.remove(place.id)
    yield


@seam("places")
def a_place_is_taken(rig: Rig, fail: Failure) -> Iterator[None]:
    with replaced(rig.stream.listener_places, "_on_taken", fail):
        place = rig.stream.listener_places.acquire()
        yield
    place.release()


@seam("places")
def a_download_begins(rig: Rig, fail: Failure) -> Iterator[None]:
    with replaced(rig.stream.downloads, "_on_taken", fail):
        download = rig.stream.downloads.acquire(None)
        yield
    download.release()


# ---- recordings


@seam("recorder")
def a_recording_is_finished(rig: Rig, fail: Failure) -> Iterator[None]:
    client = rig.app.test_client()
    with replaced(rig.stream.recorder, "_on_finished", fail):
        assert client.post("/api/recording/start").status_code == 200
        rig.see()
        stopped = client.post("/api/recording/stop")
        assert stopped.status_code == 200, stopped.get_json()
        yield


@seam("")
def a_writer_can_not_claim_the_folder(rig: Rig, fail: Failure) -> Iterator[None]:
    client = rig.app.test_client()
    with replaced(rig.stream.recorder, "_claim", fail):
        assert client.post("/api/recording/start").status_code == 507
        yield


@seam("housekeeping")
def a_task_of_housekeeping(rig: Rig, fail: Failure) -> Iterator[None]:
    done: list[None] = []
    rig.stream.archive._housekeeper.submit(fail)
    rig.stream.archive._housekeeper.submit(lambda: done.append(None))
    yield
    wait_until(lambda: done)


@seam("library")
def who_watches_the_folder(rig: Rig, fail: Failure) -> Iterator[None]:
    watch = rig.stream.folder_watch
    with replaced(watch, "_on_change", fail), replaced(watch, "interval_s", 0.0):
        rig.stream.library.folder.mkdir(exist_ok=True)
        watch.look()
        (rig.stream.library.folder / "new").touch()
        watch.look()
        (rig.stream.library.folder / "new").unlink()
        yield


# ---- requests


@seam("web")
def a_view(rig: Rig, fail: Failure) -> Iterator[None]:
    with replaced(rig.stream.library, "recordings", fail):
        answer = rig.app.test_client().get("/api/recordings")
        assert answer.status_code in (500, 503)
        assert answer.get_json()["code"] in ("internal_server_error", "busy")
        yield


@seam("web")
def who_decides_the_rights(rig: Rig, fail: Failure) -> Iterator[None]:
    with replaced(rig.stream.authority, "grant", fail):
        assert rig.get("/api/recordings") in (500, 503)
        yield


def _ask(rig: Rig) -> None:
    """A request that meets the failure: it is answered, or its connection is closed."""
    with suppress(IndexError):  # no answer
        assert rig.get("/api/recordings") in (500, 503)


def _hook(functions: str, owner: str | None, part: str) -> None:
    def hook(rig: Rig, fail: Failure) -> Iterator[None]:
        hooks = getattr(rig.app, functions).setdefault(owner, [])
        hooks.append(fail)
        try:
            _ask(rig)
        finally:
            hooks.remove(fail)
        yield
        assert rig.get("/api/recordings") == 200

    hook.__name__ = f"{functions.removesuffix('_funcs')} of {owner or 'the host'}"
    seam(part)(hook)


for _owner in (None, "pet_stream"):
    _hook("before_request_funcs", _owner, "web")
    _hook("after_request_funcs", _owner, "web")
    _hook("teardown_request_funcs", _owner, "")


def _signal(name: str) -> None:
    signal = getattr(flask.signals, name)

    def receiver(rig: Rig, fail: Failure) -> Iterator[None]:
        def receive(sender: object, **more: object) -> None:
            fail()

        with (
            replaced(rig.stream.library, "recordings", lambda: 1 // 0),
            signal.connected_to(receive, rig.app),
        ):
            _ask(rig)
        yield
        assert rig.get("/api/recordings") == 200

    receiver.__name__ = f"{name} of the host"
    seam("")(receiver)


for _name in (
    "request_started",
    "request_finished",
    "request_tearing_down",
    "got_request_exception",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "appcontext_popped",
):
    _signal(_name)


FAILING_ROW = "pet_stream_test"


@seam("metrics")
def a_row_of_the_metrics(rig: Rig, fail: Failure) -> Iterator[None]:
    row = Row(GAUGE, FAILING_ROW, "A row that fails", fail)
    with replaced(page, "TABLE", (row, *TABLE)):
        answer = rig.app.test_client().get("/metrics")
        assert answer.status_code == 200
        assert "\npet_stream_build_info" in answer.get_data(as_text=True)
        yield


@seam("metrics")
def a_row_in_the_hosts_registry(rig: Rig, fail: Failure) -> Iterator[None]:
    row = Row(GAUGE, FAILING_ROW, "A row that fails", fail)
    with replaced(collector, "TABLE", (row, *TABLE)):
        families = [family.name for family in collector.StreamCollector(rig.stream).collect()]
        assert "pet_stream_build_info" in families
        yield


# ---- our own web server


@seam("web_server")
def who_may_connect(rig: Rig, fail: Failure) -> Iterator[None]:
    server = rig.server._server
    assert server is not None
    with (
        replaced(server.clients, "admit", fail),
        socket.create_connection(("127.0.0.1", rig.server.port)) as client,
    ):
        assert client.recv(1) == b""
        yield


@seam("web_server")
def a_connection_is_accepted(rig: Rig, fail: Failure) -> Iterator[None]:
    server: Any = rig.server._server

    class Listener:
        def __getattr__(self, name: str) -> Any:
            return getattr(listener, name)

        def accept(self) -> Any:
            server.socket = listener
            fail()

    listener = server.socket
    server.socket = Listener()
    assert rig.get("/health") == 200
    yield
