"""Werkzeug's threaded server, with limits for its clients, and TLS."""

from __future__ import annotations

import errno
import logging
import re
import resource
import select
import socket
import ssl
import sys
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wsgi import LimitedStream

from ..own_server import THREAD_LIMIT_KEY
from .answer import Answer, body_length
from .client_streams import MAX_LINGER_BYTES, AnswerWriter, LineReader, RequestReader
from .http_clients import HttpClients
from .tls_handshake import say_goodbye, shake_hands

if TYPE_CHECKING:
    from .certificate import Certificate

logger = logging.getLogger(__name__)

MAX_UNSENT_BYTES = 256 * 1024
"""In the kernel, not yet sent. A slow client could not take the default's megabytes in time."""
PAUSE_S = 0.5
LINGER_LOOK_S = 0.01
COMPLAIN_EVERY_S = 60.0
_HOST = re.compile(r"[\w.-]+(:\d+)?|\[[\da-f:.]+\](:\d+)?", re.ASCII | re.IGNORECASE)
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class HttpServer(ThreadedWSGIServer):
    """Accepts in one thread; each connection has one of its own, for one request after the
    other."""

    def __init__(
        self,
        host: str,
        port: int,
        app: Flask,
        listener: socket.socket,
        clients: HttpClients,
        certificate: Certificate | None,
    ) -> None:
        super().__init__(host, port, app, _Handler, fd=listener.fileno())
        self.clients = clients
        self._certificate = certificate
        self._complained_at_s = float("-inf")

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection, or wait a little. One that can't be accepted stays in the kernel's
        queue, so that without the pause the server's loop would spin."""
        try:
            return super().get_request()
        except OSError as exc:
            if exc.errno in _EXHAUSTED:
                self.clients.counts.errors.note("web_server", exc)
                self._complain(exc)
                self.clients.make_room()
                time.sleep(PAUSE_S)
            raise
        except Exception as exc:
            self.clients.counts.errors.end("web_server", exc, "a connection could not be accepted")
            raise ConnectionError from exc  # anything else would end the server's loop

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for it. An error would end the server's loop."""
        with self.clients.counts.errors.ending(
            "web_server", "a connection is closed, because it could not be judged"
        ):
            return self.clients.admit(request, client_address[0])
        return False

    def finish_request(self, request: Any, client_address: Any) -> None:
        """On the connection's thread."""
        handler = _Handler
        if self._certificate is not None:
            client = self.clients.of(request)
            try:
                if not shake_hands(client, self.clients, self._certificate.context()):
                    handler = _PlainHandler
            except OSError as exc:
                logger.debug("%s gets no TLS: %s", client_address[0], exc)
                return
        handler(request, client_address, self)

    def shutdown_request(self, request: Any) -> None:
        client = self.clients.remove(request)
        connection = request if client is None else client.socket
        if isinstance(connection, ssl.SSLSocket):
            say_goodbye(connection)
        super().shutdown_request(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, ConnectionError | TimeoutError | ssl.SSLError):
            logger.debug("%s has hung up", client_address[0])
        elif error is not None:
            said = f"a request from {client_address[0]} failed"
            self.clients.counts.errors.end("web_server", error, said)

    def _complain(self, error: OSError) -> None:
        now_s = time.monotonic()
        if now_s - self._complained_at_s > COMPLAIN_EVERY_S:
            self._complained_at_s = now_s
            logger.error(
                "no connection can be taken: %s. A higher limit of open files helps (ulimit -n, "
                "LimitNOFILE=)",
                error.strerror,
            )


class _Handler(WSGIRequestHandler):
    """Answers the requests of one connection. Logs what goes wrong with one, and nothing about
    those that go well."""

    server: HttpServer
    rfile: LineReader
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        clients = self.server.clients
        client = clients.of(self.request)
        self.connection = client.socket
        # Header and body are written one after the other: the body must not wait for an ACK.
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MAX_UNSENT_BYTES)
        self._reader = RequestReader(client, clients)
        self.rfile = LineReader(self._reader)
        self.wfile = AnswerWriter(client, clients)

    def make_environ(self) -> dict[str, Any]:
        return {
            **super().make_environ(),
            "wsgi.url_scheme": "https" if isinstance(self.connection, ssl.SSLSocket) else "http",
            THREAD_LIMIT_KEY: self.server.clients.limits.max_count,
        }

    def run_wsgi(self) -> None:
        """Answer one request. Whatever ends it but its own end ends the connection, too: that of a
        WebSocket, for one."""
        self._reader.end_header()
        self.close_connection = True
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.environ = environ = self.make_environ()
        is_clear = self.request_version == "HTTP/1.1" and self.rfile.are_plain
        length = body_length(self.headers) if is_clear else None
        asks_to_close = "close" in self.headers.get("Connection", "").lower()
        body = LimitedStream(self.rfile, length or 0)
        if length is not None:
            environ["wsgi.input"] = body
        answer = Answer(
            self, lambda: length is not None and not asks_to_close and body.is_exhausted
        )
        parts = self.server.app(environ, answer.start)
        try:
            answer.send(parts)
            if not answer.keeps_connection:
                self._linger()
        finally:
            if hasattr(parts, "close"):
                parts.close()
        # Requests that were sent before their turn have to be sent again.
        self.close_connection = not answer.keeps_connection or self._reader.is_ahead(self.rfile)

    def handle_one_request(self) -> None:
        self._reader.begin_header()
        self.rfile.are_plain = True
        super().handle_one_request()

    def _linger(self) -> None:
        """Read what still comes, so that a client that is still sending can read the answer."""
        while select.select([self.connection], [], [], LINGER_LOOK_S)[0]:
            if not self.rfile.read(MAX_LINGER_BYTES):
                return

    def version_string(self) -> str:
        """Returns the `Server` header, without the versions that an attacker would look up."""
        return "pet-stream"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def log(self, type: str, message: str, *args: object) -> None:
        logger.debug(message, *args)


class _PlainHandler(_Handler):
    """Answers a client that speaks plain HTTP to a server that speaks TLS: where the page is, else
    a 400."""

    def run_wsgi(self) -> None:
        self._reader.end_header()
        host, body = self.headers.get("Host", ""), b""
        if self.command in ("GET", "HEAD") and _HOST.fullmatch(host) and self.path[:1] == "/":
            self.send_response(HTTPStatus.TEMPORARY_REDIRECT)
            self.send_header("Location", f"https://{host}{self.path}")
        else:
            body = b'{"code": "https_only", "error": "This port speaks HTTPS"}\n'
            self.send_response(HTTPStatus.BAD_REQUEST)
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


def take_descriptors() -> None:
    """Raise this process's limit of file descriptors as far as it may; only in a process that is
    all ours."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
