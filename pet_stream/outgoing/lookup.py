"""Looks up where a name leads, in bounded time."""

from __future__ import annotations

import queue
import threading
import time

from .addresses import addresses_of, spelled_address


class LookUp:
    """Asks for one name after the other, from one thread; `cancel` from any.

    The system's resolver may take a minute and can't be interrupted, so it is asked in a thread of
    its own, one at a time, which is left alone when the time is up.
    """

    def __init__(self) -> None:
        self._is_cancelled = False
        self._asking: threading.Thread | None = None
        self._answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def addresses(self, host: str, port: int, deadline_s: float) -> list[str]:
        """Returns what `addresses_of` does. Raises OSError."""
        if spelled_address(host) is not None:
            return addresses_of(host, port)
        if self._asking is not None and self._asking.is_alive():
            raise TimeoutError(f"no name server has told yet where {host} is")
        answers: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()
        self._answers = answers
        if self._is_cancelled:
            raise ConnectionError("it was cancelled")

        def ask() -> None:
            try:
                answers.put(addresses_of(host, port))
            except OSError as exc:
                answers.put(exc)

        self._asking = threading.Thread(target=ask, name="pet-stream-lookup", daemon=True)
        start(self._asking)
        try:
            answer = answers.get(timeout=max(0.0, deadline_s - time.monotonic()))
        except queue.Empty:
            raise TimeoutError(f"no name server tells in time where {host} is") from None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def cancel(self) -> None:
        self._is_cancelled = True
        self._answers.put(ConnectionError("it was cancelled"))


def start(thread: threading.Thread) -> None:
    """Raises OSError when no thread is to be had."""
    try:
        thread.start()
    except RuntimeError as exc:
        raise OSError(str(exc)) from exc
