"""The strip of the day: by mouse, wheel, fingers and keys; its calendar; what it plays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .axe import severe_violations
from .bidi import BidiSession
from .chromium import wait_until
from .conftest import Server
from .test_recordings import film_units, write_mp4

pytestmark = pytest.mark.browser

SLIDER = "[data-day-strip] .slider"
STRIP = "document.querySelector('[data-day-strip]')"
SAYS = f"document.querySelector('{SLIDER}').getAttribute('aria-valuetext')"
LABELS = "[...document.querySelectorAll('.scale span')].map((label) => label.textContent)"
LABEL_COUNT = f"{LABELS}.length"
DRAWN = "document.querySelector('.drawing .recorded').getAttribute('d').split('M').length - 1"
PLAYED = "globalThis.played"
WATCH = """document.addEventListener("pet-stream:play", ({ detail }) => {
    globalThis.played = detail;
});
new MutationObserver((_, observer) => {
    const date = document.querySelector("[data-day-strip] .date");
    if (!date) return;
    globalThis.firstDate = date.textContent;
    observer.disconnect();
}).observe(document, { subtree: true, childList: true });"""
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
HOURS = (1, 12, 13)


def day_ago(days: int = 1) -> time.struct_time:
    noon = time.localtime(time.time() - 86_400 * days)
    return time.localtime(time.mktime((*noon[:3], 12, 0, 0, 0, 0, -1)))


def name_at(day: time.struct_time, hour: int) -> str:
    return f"recording_{time.strftime('%Y%m%d', day)}_{hour:02}0000.mp4"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film" / "film.mp4"
    write_mp4(path, film_units(320, 180, 6))
    return path


@pytest.fixture
def yesterday(server: Server, film: Path) -> list[str]:
    """The names of yesterday's recordings, at 1:00, 12:00 (kept) and 13:00; 6 s each."""
    server.recordings.mkdir(exist_ok=True)
    names = [name_at(day_ago(), hour) for hour in HOURS]
    for name in names:
        os.link(film, server.recordings / name)
    (server.recordings / f"{names[1]}.star").touch()
    return names


def open_yesterday(page: Page, server: Server) -> None:
    page.add_init_script(WATCH)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector('[data-day-strip="empty"]')
    page.click("[data-day-strip] .previous-day")
    page.wait_for_selector('[data-day-strip="ready"]')
    wait_until(page, f"{DRAWN} === {len(HOURS)}")
    assert page.evaluate("globalThis.firstDate"), "it says the day as soon as it is there"


def place(page: Page, part: float) -> tuple[float, float]:
    """Where a part of what is in view is on the strip."""
    box = page.locator(SLIDER).bounding_box()
    assert box is not None
    return box["x"] + part * box["width"], box["y"] + 24


def test_a_day_is_looked_at_and_played_by_mouse(
    server: Server, page: Page, yesterday: list[str], screenshots: Path
) -> None:
    open_yesterday(page, server)
    noon = place(page, 0.5)
    page.mouse.move(*noon)
    wait_until(page, f"/12:00:0\\d.*kept/.test({STRIP}.querySelector('.bubble').innerText)")
    (screenshots / "bubble.png").write_bytes(page.screenshot())

    # closer by the wheel, in the place that is pointed at, until a minute fills the strip
    labels = page.evaluate(LABELS)
    assert labels[0] == "0:00"
    for _ in range(30):
        page.mouse.wheel(0, -200)
    wait_until(page, f"{LABELS}.some((label) => label === '12:00:00')")
    assert page.is_disabled("[data-day-strip] .closer")
    preview = f"{STRIP}.querySelector('.bubble video')"
    wait_until(page, f"{preview}.videoWidth === 320")

    # dragging moves, and plays nothing
    before = page.evaluate(LABELS)
    page.mouse.down()
    page.mouse.move(noon[0] - 300, noon[1], steps=4)
    page.mouse.up()
    wait_until(page, f"{LABELS}[0] !== {before[0]!r}")
    assert page.evaluate(PLAYED) is None

    # all of it again; a tap in a hole plays what comes next, one in a recording from there
    for _ in range(30):
        page.mouse.wheel(0, 200)
    wait_until(page, f"{LABELS}[0] === '0:00'")
    page.mouse.click(*place(page, 0.25))
    wait_until(page, f"{PLAYED}?.name === {yesterday[1]!r}")
    assert page.evaluate(f"{PLAYED}.at_s") == 0
    wait_until(page, "document.querySelector('[data-playback] video')?.currentTime > 0.2")
    page.mouse.click(*place(page, 0.99))  # nothing came after that
    wait_until(page, f"{STRIP}.querySelector('.date').textContent === 'Today'")


