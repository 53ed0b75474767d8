"""A process of Debian's Janus with one of its plugins, and its HTTP API.

libnice offers no loopback addresses: it runs in a network namespace with a device.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from .waiting import TIMEOUT_S


class JanusServer:
    """Starts again as often as it is told, each time with nobody in it."""

    def __init__(
        self, folder: Path, address: str, api_port: int, plugin: str, settings: str
    ) -> None:
        """`folder`: an empty one, for its settings. `plugin`: such as `videoroom`, whose settings
        are `settings`. `address`: the one that it offers."""
        self._folder = folder
        self._api = f"http://127.0.0.1:{api_port}/janus"
        self._plugin = plugin
        self._process: subprocess.Popen[bytes] | None = None
        general: dict[str, object] = {
            "configs_folder": str(folder),
            "plugins_folder": str(folder / "plugins"),
            "transports_folder": str(folder / "transports"),
            "events_folder": str(folder / "none"),
            "loggers_folder": str(folder / "none"),
            "session_timeout": 0,
        }
        http: dict[str, object] = {
            "json": "compact",
            "http": True,
            "port": api_port,
            "ip": "127.0.0.1",
        }
        files = {
            "janus": section("general", general) + section("nat", {"ice_enforce_list": address}),
            "janus.transport.http": section("general", http),
            f"janus.plugin.{plugin}": settings,
        }
        for name, text in files.items():
            (folder / f"{name}.jcfg").write_text(text)
        (folder / "none").mkdir()
        for kind, library in (("plugins", plugin), ("transports", "http")):
            (folder / kind).mkdir()
            name = f"libjanus_{library}.so"
            found = next(Path("/usr/lib").glob(f"*/janus/{kind}/{name}"))
            (folder / kind / name).symlink_to(found)

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
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError("Janus does not answer")
            time.sleep(0.05)

    def kill(self) -> None:
        """As a crash does. Idempotent."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def attach(self) -> str:
        """Returns a handle of the plugin."""
        session = f"/{self.ask('', janus='create')['data']['id']}"
        attached = self.ask(session, janus="attach", plugin=f"janus.plugin.{self._plugin}")
        return f"{session}/{attached['data']['id']}"

    def say(self, handle: str, jsep: dict[str, str] | None = None, **body: object) -> Any:
        """Send the plugin a message, with a description if there is one."""
        message: dict[str, Any] = {"janus": "message", "body": body}
        if jsep is not None:
            message["jsep"] = jsep
        return self.ask(handle, **message)

    def next_description(self, handle: str) -> str:
        """Wait for an event of the handle that has a description (SDP)."""
        session = handle.rpartition("/")[0]
        while True:
            event = self.ask(session, method="GET")
            data = event.get("plugindata", {}).get("data", {})
            assert "error" not in data, data
            if "jsep" in event:
                return str(event["jsep"]["sdp"])

    def ask(self, where: str, *, path: str = "", method: str = "POST", **body: Any) -> Any:
        data = json.dumps({**body, "transaction": secrets.token_hex(6)}).encode()
        url = f"{self._api}{where}{path}"
        ask = urllib.request.Request(url, data if method == "POST" else None, method=method)
        with urllib.request.urlopen(ask, timeout=TIMEOUT_S) as response:
            return json.load(response)

    def _answers(self) -> bool:
        try:
            self.ask("", path="/info", method="GET")
        except (urllib.error.URLError, ConnectionError):
            return False
        return True


def section(name: str, settings: dict[str, object]) -> str:
    """Returns it in the form of Janus's settings."""
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    return f"{name}: {{\n{lines}}}\n"
