"""A WebSocket client without a thread: text messages out, text messages in until a deadline."""

from __future__ import annotations

import socket
import time
from collections import deque
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Ping, Request, TextMessage

RECEIVE_BYTES = 65536


class WebSocketClosed(Exception):
    """The other side has closed the connection, or refused it."""


class WebSocketClient:
    """Connected to a `ws://` URL when made. For one thread."""

    def __init__(self, url: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        self._connection = WSConnection(ConnectionType.CLIENT)
        self._messages: deque[str] = deque()
        self._fragments: list[str] = []
        self._is_open = False
        address = (parts.hostname or "", parts.port or 80)
        self._socket = socket.create_connection(address, timeout_s)
        # the port belongs into the Host header: Firefox answers 400 without it
        request = Request(host=parts.netloc, target=parts.path or "/")
        try:
            self._socket.sendall(self._connection.send(request))
            deadline = time.monotonic() + timeout_s
            while not self._is_open:
                self._receive_some(deadline)
        except BaseException:
            self._socket.close()
            raise

    def send(self, text: str) -> None:
        self._socket.sendall(self._connection.send(TextMessage(data=text)))

    def receive(self, timeout_s: float) -> str:
        """The next message. Raises TimeoutError, WebSocketClosed."""
        deadline = time.monotonic() + timeout_s
        while not self._messages:
            self._receive_some(deadline)
        return self._messages.popleft()

    def close(self) -> None:
        self._socket.close()

    def _receive_some(self, deadline: float) -> None:
        remaining_s = deadline - time.monotonic()
        if remaining_s <= 0:
            raise TimeoutError("no message in time")
        self._socket.settimeout(remaining_s)
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except ConnectionResetError as exc:
            raise WebSocketClosed from exc
        self._connection.receive_data(data or None)
        for event in self._connection.events():
            if isinstance(event, AcceptConnection):
                self._is_open = True
            elif isinstance(event, TextMessage):
                self._fragments.append(event.data)
                if event.message_finished:
                    self._messages.append("".join(self._fragments))
                    self._fragments.clear()
            elif isinstance(event, Ping):
                self._socket.sendall(self._connection.send(event.response()))
            elif isinstance(event, CloseConnection) or not self._is_open:
                raise WebSocketClosed(str(event))
