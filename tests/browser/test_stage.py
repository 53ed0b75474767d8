"""The stage: a recording in the big frame, played, cut, shared; the whole screen; its size."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.camera.camera import Camera

from .axe import severe_violations
from .chromium import wait_until
from .conftest import Server
from .test_live_view import LIVE
from .test_recordings import film_units, write_mp4

pytestmark = pytest.mark.browser

PLAYING = '[data-stage="playing"] [data-playback="playing"]'
PAUSED = '[data-stage="playing"] [data-playback="paused"]'
TO_LIVE = ".screen > [data-to-live]"
TIME = "document.querySelector('[data-playback] video').currentTime"
WATCH = """
    globalThis.told = [];
    globalThis.spoken = [];
    document.addEventListener("pet-stream:playback", ({ detail }) => globalThis.told.push(detail));
    document.addEventListener("pet-stream:saved", ({ detail }) => globalThis.told.push(detail));
"""
SHARE = """
    globalThis.shared = [];
    navigator.canShare = ({ files }) => Boolean(files?.length);
    navigator.share = async ({ files, title }) => {
        globalThis.shared.push([title, files[0].type, files[0].size]);
    };
"""
"""Of a phone: no browser on a desk shares files."""
NAMES = [f"recording_20260102_03040{number}.mp4" for number in (1, 2, 3)]
FRAME_S = 1 / 30


@pytest.fixture
def recordings(server: Server) -> list[str]:
    """Three of six seconds, oldest first."""
    units = film_units(320, 180, 6)
    for name in NAMES:
        write_mp4(server.recordings / name, units)
    return NAMES


def play(page: Page, name: str) -> None:
    page.click(f'[data-recording="{name}"] [data-play]')
    page.wait_for_selector(PLAYING)


def name_in_address(page: Page) -> str:
    return str(page.evaluate("new URLSearchParams(location.hash.slice(1)).get('recording')"))


def wait_for_time(page: Page, seconds: float, within: float = 0.02) -> None:
    wait_until(page, f"Math.abs({TIME} - {seconds}) < {within}")


def test_a_recording_plays_in_the_big_frame_by_keys(
    camera: Camera, server: Server, recordings: list[str], page: Page
) -> None:
    _, middle, newest = recordings
    page.add_init_script(WATCH)
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    big = page.locator("pet-stream").bounding_box()
    play(page, middle)
    small, shown = (page.locator(s).bounding_box() for s in ("pet-stream", "[data-playback]"))
    assert big is not None
    assert small is not None
    assert shown is not None
    assert shown["width"] == pytest.approx(big["width"], abs=1)
    assert small["width"] < 0.25 * big["width"]
    page.wait_for_selector('pet-stream[data-player-state="paused"]')

    # the focus is there: keys work at once
    page.keyboard.press("k")
    page.wait_for_selector(PAUSED)
    page.keyboard.press("5")
    wait_for_time(page, 3.0)
    page.keyboard.press("ArrowLeft")
    wait_for_time(page, 0.0)
    page.keyboard.press("5")
    wait_for_time(page, 3.0)
    page.keyboard.press(",")
    wait_until(page, f"{TIME} < 2.9995")
    before = page.evaluate(TIME)
    page.keyboard.press(".")
    wait_until(page, f"{TIME} > {before}")
    page.wait_for_timeout(200)
    assert page.evaluate(TIME) - before < 2.5 * FRAME_S, "a single picture"
    page.keyboard.press(">")
    assert page.locator(".speed").input_value() == "2"
    page.keyboard.press("<")
    page.keyboard.press("Home")
    wait_for_time(page, 0.0)

    # next, previous, the address, the page's own events
    page.keyboard.press("n")
    wait_until(page, f"location.hash.includes('{newest}')")
    page.keyboard.press("p")
    wait_until(page, f"location.hash.includes('{middle}')")
    page.wait_for_selector(PLAYING)
    told = page.evaluate("globalThis.told")
    assert {event["name"] for event in told} == {middle, newest}
    assert {"playing", "paused"} <= {event["state"] for event in told}
    last = told[-1]
    assert last["epoch_s"] == pytest.approx(last["started_at"] + last["time_s"])

    # the browser's way back leads to the live picture
    page.go_back()
    page.wait_for_selector(LIVE)
    page.wait_for_selector('[data-stage="live"]')
    assert page.evaluate("location.hash") == ""
    assert page.evaluate("globalThis.told.at(-1).name") is None
    page.go_forward()
    page.wait_for_selector(PLAYING)
    page.keyboard.press("Escape")
    page.wait_for_selector('[data-stage="live"]')


def test_a_link_leads_to_a_time_in_a_recording_and_the_end_to_the_next(
    server: Server, recordings: list[str], page: Page
) -> None:
    oldest, middle, _ = recordings
    page.goto(f"{server.url}/pet-stream/#recording={oldest}&t=4")
    page.wait_for_selector(PLAYING)
    wait_until(page, f"{TIME} > 4.2")  # it goes on from there
    page.reload()
    page.wait_for_selector(PLAYING)
    assert name_in_address(page) == oldest
    page.keyboard.press("End")
    wait_until(page, f"location.hash.includes('{middle}')")
    page.wait_for_selector('[data-action="playOn"]', state="attached")
    page.hover("[data-playback]")
    page.click('[data-action="playOn"]')
    page.keyboard.press("End")
    page.wait_for_selector('[data-playback="ended"]')
    assert name_in_address(page) == middle
    page.click(TO_LIVE)
    page.wait_for_selector('[data-stage="live"]')
    assert page.evaluate("location.hash") == ""


def test_what_can_not_be_played_says_so_and_offers_the_file(
    server: Server, page: Page, page_errors: list[str]
) -> None:
    server.recordings.mkdir(exist_ok=True)
    (server.recordings / "raw.h264").write_bytes(film_units(320, 180, 1)[0].to_annex_b())
    (server.recordings / "broken.mp4").write_bytes(b"no movie" * 1000)
    for name, reason, has_file in (
        ("raw.h264", "raw", True),
        ("broken.mp4", "format", True),
        ("absent.mp4", "gone", False),
    ):
        page.goto("about:blank")
        page.goto(f"{server.url}/pet-stream/#recording={name}")
        page.wait_for_selector(f'[data-playback="failed"] .message[data-reason="{reason}"]')
        link = page.query_selector(".message a[download]")
        assert (link is not None) == has_file
        page.keyboard.press("Escape")
        page.wait_for_selector('[data-stage="live"]')
    page_errors.clear()  # of the file that is not there


def test_a_part_is_cut_saved_and_shared(
    server: Server, recordings: list[str], page: Page, tmp_path: Path
) -> None:
    page.add_init_script(WATCH)
    page.add_init_script(SHARE)
    page.goto(f"{server.url}/pet-stream/")
    play(page, recordings[1])
    page.keyboard.press("k")
    page.keyboard.press("5")
    wait_for_time(page, 3.0)
    page.keyboard.press("x")
    info = page.locator(".cut .info")
    page.wait_for_selector(".cut:not([hidden])")
    wait_until(page, "/B$/.test(document.querySelector('.cut .info').textContent)")
    page.keyboard.press("Home")  # the handle of the beginning has the focus
    wait_until(
        page, "document.querySelector('.cut .info').textContent.startsWith('0:00.0 – 0:06.0')"
    )

    # a handle follows the pointer, and goes to where the video can be cut: each half second
    handle = page.locator(".handle.to").bounding_box()
    track = page.locator(".bar .track").bounding_box()
    assert handle is not None
    assert track is not None
    y = handle["y"] + handle["height"] / 2
    page.mouse.move(handle["x"] + handle["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] * 2.2 / 6, y, steps=4)
    page.mouse.up()
    wait_until(
        page, "document.querySelector('.cut .info').textContent.startsWith('0:00.0 – 0:02.5')"
    )
    assert "2.5\u00a0s" in info.inner_text()

    page.click(".cut [data-label='cut.save']")
    wait_until(page, "globalThis.told.some(({ time_s }) => time_s === undefined)")
    [saved] = {path.name for path in server.recordings.glob("*.mp4")} - {*recordings}
    assert page.evaluate("globalThis.told.find((it) => it.time_s === undefined).name") == saved
    assert saved in page.inner_text(".cut .news")
    page.wait_for_selector(f'[data-recording="{saved}"]')

    page.click(".cut [data-label='cut.share']")
    wait_until(page, "globalThis.shared.length === 1")
    title, kind, size = page.evaluate("globalThis.shared[0]")
    assert (kind, title) == ("video/mp4", recordings[1].replace(".mp4", "_0-2.mp4"))
    with page.expect_download() as download:
        page.click(".cut [data-label='cut.download']")
    download.value.save_as(tmp_path / "part.mp4")
    assert (tmp_path / "part.mp4").stat().st_size == size
    page.keyboard.press("Escape")
    page.wait_for_selector(".cut", state="hidden")
    page.wait_for_selector(PAUSED)


def test_without_file_sharing_there_is_a_link(
    server: Server, recordings: list[str], page: Page, page_errors: list[str]
) -> None:
    page.add_init_script("navigator.share = undefined; navigator.canShare = undefined")
    page.goto(f"{server.url}/pet-stream/")
    play(page, recordings[0])
    page.keyboard.press("x")
    page.wait_for_selector(".cut:not([hidden])")
    page.click(".cut [data-label='cut.share']")
    page.wait_for_selector(".cut .link input")
    address = page.locator(".cut .link input").input_value()
    assert address.startswith(server.url)
    assert recordings[0] in address
    page_errors.clear()  # nobody signs in here, so nobody makes links that carry a right


def test_the_whole_screen_records_and_saves_by_keys_beside_a_recording_too(
    camera: Camera, server: Server, recordings: list[str], page: Page
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    page.focus("pet-stream .frame")
    page.keyboard.press("f")
    wait_until(page, "document.fullscreenElement === document.querySelector('main')")
    page.wait_for_selector("pet-stream-recorder[compact]")
    page.keyboard.press("r")
    page.wait_for_selector('pet-stream-recorder[data-recorder-phase="recording"]')
    assert "REC" in page.evaluate(
        "getComputedStyle(document.querySelector('pet-stream-recorder').shadowRoot"
        ".querySelector('.time'), '::before').content"
    )
    page.evaluate(
        "(name) => document.dispatchEvent(new CustomEvent('pet-stream:play',"
        " { detail: { name, at_s: 1 }, cancelable: true }))",
        recordings[0],
    )
    page.wait_for_selector(PLAYING)
    page.keyboard.press("c")
    page.keyboard.press("r")
    page.wait_for_selector('pet-stream-recorder[data-recorder-phase="idle"]')
    made = {path.name for path in server.recordings.glob("*.mp4")} - {*recordings}
    assert len(made) == 2, "a clip, and a recording"
    page.keyboard.press("f")
    wait_until(page, "document.fullscreenElement === null")
    page.wait_for_selector("pet-stream-recorder:not([compact])")
    page.wait_for_selector(PLAYING)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_a_recording(
    server: Server, recordings: list[str], browser: Browser, scheme: str
) -> None:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce"
    )
    try:
        page = context.new_page()
        page.goto(f"{server.url}/pet-stream/#recording={recordings[0]}")
        page.wait_for_selector(PLAYING)
        page.keyboard.press("k")
        page.wait_for_selector(PAUSED)
        assert severe_violations(page) == []
        page.keyboard.press("x")
        page.wait_for_selector(".cut:not([hidden])")
        assert severe_violations(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        page.wait_for_selector("dialog.keys")
        assert severe_violations(page) == []
    finally:
        context.close()


MEASURE = """() => {
    const screen = document.querySelector(".screen").getBoundingClientRect();
    const frame = document.querySelector("pet-stream").shadowRoot.querySelector(".frame");
    const picture = frame.getBoundingClientRect();
    const visible = Math.min(screen.bottom, innerHeight) - Math.max(screen.top, 0);
    return {
        share: visible / innerHeight,
        width: screen.width,
        bars: Math.max(screen.width - picture.width, screen.height - picture.height),
        overflow: document.documentElement.scrollWidth - innerWidth,
        round: [document.querySelector(".screen"), frame]
            .filter((node) => getComputedStyle(node).borderRadius !== "0px").length,
        record: document.querySelector("[data-record-panel]").getBoundingClientRect().bottom,
    };
}"""
SIZES: dict[tuple[int, int], float] = {
    (320, 640): 0.25,
    (390, 844): 0.25,
    (640, 360): 0.8,
    (844, 390): 0.8,
    (720, 450): 0.8,
    (320, 256): 0.6,
    (768, 1024): 0.4,
    (1024, 768): 0.7,
    (1280, 720): 0.6,
    (1280, 800): 0.6,
    (1920, 1080): 0.75,
    (2560, 1440): 0.8,
}
"""The window, and how much of its height the picture has at least."""


def test_the_picture_has_as_much_of_the_window_as_there_is(
    camera: Camera, server: Server, browser: Browser
) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(f"{server.url}/pet-stream/")
        page.wait_for_selector(LIVE)
        for (width, height), least in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            wait_until(page, f"innerWidth === {width}")
            page.evaluate("scrollTo(0, 0)")
            measured = page.evaluate(MEASURE)
            where = f"{width} x {height}: {measured}"
            assert measured["share"] >= least, where
            assert measured["bars"] <= 1, where
            assert measured["overflow"] <= 0, where
            assert measured["round"] <= 1, where
            assert measured["record"] <= height, f"the recorder is in sight: {where}"
        assert measured["width"] > 2000, "the width is used"
    finally:
        context.close()
