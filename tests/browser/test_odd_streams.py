"""Unusual streams in Chromium: live, and as a recording of several files."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.footage import write_source
from tests.odd_streams import GOP, PICTURES, all_at_once, plain
from tests.test_every_way_out import FRAME_NS, GOP_S, recorded
from tests.waiting import wait_until

from .conftest import Server
from .player import STATS
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

ENOUGH = 5 * GOP

PICTURES_AT = """async ([url, times]) => {
    const video = document.createElement('video');
    const event = (name) => new Promise((resolve, reject) => {
        video.addEventListener(name, resolve, { once: true });
        video.addEventListener('error', () => reject(video.error.message), { once: true });
    });
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    video.muted = true;
    video.src = url;
    await event('loadeddata');
    const ended = event('ended');
    await video.play();
    await ended;
    const shown = [];
    for (const time of times) {
        const shownAnew = new Promise((resolve) => video.requestVideoFrameCallback(resolve));
        const seeked = event('seeked');
        video.currentTime = time;
        await Promise.all([seeked, shownAnew]); // the first may come before the picture
        canvas.drawImage(video, 0, 0);
        const { data } = canvas.getImageData(0, 0, video.videoWidth, video.videoHeight);
        shown.push(data.reduce((sum, byte) => (31 * sum + byte) % 1000003));
    }
    return shown;
}"""
"""Plays all, then shows single pictures; returns a sum of each one's pixels."""


@pytest.mark.parametrize("way", ["webrtc", "websocket&decoder=webcodecs", "websocket&decoder=mse"])
def test_chromium_decodes_it_on_every_way(
    server: Server, page: Page, segment_name: str, tmp_path: Path, way: str
) -> None:
    source = tmp_path / "source"
    write_source(source, all_at_once(list(plain()) * 60))

    def has_decoded_enough() -> bool:
        decoded: int = page.evaluate(STATS)["framesDecoded"]
        return decoded - before >= ENOUGH

    with Camera(segment_name, source=source, fps=30):
        page.goto(f"{server.url}/pet-stream/?transport={way}")
        page.wait_for_selector(LIVE)
        before: int = page.evaluate(STATS)["framesDecoded"]
        wait_until(has_decoded_enough)


def test_files_whose_pps_changes_under_its_id_show_the_same_as_others(
    server: Server, page: Page, tmp_path: Path
) -> None:
    streams = {
        "plain": "sets with every picture",
        "between": "a PPS that changes with each IDR",
        "within": "a PPS that changes in mid-stream",
    }
    server.recordings.mkdir(exist_ok=True)
    for name, stream in streams.items():
        (folder := tmp_path / name).mkdir()
        for path in recorded(stream, folder, "mp4", file_s=1.5 * GOP_S):
            path.rename(server.recordings / path.name.replace("cat", name))
    page.goto(f"{server.url}/pet-stream/")
    middles = [(number + 0.5) * FRAME_NS / 1e9 for number in range(PICTURES)]
    times = [*middles[::5], middles[2 * GOP], middles[GOP - 1], middles[0]]  # on, and back
    plain_sums, *others = (
        page.evaluate(PICTURES_AT, [f"{server.url}/api/recordings/{name}.mp4", times])
        for name in streams
    )
    assert len(set(plain_sums)) > len(times) // 2
    assert others == [plain_sums, plain_sums]
