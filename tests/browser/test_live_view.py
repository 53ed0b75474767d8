"""C writer → shared memory → a host in a process of its own → what Chromium shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.waiting import wait_until

from .chromium import brightness, inbound_video, wait_for_decoded
from .conftest import Footage, Server

pytestmark = pytest.mark.browser

LIVE = 'pet-stream[data-player-state="live"]'
WATCH_MS = 2_000


def test_chromium_plays_the_camera_at_its_rate_and_without_a_freeze(
    camera: Camera, server: Server, page: Page, footage: Footage, screenshots: Path
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)

    def plays_smoothly() -> bool:
        """For a while, at least: the machine may be busy."""
        before = inbound_video(page)
        page.wait_for_timeout(WATCH_MS)
        after = inbound_video(page)
        assert after["packetsLost"] == 0
        assert (after["frameWidth"], after["frameHeight"]) == (footage.width, footage.height)
        decoded = after["framesDecoded"] - before["framesDecoded"]
        seconds = (after["timestamp"] - before["timestamp"]) / 1000
        is_at_rate: bool = decoded / seconds == pytest.approx(footage.fps, rel=0.05)
        are_equal = [after[name] == before[name] for name in ("freezeCount", "framesDropped")]
        return is_at_rate and all(are_equal)

    wait_until(plays_smoothly)

    (screenshots / "dashboard.png").write_bytes(page.screenshot(full_page=True))
    assert_is_footage(page.locator("pet-stream video").screenshot())


def test_the_element_plays_in_a_page_of_the_host(
    camera: Camera, server: Server, page: Page
) -> None:
    page.goto(server.url)
    page.wait_for_selector(LIVE)
    assert_is_footage(page.locator("pet-stream video").screenshot())


def test_the_picture_comes_by_itself_when_the_camera_starts_after_the_page(
    server: Server, page: Page, footage: Footage, segment_name: str, screenshots: Path
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector('pet-stream[data-player-state="camera-offline"]')
    (screenshots / "offline.png").write_bytes(page.screenshot(full_page=True))
    with Camera(segment_name, source=footage.path, fps=footage.fps):
        page.wait_for_selector(LIVE)
        assert_is_footage(page.locator("pet-stream video").screenshot())


def test_the_picture_comes_back_by_itself_after_a_restart_of_the_camera(
    camera: Camera, server: Server, page: Page
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    camera.command("restart-unlink 200")
    decoded = inbound_video(page)["framesDecoded"]
    wait_for_decoded(page, decoded + 60)
    assert page.evaluate("window.peers.length") == 1, "the page had to connect anew"


def test_the_host_keeps_its_own_routes_next_to_ours(server: Server, page: Page) -> None:
    for path in ["/", "/assets/app.js", "/api/status", "/api/camera_status"]:
        answer = page.request.get(server.url + path)
        assert answer.ok, path
        assert "web" in answer.text() or "host" in answer.text(), path
    health = page.request.get(f"{server.url}/health").json()
    assert health["status"] == "camera_offline"
    assert "never sees it" not in server.process.log  # no route shadows another


def assert_is_footage(png: bytes) -> None:
    """Neither black nor of one colour: the gradient and the square are there."""
    pixels = sorted(brightness(png))
    dark, middle, bright = (pixels[len(pixels) * share // 100] for share in (5, 50, 99))
    assert middle > 40, "black"
    assert bright - dark > 60, "of one colour"
