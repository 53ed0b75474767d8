"""Boxes in step with the picture: the demo's pictures show their number, and its film says where
cat and ball are in each of them."""

from __future__ import annotations

import json
import math
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pet_stream.demo.film import RATE_FPS, Film, load_film
from tests.waiting import TIMEOUT_S
from tools.film.block_code import HEIGHT, WIDTH, decode_block_code
from tools.film.scene import CODE_X, CODE_Y

from .bidi import BidiSession
from .chromium import wait_until
from .conftest import SCREENSHOTS
from .player import PLAYER, STATE
from .processes import Process
from .test_demo import start_demo

pytestmark = pytest.mark.browser

MAX_MISMATCH = 1.0
"""Pictures, at the 95th percentile."""
STILL_PX = 4.0
"""What moves less in a picture is not moving: the detector's boxes are whole pixels."""
ROUNDING_PX = 1.0
"""Of a box's place and size, both."""
SAMPLE_S = 3
ATTEMPTS = 3
"""A busy machine may be late, but not every time."""
WAYS = ["", "?transport=websocket", "?transport=websocket&decoder=mse"]

HAS_BOXES = f"{PLAYER}?.boxes.length > 0"
SAMPLE = f"""new Promise((resolve) => {{
    const player = document.querySelector('pet-stream');
    const drawn = player.shadowRoot.querySelector('canvas.picture');
    const surface = drawn.hidden ? player.video : drawn;
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [{WIDTH}, {HEIGHT}];
    const context = canvas.getContext('2d', {{ willReadFrequently: true }});
    const samples = [];
    const look = () => {{
        context.drawImage(surface, {CODE_X}, {CODE_Y}, {WIDTH}, {HEIGHT}, 0, 0, {WIDTH}, {HEIGHT});
        const {{ data }} = context.getImageData(0, 0, {WIDTH}, {HEIGHT});
        const code = [];
        for (let i = 1; i < data.length; i += 4) code.push(data[i]);
        const rows = [];
        for (const y of [8, 24]) {{
            rows.push(Array.from({{ length: 16 }}, (_, i) => code[y * {WIDTH} + i * 16 + 8]));
        }}
        const boxes = player.boxes.map((box) => [
            box.name, box.x + box.width / 2, box.y + box.height / 2,
        ]);
        samples.push([rows, boxes]);
        next();
    }};
    const next = () => drawn.hidden
        ? player.video.requestVideoFrameCallback(look)
        : requestAnimationFrame(look);
    next();
    setTimeout(() => resolve(samples), {SAMPLE_S * 1000});
}})"""

SILENCEABLE = """
    globalThis.WebSocket = class extends WebSocket {
        set onmessage(handler) {
            super.onmessage = (event) =>
                globalThis.isSilent && /"type":"detections"/.test(event.data) || handler(event);
        }
    };
"""
WITHOUT_TIMESTAMPS = """
    const original = HTMLVideoElement.prototype.requestVideoFrameCallback;
    HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
        return original.call(this, (now, { rtpTimestamp, ...frame }) => callback(now, frame));
    };
"""
HOLD_MS = 500


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process: Process = start_demo(tmp_path_factory.mktemp("demo"))
    try:
        yield process.wait_for_line(r"(http://\S+)", TIMEOUT_S)[1]
    finally:
        process.stop(signal.SIGINT)


@pytest.fixture(scope="module")
def pictures() -> Film:
    return load_film()


@pytest.mark.parametrize("way", WAYS)
def test_chromium_draws_each_box_where_its_thing_is(
    demo: str, browser: Browser, pictures: Film, way: str
) -> None:
    page = browser.new_page()
    page.goto(f"{demo.rstrip('/')}/pet-stream/{way}")
    wait_until(page, HAS_BOXES)
    assert_in_step(lambda: page.evaluate(SAMPLE), pictures, f"chromium {way}")
    page.close()


@pytest.mark.parametrize("way", WAYS[1:])
def test_firefox_draws_each_box_where_its_thing_is(
    demo: str, pictures: Film, firefox_session: BidiSession, way: str
) -> None:
    session = firefox_session
    session.goto(f"{demo.rstrip('/')}/pet-stream/{way}")
    session.wait_until(HAS_BOXES)
    assert_in_step(lambda: session.evaluate(SAMPLE), pictures, f"firefox {way}")


@pytest.mark.parametrize("way", [*WAYS, "no timestamps"])
def test_boxes_go_half_a_second_after_the_detector_fell_silent(
    demo: str, browser: Browser, way: str
) -> None:
    page = browser.new_page()
    page.add_init_script(SILENCEABLE)
    if way == "no timestamps":  # as in Firefox
        page.add_init_script(WITHOUT_TIMESTAMPS)
    page.goto(f"{demo.rstrip('/')}/pet-stream/{way if way in WAYS else ''}")
    held_ms = [silence_detector(page)]
    while not HOLD_MS / 2 < held_ms[-1] < 4 * HOLD_MS:
        assert len(held_ms) < ATTEMPTS, held_ms
        held_ms.append(silence_detector(page))
    page.close()


