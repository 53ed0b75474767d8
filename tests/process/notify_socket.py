"""The service manager's end of sd_notify: what a program says, message by message."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.waiting import TIMEOUT_S

Message = dict[str, str]


class NotifySocket:
    """For one thread, and a `with`. `name` is what NOTIFY_SOCKET has to be."""

    def __init__(self, name: str | Path) -> None:
        self.name = str(name)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.name.replace("@", "\0", 1))

    def __enter__(self) -> NotifySocket:
        return self

    def __exit__(self, *exc: object) -> None:
        self._socket.close()

    def receive(self, timeout_s: float = TIMEOUT_S) -> Message:
        """Raises TimeoutError."""
        self._socket.settimeout(max(timeout_s, 0.001))
        lines = self._socket.recv(4096).decode().splitlines()
        return dict((name, value) for name, _, value in (line.partition("=") for line in lines))

    def receive_until(self, is_wanted: Callable[[Message], bool]) -> Message:
        deadline_s = time.monotonic() + TIMEOUT_S
        while not is_wanted(message := self.receive(deadline_s - time.monotonic())):
            pass
        return message

    def drain(self) -> list[Message]:
        """What has arrived, without waiting."""
        messages = []
        with suppress(TimeoutError):
            while True:
                messages.append(self.receive(0))
        return messages
