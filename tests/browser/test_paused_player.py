"""A paused player takes nothing, so that its connection is ended; it goes on all the same."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page

from pet_stream.own_server import ConnectionCounts
from pet_stream.recording.containers import Mp4Container
from pet_stream.web_server import WebServer
from pet_stream.web_server.http_clients import ClientLimits
from tests.apps import mounted_app
from tests.recording.playback import access_unit
from tests.waiting import wait_until as wait_here_until

from .chromium import wait_until
from .conftest import Footage

pytestmark = pytest.mark.browser

SECONDS = 100
FILLER_BYTES = 32_000
"""In each picture: more than Chromium and both sides' kernels keep."""

PLAY = """async () => {
    window.video = document.createElement('video');
    video.muted = true;
    video.src = '/api/recordings/cat.mp4';
    document.body.append(video);
    await video.play();
    video.pause();
}"""


def test_it_asks_for_the_rest_when_it_goes_on(
    page: Page, page_errors: list[str], footage: Footage, tmp_path: Path
) -> None:
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    write_recording(recordings / "cat.mp4", footage)
    counts = ConnectionCounts()
    server = WebServer("127.0.0.1", 0, ClientLimits(send_s=0.5))
    with mounted_app(tmp_path) as app:
        server.start(app, counts)
        try:
            page.goto(f"http://127.0.0.1:{server.port}/pet-stream/")
            page.evaluate(PLAY)
            wait_here_until(lambda: page.title() and counts.timed_out)  # a call lets events in
            end = page.evaluate("video.buffered.end(0)")
            assert end < SECONDS / 2
            page.evaluate("video.playbackRate = 16; video.play()")
            wait_until(page, f"video.currentTime > {end} + 3 && video.error === null")
            wait_here_until(lambda: page.title() and page_errors)
            page.goto("about:blank")
        finally:
            server.stop()
    assert {error.rpartition("::")[2] for error in page_errors} == {"ERR_CONTENT_LENGTH_MISMATCH"}
    page_errors.clear()


def write_recording(path: Path, footage: Footage) -> None:
    """The footage again and again, and as many filler bytes that it does not fit into buffers."""
    filler = b"\x0c" + FILLER_BYTES * b"\xff" + b"\x80"  # NAL unit type 12
    units = [
        replace(
            unit, width=footage.width, height=footage.height, nal_units=(*unit.nal_units, filler)
        )
        for unit in map(access_unit, footage.units)
    ]
    with io.FileIO(path, "xb+") as file:
        container = Mp4Container(file)
        for number in range(SECONDS * footage.fps):
            unit = units[number % len(units)]
            container.write(
                [replace(unit, sequence=number, capture_ns=number * 1_000_000_000 // footage.fps)]
            )
        container.close()
