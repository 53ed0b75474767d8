"""A family signs in: by a link on the phone, by another one from there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from pet_stream.accounts.accounts import Accounts
from tests.camera.camera import Camera

from .axe import severe_violations
from .conftest import Server, running_server

pytestmark = pytest.mark.browser


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "accounts.json")


@pytest.fixture
def server(segment_name: str, tmp_path: Path) -> Iterator[Server]:
    path = str(tmp_path / "accounts.json")
    with running_server(segment_name, tmp_path, AUTH="builtin", ACCOUNTS=path) as server:
        yield server


def state(page: Page, *states: str) -> None:
    page.wait_for_selector(", ".join(f"pet-stream[data-player-state={word}]" for word in states))


def open_page(browser: Browser, url: str, locale: str = "en") -> Page:
    page = browser.new_context(locale=locale).new_page()
    page.goto(url)
    return page


def test_a_family_signs_in(
    browser: Browser, server: Server, camera: Camera, accounts: Accounts
) -> None:
    url = f"{server.url}/pet-stream/"
    link = f"{url}#invitation={accounts.invite('owner', name='Anna', by='test')}"
    owner = open_page(browser, link)
    state(owner, "live")
    assert "#" not in owner.url
    expect(owner.locator("[data-account]")).to_contain_text("Anna")
    expect(owner.locator("[data-record-panel]")).to_be_visible()

    owner.click("[data-account]")
    dialog = owner.locator("dialog.account")
    expect(dialog).to_contain_text("webrtc")  # it is Anna who watches
    assert severe_violations(owner) == []
    dialog.get_by_placeholder("Name").fill("Ben")
    dialog.get_by_role("button", name="Make a link").click()
    expect(dialog.locator(".code")).to_be_visible()

    guest = open_page(browser, url)
    state(guest, "not-allowed")
    guest.get_by_role("button", name="Sign in").click()
    sheet = guest.locator("dialog.sheet")
    assert severe_violations(guest) == []
    sheet.get_by_label("Link").fill("no link")
    sheet.get_by_role("button", name="Sign in").click()
    expect(sheet.get_by_role("alert")).to_contain_text("too old")
    sheet.get_by_label("Link").fill(dialog.locator(".link input").input_value())
    sheet.get_by_role("button", name="Sign in").click()
    state(guest, "live")
    expect(guest.locator("[data-record-panel]")).to_be_hidden()
    expect(guest.locator("[data-recordings-panel]")).to_be_hidden()
    expect(guest.locator("[data-settings]")).to_be_hidden()

    owner.reload()
    owner.click("[data-account]")
    ben = dialog.locator(".row", has_text="Ben").filter(has_text="webrtc")
    ben.get_by_role("button", name="End").click()
    state(guest, "paused")
    guest.get_by_role("button", name="Show the picture").click()
    state(guest, "live")

    person = dialog.locator(".row.person", has_text="Ben").filter(has_text="Guest")
    person.get_by_role("button", name="Remove").click()
    state(guest, "not-allowed")
    for page in (owner, guest):
        page.context.close()


def test_the_sheet_is_there_in_japanese_and_says_when_nobody_can_sign_in(
    browser: Browser, server: Server, camera: Camera
) -> None:
    page = open_page(browser, f"{server.url}/pet-stream/", "ja")
    state(page, "not-allowed")
    page.get_by_role("button", name="サインイン").click()
    expect(page.locator("dialog.sheet").get_by_role("alert")).to_contain_text("pet-stream invite")
    assert severe_violations(page) == []
    page.context.close()


def test_a_link_in_a_page_that_is_signed_in_asks_first(
    browser: Browser, server: Server, accounts: Accounts
) -> None:
    """The owner's browser would be the guest's otherwise, for having tried the guest's link."""
    url = f"{server.url}/pet-stream/"
    page = open_page(browser, f"{url}#invitation={accounts.invite('owner', name='Anna', by='t')}")
    account = page.locator("[data-account]")
    expect(account).to_contain_text("Anna")
    link = f"invitation={accounts.invite('guest', name='Ben', by='t')}"
    for answer, name, left in ((Dialog.dismiss, "Anna", 1), (Dialog.accept, "Ben", 0)):
        with page.expect_event("dialog") as asked:
            page.once("dialog", answer)
            page.evaluate("link => setTimeout(() => (location.hash = link))", link)
        assert "Anna" in asked.value.message
        expect(account).to_contain_text(name)
        assert len(accounts.book().invitations) == left
        assert "#" not in page.url
    page.context.close()
