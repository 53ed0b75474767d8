"""Pictures of the dashboard in both browsers, at three widths, in both themes and languages, and of
each state, to look at.

They lie in test-results/pages after the run.
"""

from __future__ import annotations

import base64
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.waiting import TIMEOUT_S

from .chromium import wait_until
from .conftest import SCREENSHOTS
from .firefox import firefox
from .player import A_SECOND_RECORDED, STATE
from .processes import Process
from .test_demo import start_demo
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

SICK = {
    "status": "camera_offline",
    "reasons": ["there is no shared memory /pet_camera_stream"],
    "reason_codes": ["segment_missing"],
    "camera": {"state": "offline"},
}
"""What `/health` says without a camera."""
NO_AUTOPLAY = """void (HTMLMediaElement.prototype.play = async function () {
    this.autoplay = false;
    throw new DOMException("no", "NotAllowedError");
})"""
HIDE = """() => {
    Object.defineProperty(document, "hidden", { value: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
PUT_PLAYER = """([attributes]) => {
    const player = document.createElement("pet-stream");
    for (const [name, value] of Object.entries(attributes)) player.setAttribute(name, value);
    document.querySelector("pet-stream").replaceWith(player);
}"""
STATES: dict[str, Callable[[Page], object]] = {
    "connecting": lambda page: page.route(OFFER, lambda route: None),
    "live": lambda page: None,
    "camera-offline": lambda page: fulfill(page, "**/health", SICK),
    "reconnecting": lambda page: page.route(OFFER, lambda route: route.abort()),
    "full": lambda page: refuse(page, 503, "full"),
    "not-allowed": lambda page: refuse(page, 403, "origin"),
    "unsupported": lambda page: refuse(page, 422, "no_h264"),
    "blocked": lambda page: page.evaluate(NO_AUTOPLAY),
    "paused": lambda page: None,
    "closed": lambda page: None,
}
OFFER = "**/api/webrtc/offer"
FITS = """(() => {
    const frame = document.querySelector("pet-stream").shadowRoot.querySelector(".frame");
    const outer = frame.getBoundingClientRect();
    return [...frame.querySelectorAll(".veil > *, .veil p")]
        .filter((node) => node.checkVisibility({ visibilityProperty: true }) && node.textContent)
        .every((node) => {
            const box = node.getBoundingClientRect();
            return box.top >= outer.top && box.bottom <= outer.bottom
                && box.left >= outer.left && box.right <= outer.right;
        });
})()"""
SYMBOL = """(() => {
    const root = document.querySelector("pet-stream").shadowRoot;
    const symbol = root.querySelector(".symbol");
    if (!symbol.checkVisibility({ visibilityProperty: true })) return "none";
    const icon = [...symbol.children].find((node) => !node.hasAttribute("hidden"));
    return icon?.innerHTML ?? "ring";
})()"""
LONG_NAME = "kitchen_with_the_new_food_bowl_and_both_cats_" * 3 + ".mp4"
DISK = {"free_bytes": 412_000_000, "size_bytes": 2_000_000_000_000}


def recording(name: str, **values: object) -> dict[str, object]:
    """One of the list's, big and long."""
    usual = {"size_bytes": 987_654_321_000, "duration_s": 359_999, "width": 3840, "height": 2160}
    times = {"started_at": 1_790_000_000, "start_time": "2026-09-21T13:33:20+00:00"}
    return {"name": name, "state": "finished", "format": "mp4", **usual, **times, **values}


RECORDINGS = [
    recording("running.mp4", state="recording"),
    recording(LONG_NAME, starred=True),
    recording("found_after_a_power_cut.mp4", state="recovered"),
    recording("raw.h264", format="h264", duration_s=None, width=None, height=None),
]
SCENES: dict[str, dict[str, object]] = {
    "empty": {"**/api/recordings?*": {"recordings": [], "total": 0, "disk": None}},
    "full-list": {
        "**/api/recordings?*": {
            "recordings": RECORDINGS,
            "total": len(RECORDINGS),
            "total_bytes": 987_654_321_000,
            "disk": DISK,
        },
        "**/api/recording/status": {
            "recording": True,
            "filename": LONG_NAME,
            "frame_count": 10_799_970,
            "bytes_written": 987_654_321_000,
            "duration_ms": 359_999_000,
            "waiting": False,
        },
    },
    "trouble": {
        "**/health": {
            "status": "camera_offline",
            "camera": {"state": "stalled"},
            "webrtc_clients": 10,
            "reasons": ["no new picture for 62 min", "The last recording ended: the disk is full"],
            "reason_codes": ["stalled", "recording.disk_full"],
        },
        "**/api/recording/status": {"recording": True, "frame_count": 0, "duration_ms": 0},
    },
}
CUT_OFF = """[...document.querySelectorAll("main :not(:has(*))")]
    .filter((node) => node.checkVisibility() && !node.closest(".spoken, .drawing"))
    .filter((node) => {
        const { left, right } = node.getBoundingClientRect();
        const card = (node.closest(".card") ?? document.body).getBoundingClientRect();
        return left < card.left || right > card.right || node.scrollWidth > node.clientWidth + 1
            && node.clientWidth && getComputedStyle(node).overflowX === "visible";
    })
    .map((node) => node.outerHTML.slice(0, 100))"""
