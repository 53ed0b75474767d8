"""Fingers on a phone: pinch, drag, tap, double tap."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests.camera.camera import Camera

from .chromium import wait_until
from .conftest import Server
from .player import PLAYER
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

VIEW = f"""(() => {{
    const {{ transform }} = {PLAYER}.shadowRoot.querySelector('.stage').style;
    const [x, y, scale] = transform ? transform.match(/-?[0-9.]+/g).map(Number) : [0, 0, 1];
    return {{ x: x / 100, y: y / 100, scale }};
}})()"""
"""Where the picture's corner is, in parts of the frame, and how large it is."""

Point = tuple[float, float]


class Fingers:
    """On the player; places are parts of it."""

    def __init__(self, page: Page) -> None:
        self._devtools: CDPSession = page.context.new_cdp_session(page)
        box = page.locator("pet-stream .frame").bounding_box()
        assert box is not None
        self._box = box

    def touch(self, kind: str, *points: Point) -> None:
        places = [
            {
                "id": number,
                "x": self._box["x"] + x * self._box["width"],
                "y": self._box["y"] + y * self._box["height"],
            }
            for number, (x, y) in enumerate(points)
        ]
        self._devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    def move(self, begins: list[Point], ends: list[Point], steps: int = 8) -> None:
        self.touch("touchStart", *begins)
        for step in range(1, steps + 1):
            share = step / steps
            places = [
                (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)
                for a, b in zip(begins, ends, strict=True)
            ]
            self.touch("touchMove", *places)
        self.touch("touchEnd")

    def tap(self, at: Point) -> None:
        self.touch("touchStart", at)
        self.touch("touchEnd")


@pytest.fixture
def phone(browser: Browser, camera: Camera, server: Server) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 390, "height": 664}, has_touch=True, is_mobile=True, locale="en-GB"
    )
    try:
        page = context.new_page()
        page.goto(f"{server.url}/pet-stream/")
        page.wait_for_selector(LIVE)
        yield page
    finally:
        context.close()


def test_two_fingers_zoom_and_one_moves(phone: Page) -> None:
    fingers = Fingers(phone)
    fingers.move([(0.4, 0.5), (0.6, 0.5)], [(0.2, 0.5), (0.8, 0.5)])
    wait_until(phone, f"{VIEW}.scale > 2")
    before = phone.evaluate(VIEW)
    # what was between the fingers still is: the middle of the picture
    assert 0.5 * before["scale"] + before["x"] == pytest.approx(0.5, abs=0.05)
    fingers.move([(0.5, 0.5)], [(0.7, 0.6)])
    wait_until(phone, f"{VIEW}.x > {before['x'] + 0.15}")
    assert phone.evaluate(VIEW)["scale"] == pytest.approx(before["scale"])
    assert phone.evaluate("visualViewport.scale") == 1, "the page itself was zoomed"
    assert phone.evaluate("scrollY") == 0, "the page was scrolled"
    fingers.tap((0.5, 0.3))  # the buttons come
    phone.tap("pet-stream [data-control=whole]")
    wait_until(phone, f"{VIEW}.scale === 1")


def test_one_finger_scrolls_the_page_while_nothing_is_zoomed(phone: Page) -> None:
    Fingers(phone).move([(0.5, 0.9)], [(0.5, 0.1)])
    wait_until(phone, "scrollY > 20")
    assert phone.evaluate(VIEW)["scale"] == 1


def test_a_double_tap_zooms_in_where_it_is_and_out_again(phone: Page) -> None:
    fingers = Fingers(phone)
    for wanted in (f"{VIEW}.scale > 2", f"{VIEW}.scale === 1"):
        fingers.tap((0.25, 0.5))
        fingers.tap((0.25, 0.5))
        wait_until(phone, wanted)
        phone.wait_for_timeout(400)  # the next tap is another gesture


def test_a_tap_shows_the_controls_and_hides_them(phone: Page) -> None:
    fingers = Fingers(phone)
    awake = f"{PLAYER}.shadowRoot.querySelector('[data-awake]')"
    fingers.tap((0.5, 0.3))
    wait_until(phone, awake)
    phone.wait_for_timeout(400)  # else it would be a double tap
    fingers.tap((0.5, 0.3))
    wait_until(phone, f"!{awake}")
