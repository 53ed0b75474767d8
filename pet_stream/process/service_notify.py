"""Tells the service manager how this program is, as sd_notify(3) does: a datagram of lines."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

logger = logging.getLogger(__name__)

STATUS_INTERVAL_S = 5.0
_WATCHDOG_SHARE = 3
"""Looks within the watchdog's time, so that one may come late."""
_MAX_STATUS_LENGTH = 200


class ServiceManager:
    """systemd, or whoever else has set NOTIFY_SOCKET. For one thread.

    Where nobody has, it does nothing. A message that can't be sent is logged once and fails
    nothing.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environment.get("NOTIFY_SOCKET", ""))
        self._watchdog_s = _watchdog_s(environment) if self._address else None
        self._status = ""
        self._has_failed = False

    @property
    def look_interval_s(self) -> float | None:
        """How often to call `look`; None: nobody listens."""
        if self._address is None:
            return None
        if self._watchdog_s is None:
            return STATUS_INTERVAL_S
        return min(STATUS_INTERVAL_S, self._watchdog_s / _WATCHDOG_SHARE)

    def ready(self, status: str = "") -> None:
        self._status = _one_line(status)
        self._send("READY=1", f"STATUS={self._status}")

    def look(self, status: str, *, is_alive: bool) -> None:
        """Say what `status` is, if that is new, and that the program lives, if it does. The service
        manager starts it again when it does not hear that in time."""
        lines = []
        if (status := _one_line(status)) != self._status:
            self._status = status
            lines.append(f"STATUS={status}")
        if is_alive and self._watchdog_s is not None:
            lines.append("WATCHDOG=1")
        if lines:
            self._send(*lines)

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """What is done in this context is a reload of the settings."""
        now_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._send("RELOADING=1", f"MONOTONIC_USEC={now_us}")
        try:
            yield
        finally:
            self.ready(self._status)

    def stopping(self) -> None:
        self._send("STOPPING=1", "STATUS=stopping")

    def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        try:
            with socket.socket(socket.AF_UNIX, kind) as sender:
                sender.sendto("\n".join(lines).encode(), self._address)
            self._has_failed = False
        except OSError as exc:
            if not self._has_failed:
                logger.warning(
                    "systemd can't be told that this lives, and may start it anew: %s", exc.strerror
                )
            self._has_failed = True


def _address(text: str) -> str | None:
    """Returns the socket's address: a path, or with `@` a name in the abstract namespace."""
    if text.startswith("@"):
        return "\0" + text[1:]
    return text if text.startswith("/") else None


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Returns the time after which a silent program is taken for dead; None: never."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # meant for the program that has started us
    try:
        time_us = int(environment.get("WATCHDOG_USEC", "0"))
    except ValueError:
        return None
    return time_us / 1e6 if time_us > 0 else None


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_MAX_STATUS_LENGTH]
