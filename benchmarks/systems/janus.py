"""Janus with its streaming plugin, fed from the ring by feeder.c. Its viewers answer.

python -m benchmarks.systems.janus --shm /name --host ADDRESS
"""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue

from pet_stream.process.stop_signals import StopSignals

from ..peers.feeder import PAYLOAD_TYPE, Feeder
from .options import parse_options, serve

API_PORT, RTP_PORT = 8188, 8190
"""In a network namespace of the run's own."""
START_TIMEOUT_S = 10.0
_PLUGINS = ("/usr/lib", "*/janus/plugins/libjanus_streaming.so")


class Janus:
    """The server's process, and its HTTP API."""

    def __init__(self, folder: Path, address: str) -> None:
        home = next(Path(_PLUGINS[0]).glob(_PLUGINS[1])).parents[1]
        self._write_settings(folder, home, address)
        self._process = subprocess.Popen(
            ["janus", f"--configs-folder={folder}", "--debug-level=2", "--disable-colors"],
            stdout=subprocess.DEVNULL,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_ready(self) -> None:
        """Raises TimeoutError."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError("Janus does not answer")
            time.sleep(0.05)

    def offer(self) -> tuple[str, str]:
        """Where its API has the viewer, and the offer."""
        session = f"/{self.ask('', janus='create')['data']['id']}"
        attached = self.ask(session, janus="attach", plugin="janus.plugin.streaming")
        handle = f"{session}/{attached['data']['id']}"
        self.ask(handle, janus="message", body={"request": "watch", "id": 1})
        while True:
            event = self.ask(session, method="GET")
            if "jsep" in event:
                return handle, event["jsep"]["sdp"]

    def answer(self, handle: str, sdp: str) -> None:
        jsep = {"type": "answer", "sdp": sdp}
        self.ask(handle, janus="message", body={"request": "start"}, jsep=jsep)

    def ask(self, where: str, *, path: str = "", method: str = "POST", **body: Any) -> Any:
        data = json.dumps({**body, "transaction": secrets.token_hex(6)}).encode()
        url = f"http://127.0.0.1:{API_PORT}/janus{where}{path}"
        ask = urllib.request.Request(url, data if method == "POST" else None, method=method)
        with urllib.request.urlopen(ask, timeout=10) as response:
            return json.load(response)

    def _answers(self) -> bool:
        try:
            self.ask("", path="/info", method="GET")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @staticmethod
    def _write_settings(folder: Path, home: Path, address: str) -> None:
        (folder / "none").mkdir()
        general = {
            "configs_folder": str(folder),
            "plugins_folder": str(folder / "plugins"),
            "transports_folder": str(folder / "transports"),
            "events_folder": str(folder / "none"),
            "loggers_folder": str(folder / "none"),
            "session_timeout": 0,
        }
        video = (
            f'{{ type = "video" mid = "v" label = "v" port = {RTP_PORT} pt = {PAYLOAD_TYPE} '
            'codec = "h264" fmtp = "packetization-mode=1;profile-level-id=42e01f" }'
        )
        files = {
            "janus": f"general: {{\n{_lines(general)}}}\n"
            f'nat: {{\nice_enforce_list = "{address}"\n}}\n',
            "janus.transport.http": f'general: {{\njson = "compact"\nhttp = true\nport = {API_PORT}'
            '\nip = "127.0.0.1"\n}\n',
            "janus.plugin.streaming": 'camera: {\ntype = "rtp"\nid = 1\n'
            f"media = ( {video} )\n}}\n",
        }
        for name, text in files.items():
            (folder / f"{name}.jcfg").write_text(text)
        for kind, library in (("plugins", "streaming"), ("transports", "http")):
            (folder / kind).mkdir()
            name = f"libjanus_{library}.so"
            (folder / kind / name).symlink_to(home / kind / name)


def _lines(settings: dict[str, object]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())


def main() -> None:
    options = parse_options()
    app = Flask(__name__)
    folder = Path(tempfile.mkdtemp(prefix="pet_stream_bench_"))
    janus, feeder = Janus(folder, options.host), Feeder(options.shm, RTP_PORT)

    @app.get("/offer")
    def offer() -> ResponseReturnValue:
        handle, sdp = janus.offer()
        return jsonify(type="offer", sdp=sdp, answer=f"/answer{handle}")

    @app.post("/answer/<path:handle>")
    def answer(handle: str) -> ResponseReturnValue:
        janus.answer(f"/{handle}", request.get_json()["sdp"])
        return jsonify()

    with StopSignals() as stop_signals:
        try:
            janus.wait_until_ready()
            serve(app, options.host, stop_signals, processes=(janus.pid, feeder.pid))
        finally:
            feeder.stop()
            janus.stop()
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
