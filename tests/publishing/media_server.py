"""A media server that takes one stream by WHIP: aiortc, on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiortc import RTCSessionDescription

from pet_stream.event_loop import EventLoopThread
from tests.waiting import TIMEOUT_S
from tests.webrtc.viewer import Viewer

TOKEN = "secret-token.of/the+server="
NEXT = "/elsewhere"


class Ingest(Viewer):
    """The receiving end of one publication."""

    async def answer(self, offer: str) -> str:
        await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self._connection.setLocalDescription()
        self._rtx_payload_type = 97
        return self._connection.localDescription.sdp


class MediaServer:
    """Answers each POST by the next of `statuses`, then by 201."""

    def __init__(self, loop: EventLoopThread) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.headers: list[tuple[str, str]] = []
        """More of them in the answer 201."""
        self.tokens: list[str | None] = []
        self.offers: list[str] = []
        self.ended: list[str] = []
        """Paths of the sessions that were ended by DELETE."""
        self.ingests: list[Ingest] = []
        self.options = 200
        """The status that answers OPTIONS."""
        self.garbage = ""
        """What stands in the place of an answer."""
        self.change: Callable[[str], str] = str
        """Of the answer."""
        self._loop = loop

    @property
    def ingest(self) -> Ingest:
        return self.ingests[-1]

    def call(self, coroutine: Any) -> Any:
        return self._loop.call(coroutine, TIMEOUT_S)

    def take(self, offer: str, token: str | None) -> tuple[int, str]:
        self.offers.append(offer)
        self.tokens.append(token)
        status = self.statuses.pop(0) if self.statuses else 201
        if status != 201:
            return status, ""
        if self.garbage:
            return status, self.garbage
        return status, self.change(self.call(self._answer(offer)))

    async def _answer(self, offer: str) -> str:
        self.ingests.append(Ingest())
        return await self.ingest.answer(offer)


@contextmanager
def serving(port: int = 0) -> Iterator[MediaServer]:
    loop = EventLoopThread("media-server")
    loop.start()
    server = MediaServer(loop)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            offer = self.rfile.read(int(self.headers["Content-Length"])).decode()
            assert self.headers["Content-Type"] == "application/sdp"
            status, sdp = server.take(offer, self.headers["Authorization"])
            self.send_response(status)
            if status == 201:
                self.send_header("Location", f"/session/{len(server.ingests)}")
                self.send_header("Content-Type", "application/sdp")
                for name, value in server.headers:
                    self.send_header(name, value)
            elif status in (307, 308):
                self.send_header("Location", NEXT)
            elif status == 503:
                self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(sdp)))
            self.end_headers()
            self.wfile.write(sdp.encode())

        def do_OPTIONS(self) -> None:
            self.send_response(server.options)
            self.end_headers()

        def do_DELETE(self) -> None:
            server.ended.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}/whip/secret-room"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
        for ingest in server.ingests:
            server.call(ingest.close())
        loop.stop()
