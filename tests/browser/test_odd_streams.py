"""An unusual stream in Chromium: two PPS that come once, and what decoders skip."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.camera.camera import Camera
from tests.footage import write_source
from tests.odd_streams import GOP, all_at_once, plain
from tests.waiting import wait_until

from .conftest import Server
from .player import STATS
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

ENOUGH = 5 * GOP


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
