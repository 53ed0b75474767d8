"""The list of recordings: seen, played, kept, deleted; clips; files that grow or change format."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page

from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.containers import Mp4Container
from tests.camera.camera import Camera
from tests.footage import encode
from tests.recording.playback import access_unit
from tests.recording.test_mp4_container import timed

from .chromium import wait_until
from .conftest import Server
from .test_live_view import LIVE, LIVE_TIMEOUT_MS

pytestmark = pytest.mark.browser

SHOWN = """async ([seconds, size]) => {
    const video = document.querySelector('[data-playback] video');
    if (video.readyState < 2 || video.seeking) return false;
    return Math.abs(video.currentTime - seconds) < 0.5 && (!size || video.videoWidth === size);
}"""


def film_units(width: int, height: int, seconds: int) -> list[AccessUnit]:
    encoded = encode(width, height, pictures=30 * seconds, gop=15)
    return timed([replace(access_unit(d), width=width, height=height) for d in encoded])


def write_mp4(
    path: Path,
    units: Sequence[AccessUnit],
    *,
    is_complete: bool = True,
    recording_id: UUID | None = None,
) -> None:
    path.parent.mkdir(exist_ok=True)
    with io.FileIO(path, "xb+") as file:
        container = Mp4Container(file, recording_id)
        container.write(units)
        if is_complete:
            container.close()


def seek(page: Page, seconds: float, width: int = 0) -> None:
    page.evaluate(
        "(t) => { const v = document.querySelector('[data-playback] video');"
        " v.pause(); v.currentTime = t; }",
        seconds,
    )
    wait_until(page, SHOWN, arg=[seconds, width])


def test_a_recording_is_seen_played_kept_and_deleted(
    server: Server, page: Page, screenshots: Path
) -> None:
    units = film_units(320, 180, 6)
    for name in ("recording_20260102_030405", "recording_20260102_040506"):
        write_mp4(server.recordings / f"{name}.mp4", units)
    page.goto(f"{server.url}/pet-stream/")
    name = "recording_20260102_040506.mp4"
    row = f'[data-recording="{name}"]'
    wait_until(
        page,
        f"document.querySelector('{row} img')?.complete"
        f" && document.querySelector('{row} img').naturalWidth === 320",
    )
    assert "0:06" in page.inner_text(f"{row} .thumbnail")
    assert "320" in page.inner_text(f"{row} .facts")
    assert "free on the disk" in page.inner_text("[data-disk]")

    page.click(f"{row} [data-play]")
    wait_until(page, "document.querySelector('[data-playback] video').currentTime > 0.3")
    duration_s = page.evaluate("document.querySelector('[data-playback] video').duration")
    assert duration_s == pytest.approx(6, abs=0.05)
    seek(page, 4.5)
    seek(page, 1.0)
    (screenshots / "playback.png").write_bytes(page.screenshot(full_page=True))

    page.click(f"{row} .star")
    page.wait_for_selector(f'{row} .star[aria-pressed="true"]')
    assert (server.recordings / f"{name}.star").exists()

    page.click(f"{row} .delete")
    page.wait_for_selector(f"{row} .remove")
    (screenshots / "delete.png").write_bytes(page.screenshot(full_page=True))
    page.keyboard.press("Escape")
    page.wait_for_selector(f"{row} .delete")
    assert (server.recordings / name).exists()
    page.click(f"{row} .delete")
    page.click(f"{row} .remove")
    page.wait_for_selector(row, state="detached")
    page.wait_for_selector("[data-playback]", state="hidden")
    left = sorted(path.name for path in server.recordings.glob("recording_*"))
    assert left in (
        ["recording_20260102_030405.mp4"],
        ["recording_20260102_030405.mp4", "recording_20260102_030405.mp4.jpg"],
    )


def test_what_just_happened_is_saved_by_a_button(
    camera: Camera, server: Server, page: Page
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE, timeout=LIVE_TIMEOUT_MS)
    page.click("[data-clip]")
    page.wait_for_selector("[data-recordings] [data-play]")
    assert re.match("Saved recording_", page.inner_text("[data-record-message]"))
    page.click("[data-recordings] [data-play]")
    wait_until(page, "document.querySelector('[data-playback] video').currentTime > 0")


@pytest.mark.parametrize("is_complete", [True, False])
def test_segments_and_files_that_broke_off_play_and_can_be_sought_in(
    server: Server, page: Page, is_complete: bool
) -> None:
    small, large = film_units(320, 180, 4), film_units(640, 360, 4)
    write_mp4(server.recordings / "cat_001.mp4", small, recording_id=UUID(int=1))
    write_mp4(server.recordings / "cat_002.mp4", large, recording_id=UUID(int=1))
    write_mp4(server.recordings / "dog.mp4", small, is_complete=is_complete)
    page.goto(f"{server.url}/pet-stream/")
    page.click('[data-recording="dog.mp4"] [data-play]')
    wait_until(page, "document.querySelector('[data-playback] video').currentTime > 0.3")
    seek(page, 3.0)
    page.click('[data-recording="cat.mp4"] [data-play]')
    wait_until(page, "document.querySelector('[data-playback] video').duration > 7.9")
    seek(page, 2.0, 320)
    seek(page, 6.0, 640)
    seek(page, 1.0, 320)


def test_a_raw_file_is_offered_for_download_only(server: Server, page: Page) -> None:
    server.recordings.mkdir(exist_ok=True)
    units = film_units(320, 180, 1)
    data = b"".join(unit.to_annex_b() for unit in units)
    (server.recordings / "cat.h264").write_bytes(data)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector('[data-recording="cat.h264"] .download')
    assert page.query_selector("[data-play]") is None
    assert "H.264 files play" in page.inner_text("[data-recordings-raw]")
