"""A real app with a real camera, watched by a viewer of each kind whose every picture counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask
from simple_websocket import ConnectionClosed

from pet_stream.event_loop import EventLoopThread
from pet_stream.stream import Stream
from pet_stream.web_server import WebServer
from pet_stream.webrtc.connection import TimeLimits
from pet_stream.webrtc.peer import Peer
from tests.apps import mounted_app, stream_of
from tests.attacks.http_clients import ask
from tests.camera.camera import Camera
from tests.camera.detector import Detector
from tests.footage import encode, write_source
from tests.waiting import TIMEOUT_S, wait_until
from tests.webrtc.viewer import Viewer
from tests.websocket.client import WebSocket, header_of

GOP = 14
FPS = 15
"""Few, so that a busy machine drops none by itself."""
PICTURES = 1
"""At each look."""
PATIENT = TimeLimits(silence_s=10 * TIMEOUT_S)
"""A busy machine ends no viewer."""


class Failure:
    """Stands at a seam: raises each time it is called. Any thread."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.count = 0
        self._happened = threading.Event()

    def __call__(self, *args: object, **kwargs: object) -> Any:
        self.count += 1
        self._happened.set()
        raise self.error.with_traceback(None)

    def wait(self) -> None:
        assert self._happened.wait(TIMEOUT_S), "nothing was called at this seam"


class Rig:
    """Used from the test's thread."""

    def __init__(
        self, app: Flask, server: WebServer, detector: Detector, peer_loop: EventLoopThread
    ) -> None:
        self.app = app
        self.stream: Stream = stream_of(app)
        self.server = server
        self.detector = detector
        self.viewers_loop = peer_loop
        self._detected = 0
        self._lost = 0
        self._stack = ExitStack()

    def open(self) -> None:
        """Connect the two viewers beside."""
        wait_until(lambda: self.stream.reader.status.state == "live")
        detections = self.stream.detections
        wait_until(lambda: detections is not None and detections.run)  # remembers from now on
        peers = self.stream.peers.get()
        peers._make_peer = partial(Peer, setup=replace(peers._setup, limits=PATIENT))
        self._socket = self._stack.enter_context(self.page("/api/stream/h264"))
        self._peer = self._stack.enter_context(self.peer())
        self.viewers_loop.call(self._peer.has(1), TIMEOUT_S)
        self._sequence = header_of(self._socket.binary())[1]

    def close(self) -> None:
        self._stack.close()

    def page(self, path: str = "/api/stream/ws") -> WebSocket:
        return WebSocket(f"ws://127.0.0.1:{self.server.port}{path}")

    def get(self, path: str) -> int:
        """The status of the answer, by the real server."""
        return ask(self.server.port, path)[0]

    def forget_what_was_logged(self) -> None:
        """Have each error logged as if it were the first of its kind."""
        self.stream.own_log.repeats.tell(at_once=True)

    def on_loop(self, function: Callable[..., Any], *args: Any) -> Any:
        """What `function` returns on the app's event loop."""

        async def call() -> Any:
            return function(*args)

        return self.stream.event_loop.call(call(), TIMEOUT_S)

    @contextmanager
    def peer(self, prepare: Callable[[Peer], object] = lambda peer: None) -> Iterator[Viewer]:
        """One more viewer over WebRTC. `prepare` is called with our side of it at its offer; if
        that lets it, it connects."""
        peers = self.stream.peers.get()
        make = peers._make_peer

        def make_prepared(*args: Any, **kwargs: Any) -> Peer:
            peer = make(*args, **kwargs)
            prepare(peer)
            return peer

        peers._make_peer = make_prepared  # type: ignore[assignment]
        viewer = self._make_viewer()
        try:
            offer = self.viewers_loop.call(viewer.offer(), TIMEOUT_S)
            answer = self.app.test_client().post(
                "/api/webrtc/offer", json={"type": "offer", "sdp": offer}
            )
            assert answer.status_code == 200, answer.get_json()
            self.viewers_loop.call(viewer.accept(answer.get_json()["sdp"]), TIMEOUT_S)
            peers._make_peer = make
            yield viewer
        finally:
            peers._make_peer = make
            self.viewers_loop.call(viewer.close(), TIMEOUT_S)

    def newest_peer(self) -> Any:
        """Our side of the one viewer over WebRTC that came last, once it belongs to the others."""
        peers = self.stream.peers.get()
        wait_until(lambda: peers.connected_count == 2)
        return peers._audience.viewers[-1]

    def see(self) -> None:
        """Both viewers get pictures that are captured from now on, and each one before them."""
        now_us = time.monotonic_ns() // 1000
        captured_us = 0
        while captured_us < now_us + PICTURES * 1_000_000 // FPS:
            _, sequence, captured_us, _ = header_of(self._socket.binary())
            expected, self._sequence = self._sequence + 1, sequence
            assert sequence == expected, "a picture is missing over the WebSocket"
        self.viewers_loop.call(self._peer.has(len(self._peer.units) + PICTURES), TIMEOUT_S)
        lost = self._peer.gap_count + self.stream.peers.get().counts.frames_dropped
        lost_before, self._lost = self._lost, lost
        assert lost == lost_before, "something is missing over WebRTC"

    def detect(self) -> None:
        """Have the detector say what it sees."""
        self._detected += 1
        self.detector.write(self._detected, time.monotonic_ns())

    def _make_viewer(self) -> Viewer:
        async def make() -> Viewer:
            return Viewer()

        return self.viewers_loop.call(make(), TIMEOUT_S)


@contextmanager
def open_rig(folder: Path, segment: str) -> Iterator[Rig]:
    source = folder / "scene"
    write_source(source, encode(160, 120, gop=GOP, pictures=3 * GOP))
    with ExitStack() as stack:
        stack.enter_context(Camera(segment, source=source, fps=FPS))
        detector = stack.enter_context(Detector(f"{segment}_detections"))
        app = stack.enter_context(
            mounted_app(
                folder,
                SHM=segment,
                DETECTIONS_SHM=f"{segment}_detections",
                REPLAY_SECONDS=2,
            )
        )
        server = WebServer("127.0.0.1", 0)
        stack.callback(server.stop)
        stream_of(app).start()
        server.start(app, stream_of(app).connection_counts)
        loop = EventLoopThread("test-viewers")
        loop.start()
        stack.callback(loop.stop)
        rig = Rig(app, server, detector, loop)
        stack.callback(rig.close)
        rig.open()
        yield rig


def hears(page: WebSocket, kind: str) -> bool:
    """Whether a message of this type comes before the page is closed."""
    with suppress(ConnectionClosed):
        page.text(kind)
        return True
    return False
