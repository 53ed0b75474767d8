"""Owners change settings on the page, and the page its language, without a reload."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.camera.camera import Camera

from .axe import severe_violations
from .chromium import wait_until
from .conftest import Server
from .test_live_view import LIVE
from .test_page import SAME_IN_ALL_LANGUAGES, WORDS

pytestmark = pytest.mark.browser

FIXED = {"KEEP_MB": "5000"}
KEYS = {"Shift", "Page", "Down", "End", "Enter"}
MEASURED = """document.querySelector("pet-stream").shadowRoot.querySelector(
    "[data-quality=data]").textContent"""
SPOKEN_BY_PLAYER = """() => document.querySelector("pet-stream").shadowRoot.querySelector(
    "[data-control=snapshot]").getAttribute("aria-label")"""


def open_page(browser: Browser, server: Server) -> Page:
    page = browser.new_context(locale="en").new_page()
    page.goto(f"{server.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    page.evaluate("window.wasNotLoadedAgain = true")
    return page


def make_old_recordings(server: Server, count: int) -> None:
    server.recordings.mkdir(exist_ok=True)
    for number in range(count):
        path = server.recordings / f"old{number}.h264"
        path.write_bytes(bytes(1_000_000))
        os.utime(path, (1.7e9 + number, 1.7e9 + number))


@pytest.mark.parametrize("server", [FIXED], indirect=True)
def test_what_an_owner_changes_counts_on_every_page_at_once(
    browser: Browser, server: Server, camera: Camera
) -> None:
    make_old_recordings(server, 2)
    page, other = open_page(browser, server), open_page(browser, server)
    page.get_by_role("button", name="Settings").click()
    dialog = page.get_by_role("dialog", name="Settings")
    fixed = dialog.locator("[data-setting=keep_mb]")
    expect(fixed.get_by_label("Space for recordings", exact=True)).to_be_disabled()
    expect(fixed).to_contain_text("set by the environment variable FLASK_PET_STREAM_KEEP_MB")
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    assert severe_violations(page) == []

    # What is deleted is told before; nothing is lost by going back, or by a key.
    dialog.get_by_label("Keep recordings for", exact=True).select_option("7 days")
    dialog.get_by_label("Name of the camera", exact=True).fill("Zoë")
    dialog.get_by_role("button", name="Save").click()
    question = dialog.get_by_role("alert")
    expect(question).to_contain_text("This deletes 2 recordings now (2.0\u00a0MB).")
    question.get_by_role("button", name="Back").click()
    page.keyboard.press("Escape")
    expect(question).to_contain_text("What you have changed is not saved.")
    question.get_by_role("button", name="Back").click()
    assert len(list(server.recordings.glob("*.h264"))) == 2
    dialog.get_by_role("button", name="Save").click()
    question.get_by_role("button", name="Save and delete").click()
    expect(dialog.get_by_role("status")).to_have_text(
        "Saved: Name of the camera: Zoë and Keep recordings for: 7 days."
    )
    for each in (page, other):
        expect(each.locator("h1")).to_have_text("Zoë")
        expect(each).to_have_title("Zoë")
    expect(dialog.locator("[data-setting=keep_days]")).to_contain_text("Set here")

    # A number of one's own; and somebody else who was quicker.
    days = dialog.locator("[data-setting=keep_days]")
    days.get_by_label("Keep recordings for", exact=True).select_option("Other…")
    days.get_by_label("Keep recordings for, days", exact=True).fill("none")
    expect(dialog.get_by_role("status")).to_contain_text("no value that can be saved")
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    days.get_by_label("Keep recordings for, days", exact=True).fill("21")
    url = f"{server.url}/pet-stream/api/settings"
    assert other.request.patch(url, data={"preroll_seconds": 9, "replay_seconds": 12}).ok
    expect(page.locator("[data-clip-label]")).to_have_text("Save the last 12 s")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("status")).to_contain_text("Somebody else has changed")
    expect(dialog.get_by_label("Start recordings early by", exact=True)).to_have_value("9")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("status")).to_have_text("Saved: Keep recordings for: 21 days.")

    # The language of all devices where nobody has chosen one, and that of this one.
    other.locator("pet-stream .frame").focus()
    other.keyboard.press("i")
    dialog.get_by_label("For everybody", exact=True).select_option("日本語")
    dialog.get_by_role("button", name="Save").click()
    for each in (page, other):
        expect(each.locator("html")).to_have_attribute("lang", "ja")
        expect(each.get_by_role("button", name="一時停止")).to_be_attached()
        assert each.evaluate(SPOKEN_BY_PLAYER) == "静止画を保存"
    other.evaluate("document.querySelector('[data-recordings-panel]').remove()")  # tested elsewhere
    wait_until(other, f"{MEASURED}.includes('kbit')")
    left = set(re.findall(r"[A-Za-z]{3,}", other.evaluate(WORDS))) - SAME_IN_ALL_LANGUAGES
    assert left <= {"pet", "stream", *KEYS}
    dialog = page.get_by_role("dialog", name="設定")
    assert severe_violations(page) == []
    dialog.get_by_label("この端末", exact=True).select_option("English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("dialog", name="Settings")).to_contain_text("21 days")
    assert page.evaluate(SPOKEN_BY_PLAYER) == "Save a picture"
    expect(other.locator("html")).to_have_attribute("lang", "ja")
    for each in (page, other):
        assert each.evaluate("window.wasNotLoadedAgain")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