def test_a_day_is_looked_at_and_played_by_keys(
    server: Server, page: Page, yesterday: list[str]
) -> None:
    open_yesterday(page, server)
    page.focus(SLIDER)
    steps = [
        ("Home", "0:00:00, nothing recorded"),
        ("Shift+ArrowRight", "1:00:00, recorded"),
        ("ArrowRight", "1:30:00, nothing recorded"),
        ("ArrowLeft", "1:00:00, recorded"),
        ("Shift+ArrowRight", "12:00:00, recorded, kept"),
    ]
    for key, says in steps:
        page.keyboard.press(key)
        wait_until(page, f"{SAYS} === {says!r}")
    for _ in range(12):
        page.keyboard.press("+")
    wait_until(page, f"{LABELS}.includes('12:00:00')")
    page.keyboard.press("ArrowRight")
    wait_until(page, f"{SAYS} === '12:00:02, recorded, kept'")
    page.keyboard.press("Enter")
    wait_until(page, f"{PLAYED}?.name === {yesterday[1]!r}")
    assert page.evaluate(f"{PLAYED}.at_s") == pytest.approx(2, abs=0.01)
    wait_until(page, "document.querySelector('[data-playback] video')?.currentTime > 0.2")
    page.focus(SLIDER)
    page.keyboard.press("0")
    wait_until(page, f"{LABELS}[0] === '0:00'")
    page.keyboard.press("PageUp")
    page.wait_for_selector('[data-day-strip="empty"]')
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    wait_until(page, f"{STRIP}.querySelector('.date').textContent === 'Today'")
    page.keyboard.press("PageDown")  # there is no tomorrow yet
    page.keyboard.press("End")
    wait_until(page, f"/live$/.test({SAYS})")
    page.evaluate("""document.addEventListener("pet-stream:to-live", () => globalThis.live = 1)""")
    page.keyboard.press("Enter")
    wait_until(page, "globalThis.live === 1")


def test_a_day_is_looked_at_by_fingers(
    server: Server, browser: Browser, yesterday: list[str]
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, locale="en-GB"
    )
    page = context.new_page()
    open_yesterday(page, server)
    page.locator(SLIDER).evaluate("slider => slider.scrollIntoView({ block: 'center' })")
    cdp = context.new_cdp_session(page)

    def touch(kind: str, *parts: float) -> None:
        points = [{"x": x, "y": y} for x, y in (place(page, part) for part in parts)]
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def swipe(*moves: tuple[float, ...]) -> None:
        touch("touchStart", *moves[0])
        for parts in moves[1:]:
            touch("touchMove", *parts)
        touch("touchEnd")

    labels = page.evaluate(LABELS)
    swipe((0.45, 0.55), (0.3, 0.7), (0.1, 0.9))  # what is between them is eight times as wide
    wait_until(page, f"{LABELS}[0] !== {labels[0]!r} && {LABELS}.includes('12:00')")
    assert page.evaluate(PLAYED) is None
    closer = page.evaluate(LABELS)
    swipe((0.3,), (0.5,), (0.9,))
    wait_until(page, f"JSON.stringify({LABELS}) !== {str(closer)!r}")
    assert page.evaluate(PLAYED) is None
    swipe((0.1, 0.9), (0.45, 0.55))
    wait_until(page, f"{LABELS}[0] === {labels[0]!r}")
    x, y = place(page, 13 / 24 + 0.005)  # a little beside it
    page.touchscreen.tap(x, y)
    wait_until(page, f"{PLAYED}?.name === {yesterday[2]!r}")
    context.close()


