"""Shows a profile in speedscope: in the one that is installed here, else in the one on the web.

That runs in the browser alone. It fetches the profile from this machine: from a server that gives
it away once, and nothing else.
"""

from __future__ import annotations

import http.server
import secrets
import shutil
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import quote

import click

from .browser import show_in_browser

SITE = "https://www.speedscope.app"
PROGRAM = "speedscope"
"""Of the npm package."""
WAIT_S = 60.0
_REQUEST_TIMEOUT_S = 5.0


def show(path: str, wait_s: float = WAIT_S) -> None:
    """Returns when speedscope has the profile, or `wait_s` have passed."""
    if program := shutil.which(PROGRAM):
        subprocess.run([program, path], check=False)
        return
    with OnceServer(Path(path).read_bytes()) as server:
        url = f"{SITE}/#profileURL={quote(server.url, safe='')}"
        opening = threading.Thread(target=show_in_browser, args=(url,), daemon=True)
        opening.start()
        has_it = server.serve(wait_s)
    if not has_it:
        click.echo(f"The browser did not fetch it: open {SITE} and drop {path} there.", err=True)


class OnceServer(http.server.HTTPServer):
    """Gives `content` away once, on loopback, to a page of speedscope's that knows its name."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.path = f"/{secrets.token_urlsafe(16)}"
        self.has_given = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{self.path}"

    def serve(self, wait_s: float) -> bool:
        """Returns whether it was fetched within `wait_s`."""
        ends_s = time.monotonic() + wait_s
        while not self.has_given and (left_s := ends_s - time.monotonic()) > 0:
            self.timeout = left_s
            self.handle_request()
        return self.has_given


class _Handler(http.server.BaseHTTPRequestHandler):
    server: OnceServer
    timeout = _REQUEST_TIMEOUT_S

    def do_GET(self) -> None:
        if self.path != self.server.path:
            self.send_error(404)
            return
        self._send_head(200, len(self.server.content))
        self.wfile.write(self.server.content)
        self.server.has_given = True

    def do_OPTIONS(self) -> None:
        """A browser asks first whether a page of the web may ask this machine."""
        self._send_head(204, 0)

    def _send_head(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", SITE)
        self.send_header("Access-Control-Allow-Private-Network", "true")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass
