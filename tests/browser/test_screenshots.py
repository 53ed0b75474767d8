"""Pictures of the dashboard in both browsers, at three widths, in both themes, to look at.

They lie in test-results/pages after the run.
"""

from __future__ import annotations

import base64
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .conftest import SCREENSHOTS
from .firefox import firefox
from .player import STATE
from .processes import Process
from .test_demo import FIRST_PICTURE_S, film, start_demo
from .test_live_view import LIVE, LIVE_TIMEOUT_MS

__all__ = ["film"]

pytestmark = pytest.mark.browser

SIZES = [(320, 640), (768, 1024), (1440, 900)]
THEMES = {"light": 1, "dark": 0}
FIREFOX_THEME = "layout.css.prefers-color-scheme.content-override"
FOLDER = SCREENSHOTS / "pages"
SETTLE_MS = 1_200
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def url(film: None, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo with two recordings."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    demo: Process = start_demo(tmp_path_factory.mktemp("demo"))
    try:
        url = demo.wait_for_line(r"(http://\S+)", 4 * FIRST_PICTURE_S)[1]
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector(LIVE, timeout=LIVE_TIMEOUT_MS)
        for _ in range(2):
            page.click("[data-record]")
            page.wait_for_selector('[data-record-panel="recording"]')
            page.wait_for_timeout(1_500)
            page.click("[data-record]")
            page.wait_for_selector('[data-record-panel="idle"]')
        page.close()
        yield url
    finally:
        demo.stop(signal.SIGINT)


@pytest.mark.parametrize("theme", THEMES)
def test_chromium_at_three_widths(url: str, browser: Browser, theme: str) -> None:
    for width, height in SIZES:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            locale="ja-JP" if width == 768 else "en-GB",
        )
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector(LIVE, timeout=LIVE_TIMEOUT_MS)
        page.wait_for_timeout(SETTLE_MS)
        assert page.evaluate(OVERFLOW) <= 0, width
        png = page.screenshot(full_page=True)
        (FOLDER / f"chromium-{width}-{theme}.png").write_bytes(png)
        context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_firefox_at_three_widths(url: str, theme: str, tmp_path: Path) -> None:
    with firefox(tmp_path, {FIREFOX_THEME: THEMES[theme]}) as session:
        for width, height in SIZES:
            viewport = {"width": width, "height": height}
            session.command("browsingContext.setViewport", context=session.tab, viewport=viewport)
            session.goto(url)
            session.wait_until(f"{STATE} === 'live'", 15)
            session.evaluate(f"new Promise((resolve) => setTimeout(resolve, {SETTLE_MS}))")
            assert session.evaluate(OVERFLOW) <= 0, width
            png = base64.b64decode(session.screenshot_base64())
            (FOLDER / f"firefox-{width}-{theme}.png").write_bytes(png)
