"""The page for everybody: on a phone, by keyboard, read aloud, in both languages, and light."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.camera.camera import Camera

from .axe import severe_violations
from .chromium import inbound_video, wait_for_decoded, wait_until
from .conftest import Server
from .player import A_SECOND_RECORDED
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

MAX_TRANSFERRED_BYTES = 208_000
"""Of a checkout, comments and all; a wheel is held to less (test_bundle.py)."""
MAX_FALLBACK_BYTES = 9_000
"""More, for the modules that only some browsers need."""
MIN_TARGET_PX = 44
PHONE: dict[str, Any] = {
    "viewport": {"width": 320, "height": 640},
    "has_touch": True,
    "is_mobile": True,
}

ROOTS = """[document, ...[...document.querySelectorAll('*')].map((node) => node.shadowRoot)]
    .filter(Boolean)"""
"""The document, and the insides of its elements."""
SMALL_TARGETS = f"""(min) => {{
    const all = {ROOTS}.flatMap((root) => [...root.querySelectorAll('button, a[href]')]);
    return all.filter((node) => node.checkVisibility({{ visibilityProperty: true }}))
        .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
        .filter(([, box]) => Math.min(box.width, box.height) < min)
        .map(([html, box]) => `${{html}}: ${{box.width}} x ${{box.height}}`);
}}"""
NAMELESS = f"""(() => {{
    return {ROOTS}.flatMap((root) => [...root.querySelectorAll('button, a[href]')])
        .filter((node) => node.checkVisibility())
        .filter((node) => !(node.getAttribute('aria-label') ?? node.textContent).trim())
        .map((node) => node.outerHTML.slice(0, 80));
}})()"""
WORDS = f"""(() => {{
    const inside = {ROOTS}.slice(1);
    const labels = [document, ...inside]
        .flatMap((root) => [...root.querySelectorAll('[aria-label]')])
        .map((node) => node.getAttribute('aria-label'));
    const titles = inside.flatMap((root) => [...root.querySelectorAll('[title]')])
        .map((node) => node.title);
    const texts = inside.flatMap((root) => [...root.querySelectorAll('p, dt, dd, span')])
        .map((node) => node.textContent);
    return [document.title, document.body.innerText, ...labels, ...titles, ...texts].join('\\n');
}})()"""
IS_MEASURED = """(() => {
    const player = document.querySelector('pet-stream').shadowRoot;
    return player.querySelector('[data-quality=data]').textContent.includes('kbit');
})()"""
WATCH_SPOKEN = f"""(() => {{
    globalThis.spoken = [];
    for (const region of {ROOTS}.flatMap((root) => [...root.querySelectorAll("[role=status]")])) {{
        new MutationObserver(() => globalThis.spoken.push(region.textContent))
            .observe(region, {{ childList: true, characterData: true, subtree: true }});
    }}
}})()"""
WATCH_VIOLATIONS = """
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
        globalThis.violations.push([violatedDirective, blockedURI, sample]));