def silence_detector(page: Page) -> float:
    """For how long the boxes stay, in milliseconds; in the end the detector speaks again."""
    wait_until(page, HAS_BOXES)
    held_ms: float = page.evaluate(
        f"""new Promise((resolve) => {{
            globalThis.isSilent = true;
            const since = performance.now();
            const look = () => {HAS_BOXES} && performance.now() - since < 10_000
                ? setTimeout(look, 5) : resolve(performance.now() - since);
            look();
        }})"""
    )
    assert page.evaluate(STATE) == "live"
    page.evaluate("globalThis.isSilent = false")
    return held_ms


def test_boxes_can_be_switched_off_and_stay_so(demo: str, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    for is_first in (True, False):
        with page.expect_websocket() as opened:
            page.goto(f"{demo.rstrip('/')}/pet-stream/")
            wait_until(page, f"{STATE} === 'live'")
        if is_first:
            wait_until(page, HAS_BOXES)
            page.locator("pet-stream .frame").focus()
            page.keyboard.press("b")
        wait_until(page, f"!({HAS_BOXES})")
        opened.value.wait_for_event("framereceived", lambda frame: '"beat"' in str(frame))
        assert page.evaluate(f"{PLAYER}.boxes.length") == 0
    context.close()


KEEP_SEEN = """window.seen = [];
document.addEventListener("pet-stream:detections", ({ detail }) => seen.push(detail));"""
NEWEST_SEEN = """(({ boxes, at, width }) => [boxes[0].name, (Date.now() - at) / 1000, width])(
    seen.findLast(({ boxes }) => boxes.length))"""


def test_boxes_go_away_with_the_picture(demo: str, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(f"{demo.rstrip('/')}/pet-stream/")
    page.evaluate(KEEP_SEEN)
    wait_until(page, HAS_BOXES)
    wait_until(page, "seen.some(({ boxes }) => boxes.length)")
    [name, age_s, width] = page.evaluate(NEWEST_SEEN)
    assert name == "cat"
    assert -1 < age_s < TIMEOUT_S
    assert width == 1280
    page.evaluate(f"{PLAYER}.stop()")
    assert page.evaluate(f"{PLAYER}.boxes.length") == 0
    page.close()


def assert_in_step(sample: Callable[[], list[Any]], pictures: Film, name: str) -> None:
    """At one of the attempts."""
    reports = []
    for _ in range(ATTEMPTS):
        is_in_step, report = look(sample(), pictures, name)
        if is_in_step:
            return
        reports.append(report)
    pytest.fail(f"{reports}")


def look(samples: list[Any], pictures: Film, name: str) -> tuple[bool, dict[str, Any]]:
    mismatches: dict[str, list[float]] = defaultdict(list)
    shown = set()
    without_boxes = 0
    for rows, boxes in samples:
        number = number_in(rows)
        if number is None:
            continue
        shown.add(number)
        without_boxes += not boxes
        for class_name, x, y in boxes:
            mismatches[class_name].append(mismatch(pictures, number, class_name, (x, y)))
    at_95 = {key: round(percentile_95(values), 2) for key, values in mismatches.items()}
    report = {"way": name, "pictures": len(shown), "mismatch_p95_pictures": at_95}
    SCREENSHOTS.mkdir(exist_ok=True)
    with (SCREENSHOTS / "overlay.jsonl").open("a") as file:
        file.write(json.dumps(report) + "\n")
    is_in_step = (
        len(shown) > SAMPLE_S * RATE_FPS / 2
        and without_boxes < len(samples) / 50
        and set(at_95) == {"cat", "sports ball"}
        and max(at_95.values()) <= MAX_MISMATCH
    )
    return is_in_step, report


def number_in(rows: list[list[int]]) -> int | None:
    """By the code of the demo: one sample for each block, spread out to a block of four."""
    upper, lower = ([value for value in row for _ in range(4)] for row in rows)
    return decode_block_code([upper] * 4 + [lower] * 4, block=4)


def mismatch(pictures: Film, number: int, class_name: str, place: tuple[float, float]) -> float:
    """How far off a box is, in steps of its thing from picture to picture."""
    before, here, after = (centre(pictures, number + i, class_name) for i in (-1, 0, 1))
    step = max(STILL_PX, math.dist(before, here), math.dist(here, after))
    return max(0.0, math.dist(here, place) - ROUNDING_PX) / step


def centre(pictures: Film, number: int, class_name: str) -> tuple[float, float]:
    found = pictures[number % len(pictures)].detections
    box = next(box for box in found if box.class_name == class_name)
    return box.x + box.width / 2, box.y + box.height / 2


def percentile_95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
