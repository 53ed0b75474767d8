"""What fills a disk, or has it read."""

from __future__ import annotations

import http.client
import random
import threading
from collections import Counter
from collections.abc import Callable

from .target import Target

CLIP_CONNECTIONS = 8
CUT_CONNECTIONS = 20
CUT_S = 20.0


def clips(target: Target) -> str:
    """a clip of what just happened, over eight connections, again and again"""
    return _repeat(
        target,
        CLIP_CONNECTIONS,
        lambda: target.ask("POST", "/api/recording/clip", {"seconds": 30}),
    )


def cuts(target: Target) -> str:
    """a cut from a long recording, another one each time, 20 at once"""

    def cut() -> tuple[int, bytes]:
        begin_s = random.uniform(0, 600)
        path = (
            f"/api/recordings/{target.long_recording}?from={begin_s:.1f}&to={begin_s + CUT_S:.1f}"
        )
        return target.ask("GET", path)

    return _repeat(target, CUT_CONNECTIONS, cut)


def _repeat(target: Target, connections: int, ask: Callable[[], tuple[int, bytes]]) -> str:
    statuses: Counter[str] = Counter()

    def run() -> None:
        while target.is_on:
            try:
                status = str(ask()[0])
            except (OSError, http.client.HTTPException):
                status = "none"
            statuses[status] += 1

    threads = [threading.Thread(target=run) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ", ".join(f"{count} × {status}" for status, count in statuses.most_common())