SIZES = [(320, 640), (768, 1024), (1280, 800)]
THEMES = {"light": 1, "dark": 0}
LANGUAGES = {"light": "en-GB", "dark": "ja-JP"}
FIREFOX_THEME = "layout.css.prefers-color-scheme.content-override"
FOLDER = SCREENSHOTS / "pages"
SETTLED = """new Promise((resolve) => {
    const isOver = (animation) => animation.effect.getComputedTiming().endTime === Infinity
        || animation.playState !== 'running';
    const isLoaded = (image) => image.complete || image.loading === 'lazy';
    const isSettled = () =>
        document.getAnimations().every(isOver) && [...document.images].every(isLoaded);
    const look = () => isSettled() ? resolve(true) : requestAnimationFrame(look);
    requestAnimationFrame(() => requestAnimationFrame(look));
})"""
"""True as soon as nothing moves that ends, and what is to be seen is there."""
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A demo with two recordings."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    demo: Process = start_demo(tmp_path_factory.mktemp("demo"))
    try:
        url = demo.wait_for_line(r"(http://\S+)", TIMEOUT_S)[1]
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector(LIVE)
        for _ in range(2):
            page.click("[data-record]")
            page.wait_for_selector('[data-recorder-phase="recording"]')
            wait_until(page, A_SECOND_RECORDED)
            page.click("[data-record]")
            page.wait_for_selector('[data-recorder-phase="idle"]')
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
            locale=LANGUAGES[theme],
        )
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector(LIVE)
        page.evaluate(SETTLED)
        assert page.evaluate(OVERFLOW) <= 0, width
        png = page.screenshot(full_page=True)
        (FOLDER / f"chromium-{width}-{theme}.png").write_bytes(png)
        context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_firefox_at_three_widths(url: str, theme: str, tmp_path: Path) -> None:
    preferences = {FIREFOX_THEME: THEMES[theme], "intl.accept_languages": LANGUAGES[theme]}
    with firefox(tmp_path, preferences) as session:
        for width, height in SIZES:
            viewport = {"width": width, "height": height}
            session.command("browsingContext.setViewport", context=session.tab, viewport=viewport)
            session.goto(url)
            session.wait_until(f"{STATE} === 'live'")
            session.evaluate(SETTLED)
            assert session.evaluate(OVERFLOW) <= 0, width
            png = base64.b64decode(session.screenshot_base64())
            (FOLDER / f"firefox-{width}-{theme}.png").write_bytes(png)


@pytest.mark.parametrize(("width", "locale"), [(320, "en-GB"), (320, "ja-JP"), (768, "en-GB")])
def test_each_state_of_the_player_looks_different(
    url: str, browser: Browser, width: int, locale: str
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 450}, locale=locale, reduced_motion="reduce"
    )
    page = context.new_page()
    page.route_web_socket("**/api/stream/ws", lambda socket: socket.close())  # so it asks
    page.goto(url)
    symbols = {}
    for state, bring_about in STATES.items():
        page.unroute_all()
        bring_about(page)
        page.evaluate(PUT_PLAYER, [{"transport": "webrtc", "pause-after": "0"}])
        if state == "paused":
            page.evaluate(HIDE)
        if state == "closed":
            page.evaluate("document.querySelector('pet-stream').stop()")
        page.wait_for_selector(f'pet-stream[data-player-state="{state}"]')
        page.evaluate(SETTLED)
        png = page.locator("pet-stream").screenshot()
        (FOLDER / f"player-{state}-{width}-{locale[:2]}.png").write_bytes(png)
        assert page.evaluate(FITS), state
        symbols[state] = page.evaluate(SYMBOL)
    context.close()
    assert symbols["live"] == "none"
    assert len(set(symbols.values())) == len(STATES), symbols


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_overflows_whatever_the_server_says(url: str, browser: Browser, scene: str) -> None:
    for width, height, locale, theme in (
        (320, 640, "en-GB", "light"),
        (320, 640, "ja-JP", "dark"),
        (1280, 800, "en-GB", "dark"),
    ):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            locale=locale,
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.route_web_socket("**/api/stream/ws", lambda socket: socket.close())  # so it asks
        for path, answer in SCENES[scene].items():
            fulfill(page, path, answer)
        page.goto(url)
        page.wait_for_selector('[data-recordings-state]:not([data-recordings-state="loading"])')
        page.wait_for_selector('[data-recorder-phase]:not([data-recorder-phase="unknown"])')
        page.evaluate(SETTLED)
        png = page.screenshot(full_page=True)
        (FOLDER / f"{scene}-{width}-{locale[:2]}-{theme}.png").write_bytes(png)
        assert page.evaluate(OVERFLOW) <= 0, width
        assert page.evaluate(CUT_OFF) == []
        context.close()


def refuse(page: Page, status: int, code: str) -> None:
    fulfill(page, OFFER, {"error": code, "code": code}, status)


def fulfill(page: Page, path: str, answer: object, status: int = 200) -> None:
    page.route(path, lambda route: route.fulfill(status=status, json=answer))
