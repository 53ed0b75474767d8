"""A receiver of webhooks, on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook as Verifier

SECRET = "whsec_" + "c2VjcmV0IG9mIDMyIGJ5dGVzLCBubyBsZXNzLCAhISE="


class Receiver:
    """Answers each request by the next of `answers`, then by 200. What it takes is verified by the
    reference implementation of Standard Webhooks."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.taken: list[dict[str, Any]] = []
        self.ids: list[str] = []
        """Of all requests, those that were not taken among them."""
        self.url = ""

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.taken]

    def handle(self, headers: dict[str, str], body: bytes) -> int:
        self.ids.append(headers["webhook-id"])
        status = self.answers.pop(0) if self.answers else 200
        if status == 200:
            Verifier(SECRET).verify(body, headers)
            self.taken.append(json.loads(body))
        return status


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.handle(headers, body)
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook?key=hidden"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
