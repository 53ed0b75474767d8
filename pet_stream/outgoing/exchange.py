"""One request to another server, and its answer."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit

from .addresses import addresses_of

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Message
    body: bytes
    """As far as it was asked for."""


class Exchange:
    """Asks, one request after the other, each on a connection of its own, from one thread.

    `cancel`, from any thread, ends the one that runs and all that follow. `limit_s` is for a
    request as a whole, however slowly the other side goes on sending; `max_bytes` for the body of
    its answer, of which no more is read. Redirects are not followed. `context` verifies the
    server's certificate; None: as browsers do.
    """

    def __init__(
        self,
        *,
        limit_s: float = 10.0,
        max_bytes: int = 65_536,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._limit_s = limit_s
        self._max_bytes = max_bytes
        self._context = context
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cancelled = False

    @property
    def is_cancelled(self) -> bool:
        return self._is_cancelled

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Answer:
        """Raises OSError, with words for a person: `addresses.Forbidden`, TimeoutError, what DNS,
        TCP and TLS say, and ConnectionError for what is no HTTP."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        deadline_s = time.monotonic() + self._limit_s
        with self._connected(host, port, deadline_s) as plain:
            connection = http.client.HTTPConnection(host, port)
            connection.sock = plain
            try:
                if parts.scheme == "https":
                    context = self._context or ssl.create_default_context()
                    connection.sock = context.wrap_socket(plain, server_hostname=host)
                sent = {"Host": parts.netloc, "Connection": "close", **headers}
                connection.request(method, target, body=content, headers=sent)
                with connection.getresponse() as response:
                    body = response.read(self._max_bytes)
                    return Answer(response.status, response.headers, body)
            except http.client.HTTPException as exc:
                raise ConnectionError(f"{host} does not speak HTTP: {exc!r}") from exc
            finally:
                connection.close()

    def cancel(self) -> None:
        with self._lock:
            self._is_cancelled = True
            if self._socket is not None:
                _shut_down(self._socket)

    @contextlib.contextmanager
    def _connected(self, host: str, port: int, deadline_s: float) -> Iterator[socket.socket]:
        """Gives a connection that is shut down at its deadline, or by `cancel`."""
        plain = _connect(host, port, deadline_s)
        twin = socket.socket(fileno=os.dup(plain.fileno()))  # TLS takes the first for itself
        has_ended = threading.Event()

        def end() -> None:
            has_ended.set()
            _shut_down(twin)

        timer = threading.Timer(max(0.0, deadline_s - time.monotonic()), end)
        try:
            with self._lock:
                self._socket = twin
                if self._is_cancelled:
                    raise ConnectionError("it was cancelled")
            timer.start()
            yield plain
            if has_ended.is_set():  # an answer without a length just ends then
                raise TimeoutError
        except OSError as exc:
            if has_ended.is_set():
                raise TimeoutError(f"{host} does not answer in {self._limit_s:g} s") from exc
            raise
        finally:
            with self._lock:
                self._socket = None
            timer.cancel()
            if timer.ident is not None:
                timer.join()
            twin.close()
            plain.close()


def _connect(host: str, port: int, deadline_s: float) -> socket.socket:
    failure: OSError = ConnectionError(f"{host} has no address")
    for address in addresses_of(host, port):
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError(f"{host} can't be reached in time")
        try:
            return socket.create_connection((address, port), left_s)
        except OSError as exc:
            failure = exc
    raise failure


def _shut_down(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)
