"""The web server of `pet-stream run` and `demo`: Werkzeug's, with limits for its clients, and TLS.

    WebServer           takes the address, serves an app, ends in order
      http_server       accepts connections; one thread for each, for its requests
        answer          what an app answers, and whether the connection stays for the next request
        tls_handshake   how a connection begins to speak TLS
          certificate   what it is done with: files that may be renewed at any time
            self_signed files of our own
        client_streams  what a client sends and is sent, within its limits
          http_clients  all connections: how many there may be, and how long each may take

The listening socket belongs to the thread `pet-stream-web`, each connection to a thread of its own.
`stream` and `web` know nothing of this package, nor it of them: what it tells them is in
`own_server`.
"""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

from flask import Flask

from ..errors import AddressUnavailable
from ..lifecycle import Run, start_run
from ..own_server import ConnectionCounts
from .http_clients import ClientLimits, HttpClients
from .http_server import HttpServer

if TYPE_CHECKING:
    from .certificate import Certificate

_BACKLOG = 128
_POLL_S = 3600.0
"""How often socketserver looks whether it is to stop. Here it need not: it is woken up for that."""


class WebServer:
    """Serves an app from a thread of its own; each request runs in one more."""

    def __init__(
        self,
        host: str,
        port: int,
        limits: ClientLimits | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        """Take the address; nothing is answered before start(). With `certificate`, speak TLS.

        Raises AddressUnavailable.
        """
        self._socket = _listen(host, port)
        self.certificate = certificate
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._limits = ClientLimits() if limits is None else limits
        self._server: HttpServer | None = None
        self._run: Run | None = None

    @property
    def scheme(self) -> str:
        """Of the URLs under which it is found."""
        return "http" if self.certificate is None else "https"

    @property
    def is_serving(self) -> bool:
        return self._run is not None and self._run.is_alive

    def start(self, app: Flask, counts: ConnectionCounts | None = None) -> None:
        clients = HttpClients(self._limits, ConnectionCounts() if counts is None else counts)
        server = HttpServer(self.host, self.port, app, self._socket, clients, self.certificate)
        self._run = start_run("pet-stream-web", lambda _: server.serve_forever(_POLL_S))
        self._server = server

    def stop(self, timeout_s: float = 1.0) -> None:
        """Take no more requests; those that run are not waited for. Idempotent."""
        server, self._server = self._server, None
        run, self._run = self._run, None
        if server is not None and run is not None:
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes it up
            server.shutdown()
            server.clients.end_idle()
            run.join(timeout_s)
        self._socket.close()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as exc:
        listener.close()
        raise AddressUnavailable(_explain(exc, host, port)) from exc
    return listener


def _explain(exc: Exception, host: str, port: int) -> str:
    if isinstance(exc, socket.gaierror):
        return f"{host} is not an address of this machine"
    number = getattr(exc, "errno", None)
    if number == errno.EADDRINUSE:
        return f"port {port} is taken by another program: end it, or choose another by --port"
    if number == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine"
    if number == errno.EACCES:
        return f"port {port} needs more rights: choose one above 1023 by --port"
    return f"can't listen on {host}, port {port}: {exc}"
