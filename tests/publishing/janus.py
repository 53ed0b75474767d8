"""Debian's Janus with its video rooms, and the smallest WHIP front over its own API."""

from __future__ import annotations

import json
import secrets
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.waiting import TIMEOUT_S

API_PORT, WHIP_PORT = 18188, 18189
"""In a network namespace of the run's own."""
ROOM = 1
_PLUGINS = "*/janus/plugins/libjanus_videoroom.so"


class Janus:
    """One process of it. Each start has the room, and nobody in it."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._write_settings(address)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["janus", f"--configs-folder={self._folder}", "--debug-level=2", "--disable-colors"],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + TIMEOUT_S
        while not self._answers():
            assert time.monotonic() < deadline, "Janus does not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """As a crash does. Idempotent."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def publish(self, sdp: str) -> tuple[str, str]:
        """The handle, and the answer to a publisher's offer."""
        handle = self._attach()
        body = {
            "request": "joinandconfigure",
            "ptype": "publisher",
            "room": ROOM,
            "video": True,
            "display": "camera",
        }
        self._ask(handle, janus="message", body=body, jsep={"type": "offer", "sdp": sdp})
        return handle, self._jsep(handle)

    def end(self, handle: str) -> None:
        self._ask(handle, janus="detach")

    def subscribe(self) -> tuple[str, str]:
        """The handle, and the offer of what the one publisher sends."""
        handle = self._attach()
        told = self._ask(
            handle, janus="message", body={"request": "listparticipants", "room": ROOM}
        )
        [feed] = [one["id"] for one in told["plugindata"]["data"]["participants"]]
        body = {
            "request": "join",
            "ptype": "subscriber",
            "room": ROOM,
            "streams": [{"feed": feed}],
        }
        self._ask(handle, janus="message", body=body)
        return handle, self._jsep(handle)

    def accept(self, handle: str, sdp: str) -> None:
        jsep = {"type": "answer", "sdp": sdp}
        self._ask(handle, janus="message", body={"request": "start"}, jsep=jsep)

    def _attach(self) -> str:
        session = f"/{self._ask('', janus='create')['data']['id']}"
        attached = self._ask(session, janus="attach", plugin="janus.plugin.videoroom")
        return f"{session}/{attached['data']['id']}"

    def _jsep(self, handle: str) -> str:
        session = handle.rpartition("/")[0]
        while True:
            event = self._ask(session, method="GET")
            data = event.get("plugindata", {}).get("data", {})
            assert "error" not in data, data
            if "jsep" in event:
                return str(event["jsep"]["sdp"])

    def _ask(self, where: str, *, path: str = "", method: str = "POST", **body: Any) -> Any:
        data = json.dumps({**body, "transaction": secrets.token_hex(6)}).encode()
        url = f"http://127.0.0.1:{API_PORT}/janus{where}{path}"
        ask = urllib.request.Request(url, data if method == "POST" else None, method=method)
        with urllib.request.urlopen(ask, timeout=TIMEOUT_S) as response:
            return json.load(response)

    def _answers(self) -> bool:
        try:
            self._ask("", path="/info", method="GET")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def _write_settings(self, address: str) -> None:
        home = next(Path("/usr/lib").glob(_PLUGINS)).parents[1]
        folder = self._folder
        (folder / "none").mkdir()
        general = {
            "configs_folder": str(folder),
            "plugins_folder": str(folder / "plugins"),
            "transports_folder": str(folder / "transports"),
            "events_folder": str(folder / "none"),
            "loggers_folder": str(folder / "none"),
            "session_timeout": 0,
        }
        room = {
            "description": "camera",
            "publishers": 2,
            "videocodec": "h264",
            "bitrate": 0,
        }
        files = {
            "janus": f"general: {{\n{_lines(general)}}}\n"
            f'nat: {{\nice_enforce_list = "{address}"\n}}\n',
            "janus.transport.http": 'general: {\njson = "compact"\nhttp = true\n'
            f'port = {API_PORT}\nip = "127.0.0.1"\n}}\n',
            "janus.plugin.videoroom": f"room-{ROOM}: {{\n{_lines(room)}}}\n",
        }
        for name, text in files.items():
            (folder / f"{name}.jcfg").write_text(text)
        for kind, library in (("plugins", "videoroom"), ("transports", "http")):
            (folder / kind).mkdir()
            name = f"libjanus_{library}.so"
            (folder / kind / name).symlink_to(home / kind / name)


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


def _lines(settings: dict[str, object]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
