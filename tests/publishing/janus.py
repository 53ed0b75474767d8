"""Debian's Janus with its video rooms, and the smallest WHIP front over its own API."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.janus_server import JanusServer, section

API_PORT, WHIP_PORT = 18188, 18189
"""In a network namespace of the run's own."""
ROOM = 1


class Janus(JanusServer):
    """Each start has the room, and nobody in it."""

    def __init__(self, folder: Path, address: str) -> None:
        room: dict[str, object] = {
            "description": "camera",
            "publishers": 2,
            "videocodec": "h264",
            "bitrate": 0,
        }
        super().__init__(folder, address, API_PORT, "videoroom", section(f"room-{ROOM}", room))

    def publish(self, sdp: str) -> tuple[str, str]:
        """The handle, and the answer to a publisher's offer."""
        handle = self.attach()
        self.say(
            handle,
            {"type": "offer", "sdp": sdp},
            request="joinandconfigure",
            ptype="publisher",
            room=ROOM,
            video=True,
            display="camera",
        )
        return handle, self.next_description(handle)

    def end(self, handle: str) -> None:
        self.ask(handle, janus="detach")

    def subscribe(self) -> tuple[str, str]:
        """The handle, and the offer of what the one publisher sends."""
        handle = self.attach()
        told = self.say(handle, request="listparticipants", room=ROOM)
        [feed] = [one["id"] for one in told["plugindata"]["data"]["participants"]]
        self.say(handle, request="join", ptype="subscriber", room=ROOM, streams=[{"feed": feed}])
        return handle, self.next_description(handle)

    def accept(self, handle: str, sdp: str) -> None:
        self.say(handle, {"type": "answer", "sdp": sdp}, request="start")


@contextmanager
def whip_front(janus: Janus, token: str) -> Iterator[str]:
    """The URL at which it takes a publisher."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            offer = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.headers["Authorization"] != f"Bearer {token}":
                return self._answer(401)
            try:
                handle, sdp = janus.publish(offer)
            except (OSError, AssertionError):
                return self._answer(503)
            return self._answer(201, sdp, f"/whip{handle}")

        def do_DELETE(self) -> None:
            try:
                janus.end(self.path.removeprefix("/whip"))
            except OSError:
                return self._answer(404)
            return self._answer(200)

        def _answer(self, status: int, sdp: str = "", location: str = "") -> None:
            self.send_response(status)
            if location:
                self.send_header("Location", location)
                self.send_header("Content-Type", "application/sdp")
            self.send_header("Content-Length", str(len(sdp)))
            self.end_headers()
            self.wfile.write(sdp.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", WHIP_PORT), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{WHIP_PORT}/whip"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running(address: str) -> Iterator[Janus]:
    with tempfile.TemporaryDirectory() as name:
        janus = Janus(Path(name), address)
        janus.start()
        try:
            yield janus
        finally:
            janus.kill()
