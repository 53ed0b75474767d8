"""HLS for long, with a restart of the camera in the middle: `make soak-hls`.

    python -m tests.hls.acceptance [--minutes 10]

PyAV plays it all the time; what it shows has no picture that is corrupt, and after the restart it
goes on. Prints how many pictures were shown.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import av

from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import TIMEOUT_S, wait_until
from tests.websocket.client import served

INDEX = "/api/stream/index.m3u8"
FPS = 30
LEAST_SHARE = 0.9
"""Of the camera's pictures: the player begins some seconds later, and loses some at the restart."""


class Player:
    """Plays in a thread of its own until it is stopped."""

    def __init__(self, url: str) -> None:
        self.shown_count = self.corrupt_count = 0
        self._url = url
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._play)
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join(TIMEOUT_S)
        assert not self._thread.is_alive(), "the player hangs"

    def _play(self) -> None:
        with av.open(self._url, timeout=TIMEOUT_S) as player:
            for frame in player.decode(video=0):
                self.shown_count += 1
                self.corrupt_count += frame.is_corrupt
                if self._is_over.is_set():
                    return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    half_s = parser.parse_args().minutes * 30
    segment = f"/pet_test_{os.getpid()}_soak"
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "source"
        write_source(source, encode(640, 480, fps=FPS, gop=14, pictures=56, bit_rate=2_000_000))
        with mounted_app(Path(name), SHM=segment) as app, served(app) as address:
            url = address.replace("ws:", "http:") + INDEX
            with Camera(segment, source=source, fps=FPS):
                wait_until(lambda: stream_of(app).reader.status.state == "live")
                urllib.request.urlopen(url, timeout=TIMEOUT_S).close()
                player = Player(url)
                time.sleep(half_s)
            before = player.shown_count
            with Camera(segment, source=source, fps=FPS):
                time.sleep(half_s)
                after = player.shown_count - before
                player.stop()
    print(f"{before} pictures before the restart, {after} after it")
    least = LEAST_SHARE * FPS * (half_s - 10)
    assert player.corrupt_count == 0, f"{player.corrupt_count} pictures are corrupt"
    assert min(before, after) >= least, f"at least {least:.0f} were to be shown"


if __name__ == "__main__":
    main()
