"""`<pet-stream-recorder>`: it says what it knows, asks before it ends what others began, and stands
in any page."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.camera.camera import Camera

from .axe import severe_violations
from .chromium import wait_until
from .conftest import Server, running_server
from .player import A_SECOND_RECORDED, RECORDED
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

RECORDING, SILENT, WAITING, IDLE = (
    f'[data-recorder-phase="{phase}"]' for phase in ("recording", "silent", "waiting", "idle")
)
STATE, NOTE, MESSAGE, NOTICE = (
    f"pet-stream-recorder [data-record-{part}]" for part in ("state", "file", "message", "notice")
)

COUNT_TIMERS = """window.timers = 0;
for (const name of ['setTimeout', 'setInterval', 'requestAnimationFrame']) {
    const original = window[name];
    window[name] = (callback, ms, ...others) => {
        const counted = (...values) => {
            window.timers += 1;
            return callback(...values);
        };
        return original.call(window, counted, ms, ...others);
    };
}"""


def wait_for_beats(socket: WebSocket, count: int) -> None:
    for _ in range(count):
        socket.wait_for_event("framereceived", lambda frame: '"beat"' in str(frame))


def test_a_recording_knows_whether_pictures_come(
    camera: Camera, server: Server, page: Page, page_errors: list[str], screenshots: Path
) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    page.click("[data-record]")
    page.wait_for_selector(RECORDING)
    expect(page.locator(NOTE)).to_have_text(re.compile(r"Begins \d+\ss before the button"))
    wait_until(page, A_SECOND_RECORDED)
    os.kill(camera.pid, signal.SIGSTOP)
    page.wait_for_selector(SILENT)
    expect(page.locator(STATE)).to_have_text("Recording, but no pictures come")
    stands = page.evaluate(RECORDED)
    (screenshots / "silent.png").write_bytes(page.screenshot())
    assert severe_violations(page) == []
    assert page.evaluate(RECORDED) == stands
    os.kill(camera.pid, signal.SIGCONT)
    page.wait_for_selector(RECORDING)
    page.click("[data-record]")
    expect(page.locator(MESSAGE)).to_contain_text(
        re.compile(r"^Recording saved: .+ [2-9]\d*\ss are missing: no pictures came\.$")
    )
    (screenshots / "saved.png").write_bytes(page.screenshot())
    page_errors.clear()  # axe looks for styles where there are none


def test_started_with_a_dead_camera_it_waits(camera: Camera, server: Server, page: Page) -> None:
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    os.kill(camera.pid, signal.SIGSTOP)
    page.wait_for_selector('[data-health="bad"]')
    page.click("[data-record]")
    page.wait_for_selector(WAITING)
    expect(page.locator(STATE)).to_have_text("Waiting for the camera")
    os.kill(camera.pid, signal.SIGCONT)
    page.wait_for_selector(RECORDING)


def test_what_somebody_else_began_is_ended_after_a_question(
    camera: Camera, server: Server, page: Page, page_errors: list[str], screenshots: Path
) -> None:
    assert page.request.post(f"{server.url}/api/recording/start").ok
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(RECORDING)
    question = page.locator("pet-stream-recorder .question")
    for answer in ("Escape", "Enter"):  # the second is that of the button that has the focus
        page.click("[data-record]")
        expect(question).to_contain_text("Started on another page or device. End it?")
        if answer == "Escape":
            (screenshots / "question.png").write_bytes(page.screenshot())
            assert severe_violations(page) == []
        page.keyboard.press(answer)
        expect(question).to_be_hidden()
        page.wait_for_selector(RECORDING)
    page.click("[data-record]")
    page.click("pet-stream-recorder .end")
    page.wait_for_selector(IDLE)
    expect(page.locator(MESSAGE)).to_contain_text("Recording saved: ")
    page_errors.clear()  # axe looks for styles where there are none


def test_a_server_that_was_killed_says_what_became_of_the_recording(
    camera: Camera, segment_name: str, tmp_path: Path, page: Page, page_errors: list[str]
) -> None:
    with running_server(segment_name, tmp_path) as server:
        page.goto(f"{server.url}/pet-stream/")
        page.wait_for_selector(LIVE)
        page.click("[data-record]")
        page.wait_for_selector(RECORDING)
        wait_until(page, A_SECOND_RECORDED)
        server.process.stop(signal.SIGKILL)
        page.wait_for_selector('[data-recorder-phase="unknown"]')
        expect(page.locator(NOTE)).to_contain_text("it was recording")
    with running_server(segment_name, tmp_path, port=urlsplit(server.url).port or 0):
        notice = page.locator(NOTICE)
        expect(notice).to_contain_text("The server broke off", timeout=20_000)
        expect(notice).to_contain_text("_recovered")
        page.click("pet-stream-recorder .close")
        expect(notice).to_be_hidden()
        page.reload()
        page.wait_for_selector(IDLE)
        expect(notice).to_be_hidden()
        page.goto("about:blank")
    page_errors.clear()


def test_alone_in_a_page_it_works_and_does_nothing_while_nothing_happens(
    camera: Camera, server: Server, page: Page
) -> None:
    page.add_init_script(COUNT_TIMERS)
    page.goto(server.url)
    with page.expect_websocket() as opened:
        page.evaluate(
            """async () => {
                await import('/pet-stream/static/js/recorder.js');
                document.body.innerHTML = '<pet-stream-recorder clip="10"></pet-stream-recorder>';
            }"""
        )
    page.wait_for_selector(IDLE)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.evaluate("document.body.append(document.querySelector('pet-stream-recorder'))")
    wait_for_beats(opened.value, 3)  # a new page tells the time by some pings
    page.evaluate("window.timers = 0")
    wait_for_beats(opened.value, 2)
    assert page.evaluate("window.timers") == 0
    page.click("[data-clip]")
    expect(page.locator(MESSAGE)).to_contain_text("Recording saved: ")
    with page.expect_event("console", lambda message: message.text == "recording"):
        page.evaluate(
            """addEventListener('pet-stream:recorder', ({ detail }) => console.log(detail.phase));
            document.querySelector('pet-stream-recorder').toggle()"""
        )
    page.evaluate("document.querySelector('pet-stream-recorder').toggle()")
    page.wait_for_selector(IDLE)
    assert sockets == []
    with opened.value.expect_event("close"):
        page.evaluate("document.querySelector('pet-stream-recorder').remove()")
