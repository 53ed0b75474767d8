"""A feeder at work, and a camera that it may feed from."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

from pet_stream.feed.feeder import Feeder
from tests.waiting import TIMEOUT_S


@contextlib.contextmanager
def feeding(feeder: Feeder) -> Iterator[Callable[[Callable[[], bool]], None]]:
    """Run the feeder meanwhile; gives a function that waits for a condition."""
    stop = threading.Event()
    thread = threading.Thread(target=feeder.run, args=(stop,))
    thread.start()
    deadline = time.monotonic() + TIMEOUT_S

    def wait_until(condition: Callable[[], bool]) -> None:
        while not condition():
            assert time.monotonic() < deadline
            assert thread.is_alive()
            time.sleep(0.01)

    try:
        yield wait_until
    finally:
        stop.set()
        thread.join(TIMEOUT_S)
        assert not thread.is_alive()


class BreakingCamera(threading.Thread):
    """A network camera that sends one MPEG-TS file to each who connects, then hangs up."""

    def __init__(self, data: bytes) -> None:
        super().__init__(name="breaking camera")
        self._data = data
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                try:
                    connection.sendall(self._data)
                except OSError:
                    return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.join(TIMEOUT_S)
