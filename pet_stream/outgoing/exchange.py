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
from urllib.parse import quote, urlsplit

from .lookup import LookUp, start

PORTS = {"http": 80, "https": 443}
_URI = "/?:@!$&'()*+,;=%[]~"
"""What stands in a request as it is (RFC 3986)."""


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
        self._look_up = LookUp()
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
            connection.default_port = PORTS[parts.scheme]
            connection.sock = plain
            try:
                if parts.scheme == "https":
                    if self._context is None:  # reading the roots takes 20 ms and more
                        self._context = ssl.create_default_context()
                    connection.sock = self._context.wrap_socket(plain, server_hostname=host)
                sent = {"Connection": "close", **headers}
                connection.request(method, quote(target, _URI), body=content, headers=sent)
                with connection.getresponse() as response:
                    body = response.read(self._max_bytes)
                    return Answer(response.status, response.headers, body)
            except http.client.HTTPException as exc:
                raise ConnectionError(f"{host} does not speak HTTP ({type(exc).__name__})") from exc
            finally:
                connection.close()

    def cancel(self) -> None:
        with self._lock:
            self._is_cancelled = True
            self._look_up.cancel()
            if self._socket is not None:
                _shut_down(self._socket)

    @contextlib.contextmanager
    def _connected(self, host: str, port: int, deadline_s: float) -> Iterator[socket.socket]:
        """Gives a connection that is shut down at its deadline, or by `cancel`."""
        plain = self._connect(host, port, deadline_s)
        try:
            twin = socket.socket(fileno=os.dup(plain.fileno()))  # TLS takes the first for itself
        except OSError:
            plain.close()
            raise
        has_ended = threading.Event()

        def end() -> None:
            has_ended.set()
            _shut_down(twin)

        timer = threading.Timer(max(0.0, deadline_s - time.monotonic()), end)
        try:
            self._hold(twin)
            start(timer)
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

    def _connect(self, host: str, port: int, deadline_s: float) -> socket.socket:
        failure: OSError = ConnectionError(f"{host} has no address")
        for address in self._look_up.addresses(host, port, deadline_s):
            left_s = deadline_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"{host} can't be reached in time")
            connection = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            try:
                self._hold(connection)
                connection.settimeout(left_s)
                connection.connect((address, port))
                return connection
            except OSError as exc:
                connection.close()
                failure = exc
        raise failure

    def _hold(self, connection: socket.socket) -> None:
        """Have `cancel` end this one."""
        with self._lock:
            self._socket = connection
            if self._is_cancelled:
                raise ConnectionError("it was cancelled")


def _shut_down(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has ended by itself
        connection.shutdown(socket.SHUT_RDWR)