"""
KEYS = {"Enter", "Shift", "Page", "Up", "Down", "Home", "End", "Tab", "Esc"}
SAME_IN_ALL_LANGUAGES = {
    *("fps", "kbit", "WebRTC", "WebSocket", "VLC", "mpv", "ffplay", "webm"),
    *KEYS,
}


@contextmanager
def opened(browser: Browser, server: Server, query: str = "", **settings: Any) -> Iterator[Page]:
    """The dashboard, live, in a browser of its own kind."""
    context = browser.new_context(**settings)
    try:
        page = context.new_page()
        page.goto(f"{server.url}/pet-stream/{query}")
        page.wait_for_selector(LIVE)
        page.wait_for_selector('[data-recordings-state]:not([data-recordings-state="loading"])')
        yield page
    finally:
        context.close()


@pytest.mark.parametrize(
    ("query", "most"),
    [
        ("", MAX_TRANSFERRED_BYTES),
        ("?transport=websocket", MAX_TRANSFERRED_BYTES + MAX_FALLBACK_BYTES),
        ("?transport=websocket&decoder=mse", MAX_TRANSFERRED_BYTES + MAX_FALLBACK_BYTES),
    ],
)
def test_a_first_visit_costs_little_and_asks_nobody_else(
    camera: Camera, server: Server, page: Page, query: str, most: int
) -> None:
    sizes: dict[str, float] = {}
    urls: dict[str, str] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.requestWillBeSent", lambda e: urls.update({e["requestId"]: request_url(e)}))
    session.on(
        "Network.loadingFinished",
        lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}),
    )
    page.goto(f"{server.url}/pet-stream/{query}")
    page.wait_for_selector(LIVE)
    page.wait_for_load_state("networkidle")
    asked = {url for url in urls.values() if not url.startswith(("data:", "blob:"))}
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(server.url).netloc}
    cost = {urls.get(key, key): size for key, size in sizes.items()}
    for path in ("/health", "/api/recording/status"):
        cost.pop(server.url + path, None)  # asked only while the state is late, on a busy machine
    listing = sorted(f"{size:6.0f} {url}" for url, size in cost.items())
    total = sum(cost.values())
    assert total <= most, "\n".join([f"{total:.0f}", *listing])


def request_url(event: dict[str, Any]) -> str:
    url: str = event["request"]["url"]
    return url


def test_a_phone_shows_all_of_it(camera: Camera, server: Server, browser: Browser) -> None:
    with opened(browser, server, **PHONE) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        controls = page.locator("pet-stream .controls")
        controls.wait_for(state="hidden")  # they would cover the picture
        page.locator("pet-stream .frame").tap()
        controls.wait_for(state="visible")
        assert page.evaluate(SMALL_TARGETS, MIN_TARGET_PX) == []
        page.locator("pet-stream [data-control=quality]").tap()
        wait_until(page, IS_MEASURED)
        frame = page.locator("pet-stream .frame").bounding_box()
        panel = page.locator("pet-stream .quality").bounding_box()
        bar = controls.bounding_box()
        assert frame is not None
        assert panel is not None
        assert bar is not None
        assert frame["x"] <= panel["x"]
        assert panel["y"] + panel["height"] <= bar["y"] + 1, "the readout covers the controls"
        assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_two_fingers_zoom(camera: Camera, server: Server, browser: Browser) -> None:
    with opened(browser, server, **PHONE) as page:
        box = page.locator("pet-stream .frame").bounding_box()
        assert box is not None
        middle, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        session = page.context.new_cdp_session(page)

        def touch(kind: str, *offsets: float) -> None:
            points = [{"x": middle + offset, "y": y, "id": i} for i, offset in enumerate(offsets)]
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        touch("touchStart", -20, 20)
        for distance in (30, 40, 60):
            touch("touchMove", -distance, distance)
        touch("touchEnd")
        style = page.locator("pet-stream .stage").get_attribute("style")
        assert "scale(3" in str(style)
        page.locator("pet-stream .frame").tap()
        page.locator("pet-stream [data-control=whole]").tap()
        assert not page.locator("pet-stream .stage").get_attribute("style")


def test_japanese_is_complete(camera: Camera, server: Server, browser: Browser) -> None:
    with opened(browser, server, locale="ja-JP") as page:
        assert page.evaluate("document.documentElement.lang") == "ja"
        page.locator("pet-stream .frame").focus()
        page.keyboard.press("i")
        wait_until(page, IS_MEASURED)
        words = page.evaluate(WORDS)
        assert "ライブ" in words
        left = set(re.findall(r"[A-Za-z]{3,}", words)) - SAME_IN_ALL_LANGUAGES
        assert left <= {"pet", "stream"}


def test_other_languages_get_english(camera: Camera, server: Server, browser: Browser) -> None:
    with opened(browser, server, locale="de-DE") as page:
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.inner_text("h1") == "Pet camera"


def test_every_button_has_a_name_and_the_keyboard_reaches_it(
    camera: Camera, server: Server, page: Page
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    assert page.evaluate(NAMELESS) == []
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                """(() => {
                    const outer = document.activeElement;
                    const node = outer.shadowRoot?.activeElement ?? outer;
                    return node.dataset.control ?? node.className ?? node.tagName;
                })()"""
            )
        )
        if reached[-1] == "toggle":
            break
    assert reached == [
        "pause",
        "settings",
        "frame",
        "snapshot",
        "quality",
        "small",
        "full",
        "toggle",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    camera: Camera, server: Server, browser: Browser, scheme: str
) -> None:
    with opened(browser, server, color_scheme=scheme, reduced_motion="reduce") as page:
        page.click("[data-record]")
        page.wait_for_selector('[data-recorder-phase="recording"]')
        wait_until(page, A_SECOND_RECORDED)
        page.locator("pet-stream .frame").focus()
        page.keyboard.press("i")
        assert severe_violations(page) == []
        page.click("[data-record]")
        page.wait_for_selector("[data-recordings] .download")
        assert severe_violations(page) == []
        page.evaluate("document.querySelector('pet-stream').stop()")
        page.wait_for_selector('pet-stream[data-player-state="closed"]')
        assert severe_violations(page) == []


def test_a_screen_reader_is_told_once_that_the_camera_went(
    server: Server, camera: Camera, page: Page
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    page.wait_for_selector('[data-health="ok"]')
    page.evaluate(WATCH_SPOKEN)
    wait_for_decoded(page, inbound_video(page)["framesDecoded"] + 45)
    assert page.evaluate("globalThis.spoken") == [], "nothing has happened"
    camera.stop()
    page.wait_for_selector('pet-stream[data-player-state="camera-offline"]')
    page.wait_for_selector('[data-health="bad"]')
    page.wait_for_timeout(3_000)
    told = page.evaluate("globalThis.spoken")
    assert [words for words in told if words.startswith("No picture")] == told[-1:]
    assert len(told) <= 2, "it may have looked for the reason first"


def test_no_page_in_no_state_does_what_its_policy_forbids(
    camera: Camera, server: Server, page: Page
) -> None:
    page.add_init_script(WATCH_VIOLATIONS)
    for path in ("/pet-stream/?transport=websocket&decoder=mse", "/pet-stream/", "/"):
        answer = page.goto(server.url + path)
        assert answer is not None
        policy = answer.headers.get("content-security-policy", "")
        assert "unsafe" not in policy
        assert ("default-src 'self'" in policy) == (path != "/"), "the host's own page has none"
        page.wait_for_selector(LIVE)
        page.locator("pet-stream .frame").focus()
        for key in ("i", "s", "+", "b"):
            page.keyboard.press(key)
        if path == "/pet-stream/":
            page.click("[data-clip]")
            page.click("[data-recordings] [data-play]")
            wait_until(page, "document.querySelector('[data-playback] video')?.currentTime > 0")
            page.click("[data-recordings] .delete")
            page.wait_for_selector("[data-recordings] .undo")
        page.evaluate("document.querySelector('pet-stream').stop()")
        page.wait_for_selector('pet-stream[data-player-state="closed"]')
        assert page.evaluate("globalThis.violations") == []


def test_the_page_can_be_installed(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/pet-stream/")
    session = page.context.new_cdp_session(page)
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {error["errorId"] for error in errors} <= {"in-incognito"}, "the test's own profile"
    icon = page.evaluate("document.querySelector('link[rel=apple-touch-icon]').href")
    assert page.request.get(icon).headers["content-type"] == "image/png"
    for scheme in ("light", "dark"):
        selector = f'meta[name=theme-color][media="(prefers-color-scheme: {scheme})"]'
        background = "getComputedStyle(document.body).backgroundColor"
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        colour = str(page.locator(selector).get_attribute("content"))
        channels = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert page.evaluate(background) == f"rgb({', '.join(map(str, channels))})"


def test_the_manifest_leads_back_to_the_page(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/pet-stream/")
    url = page.evaluate("document.querySelector('link[rel=manifest]').href")
    manifest = page.request.get(url).json()
    assert "maskable" in {icon.get("purpose") for icon in manifest["icons"]}
    assert page.evaluate("([path, base]) => new URL(path, base).href", [manifest["start_url"], url])
    for shown in manifest["icons"]:
        answer = page.request.get(url.rsplit("/", 1)[0] + "/" + shown["src"])
        assert answer.ok, shown
        assert answer.headers["content-type"].startswith(shown["type"])
