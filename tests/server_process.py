"""The host of `web_monitor.py`, served by a real web server in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.browser.processes import Process
from tests.waiting import TIMEOUT_S

CHECKOUT = Path(__file__).resolve().parent.parent
GUNICORN = ("gunicorn", "--bind", "127.0.0.1:0", "--graceful-timeout", "300")
APP = "tests.web_monitor:app"
SERVERS = {
    "app.run": ("tests.web_monitor",),
    "flask run": ("flask", "--app", "tests.web_monitor", "run", "--port", "0"),
    "flask run --debug": ("flask", "--app", "tests.web_monitor", "run", "--debug", "--port", "0"),
    "gunicorn": (*GUNICORN, "--threads", "8", APP),
    "gunicorn --preload": (*GUNICORN, "--threads", "8", "--preload", APP),
}
"""Those that serve everything."""
ADDRESS = (
    r"(?:Running on|Listening at:|Serving on|bound to TCP address) "
    r"(?:http://)?(127\.0\.0\.1:\d+)"
)


@dataclass(frozen=True)
class Server:
    url: str
    process: Process
    recordings: Path

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def get(self, path: str) -> str:
        return self.ask(path)

    def ask(self, path: str, method: str = "GET", body: bytes | None = None) -> str:
        request = urllib.request.Request(self.url + path, body, method=method)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            text: str = answer.read().decode()
            return text

    def json(self, path: str, method: str = "GET", body: bytes | None = None) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self.ask(path, method, body))
        return result


@contextmanager
def serving(
    command: tuple[str, ...], folder: Path, segment: str, **environment: str
) -> Iterator[Server]:
    """Serves until the end of the context; then nothing may have raised. `command` is what
    follows `python -m`."""
    process = Process(
        [sys.executable, "-m", *command],
        env={
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "HOME": str(folder),  # gunicorn leaves a control socket there
            "FLASK_PET_STREAM_SHM": segment,
            "FLASK_PET_STREAM_DETECTIONS_SHM": f"{segment}_detections",
            "FLASK_PET_STREAM_RECORD_PATH": str(folder / "recordings"),
            "FLASK_PET_STREAM_ICE_HOSTS": '["127.0.0.1"]',
            **environment,
        },
        cwd=CHECKOUT,
    )
    try:
        url = f"http://{process.wait_for_line(ADDRESS, TIMEOUT_S)[1]}"
        yield Server(url, process, folder / "recordings")
    finally:
        process.stop(signal.SIGKILL)
    assert "Traceback" not in process.log, process.log
