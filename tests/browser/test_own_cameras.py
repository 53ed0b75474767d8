"""A player that watches one camera behind a relay by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.footage import encode, write_source

from .chromium import wait_until
from .conftest import Footage, Server
from .player import PLAYER
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

BADGE = f"{PLAYER}.shadowRoot.querySelector('.badge').textContent"
WIDTH = f"{PLAYER}.video.videoWidth"


@pytest.fixture
def relay(footage: Footage, segment_name: str, tmp_path: Path) -> Iterator[Camera]:
    """The day camera is active; the night camera's pictures are smaller."""
    night = tmp_path / "night"
    write_source(night, encode(640, 360, fps=30, gop=4, pictures=12))
    with Camera(
        segment_name,
        relay=True,
        relay_rate=606,
        swap_rates=True,
        source=footage.path,
        night_source=night,
    ) as relay:
        yield relay


def test_the_inactive_camera_is_shown_and_says_so(
    relay: Camera, server: Server, page: Page, page_errors: list[str]
) -> None:
    page.goto(server.url)
    page.wait_for_selector(LIVE)
    assert page.evaluate(WIDTH) == 1280
    assert page.evaluate(BADGE) == "Live"
    page.evaluate(f"{PLAYER}.setAttribute('camera', 'night')")
    wait_until(page, f"{WIDTH} === 640")
    page.wait_for_selector(LIVE)
    assert page.evaluate(BADGE) == "Other camera, two pictures a second"
    relay.command("camera 1")
    wait_until(page, f"{BADGE} === 'Live'")
    assert page_errors == []
