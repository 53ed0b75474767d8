"""The owner pauses the camera: every page hides the picture, and it comes back after that."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.camera.camera import Camera

from .axe import severe_violations
from .conftest import Server
from .player import VEIL

pytestmark = pytest.mark.browser


def test_a_pause_hides_the_picture_and_ends(
    browser: Browser, server: Server, camera: Camera
) -> None:
    page = browser.new_context(locale="en").new_page()
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector("pet-stream[data-player-state=live]")
    bar, button = page.locator("[data-pause]"), page.locator("[data-pause-toggle]")
    expect(bar).to_be_hidden()
    button.click()
    expect(bar).to_contain_text("nobody sees and nothing records")
    page.wait_for_selector("pet-stream[data-player-state=camera-offline]")
    assert "The camera is paused" in page.evaluate(VEIL)
    expect(page.locator("pet-stream .veil[data-hides]")).to_be_visible()
    expect(page.locator("[data-health-headline]")).to_have_text("Camera paused")
    assert severe_violations(page) == []
    button.click()
    expect(bar).to_be_hidden()
    page.wait_for_selector("pet-stream[data-player-state=live]")
    page.context.close()