def test_a_day_is_chosen_in_the_calendar(
    server: Server, page: Page, yesterday: list[str], film: Path, screenshots: Path
) -> None:
    os.link(film, server.recordings / name_at(day_ago(40), 9))
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector('[data-day-strip="empty"]')
    page.click("[data-day-strip] .date")
    page.wait_for_selector(".calendar:popover-open")
    (screenshots / "calendar.png").write_bytes(page.screenshot())
    focused = "document.activeElement.dataset.day"
    today = time.strftime("%Y-%m-%d", day_ago(0))
    assert page.evaluate(focused) == today
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused) == time.strftime("%Y-%m-%d", day_ago())
    label = page.evaluate("document.activeElement.ariaLabel")
    assert label.endswith("3 recordings, 1 kept"), label
    page.keyboard.press("Escape")
    page.wait_for_selector(".calendar", state="hidden")
    assert page.evaluate("document.activeElement.className") == "date"

    page.keyboard.press("Enter")
    wait_until(page, f"{focused} === {today!r}")
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")  # a day without recordings is none to go to
    page.keyboard.press("Enter")
    assert page.is_visible(".calendar")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-day-strip="ready"]')
    wait_until(page, f"{DRAWN} === 1")


def test_the_day_is_a_list_too(server: Server, page: Page, yesterday: list[str]) -> None:
    open_yesterday(page, server)
    page.focus(".day-list summary")
    assert page.inner_text(".day-list summary") == "3 recordings as a list"
    page.keyboard.press("Enter")
    page.wait_for_selector(".day-list li")
    said = page.eval_on_selector_all(".day-list li", "all => all.map((item) => item.innerText)")
    assert said == ["1:00:00 · 6 s", "12:00:00 · 6 s · recorded, kept", "13:00:00 · 6 s"]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_until(page, "document.querySelector('[data-playback] video')?.currentTime > 0.2")


def test_it_is_accessible_at_every_width_in_forced_colours(
    server: Server, browser: Browser, yesterday: list[str], screenshots: Path
) -> None:
    context = browser.new_context(forced_colors="active", locale="en-GB")
    page = context.new_page()
    open_yesterday(page, server)
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 700})
        wait_until(page, f"innerWidth === {width} && {OVERFLOW} <= 0")
        assert severe_violations(page) == []
        page.locator(SLIDER).scroll_into_view_if_needed()
        (screenshots / f"forced-{width}.png").write_bytes(page.screenshot())
    page.click("[data-day-strip] .date")
    page.wait_for_selector(".calendar:popover-open")
    assert severe_violations(page) == []
    context.close()


def test_firefox_shows_a_day_and_plays_from_it(
    server: Server, firefox_session: BidiSession, yesterday: list[str]
) -> None:
    session = firefox_session
    session.goto(f"{server.url}/pet-stream/")
    session.wait_until(f"{STRIP}.dataset.dayStrip === 'empty'")
    session.evaluate(f"void (() => {{ {WATCH} }})()")
    session.click("[data-day-strip] .previous-day")
    session.wait_until(f"{STRIP}.dataset.dayStrip === 'ready' && {DRAWN} === {len(HOURS)}")
    session.click("[data-day-strip] .date")
    session.wait_until("document.querySelector('.calendar').matches(':popover-open')")
    session.click(".calendar [aria-pressed]")
    session.wait_until("!document.querySelector('.calendar').matches(':popover-open')")
    session.click(SLIDER)
    session.wait_until(f"{PLAYED}?.name === {yesterday[1]!r}")
    assert session.javascript_errors() == []
