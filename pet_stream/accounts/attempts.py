"""Makes guessing slow: after wrong tries a client waits longer and longer."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from ..errors import TooMany

FREE_TRIES = 5
"""Wrong tries without a wait: people mistype."""
MAX_WAIT_S = 60.0
FORGOTTEN_AFTER_S = 3600.0
MAX_CLIENTS = 1000


class Attempts:
    """Counts each client's wrong tries of a password. Any thread.

    Only a client that tries a password waits. A signed-in device is never asked, and links can't be
    guessed. So a stranger, who may share the owner's address behind a proxy, can't lock the owner
    out.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """Each client's count, and the time of its last wrong try; the oldest first."""

    def begin(self, client: str) -> None:
        """Count a try, which is wrong until `note_right`, so that many at once are not free either.
        Raises TooMany until the client may try again."""
        with self._lock:
            self._forget_old()
            count, last_s = self._wrong.get(client, (0, 0.0))
            wait_s = last_s + _wait_s(count) - self._now_s()
            if wait_s > 0:
                raise TooMany("Too many wrong tries", retry_after_s=max(1, round(wait_s + 0.5)))
            self._wrong.pop(client, None)
            self._wrong[client] = count + 1, self._now_s()
            while len(self._wrong) > MAX_CLIENTS:
                self._wrong.popitem(last=False)

    def note_right(self, client: str) -> None:
        """Take a try back. Those before it stay wrong: a guest could guess at the owner's password
        and sign in with their own in between."""
        with self._lock:
            count, last_s = self._wrong.get(client, (0, 0.0))
            if count > 1:
                self._wrong[client] = count - 1, last_s
            else:
                self._wrong.pop(client, None)

    def _forget_old(self) -> None:
        oldest_s = self._now_s() - FORGOTTEN_AFTER_S
        while self._wrong and next(iter(self._wrong.values()))[1] < oldest_s:
            self._wrong.popitem(last=False)


def _wait_s(count: int) -> float:
    return 0.0 if count < FREE_TRIES else min(MAX_WAIT_S, 2.0 ** min(count - FREE_TRIES, 10))
