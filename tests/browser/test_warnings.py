"""The server's last warnings stand on the page of whoever may operate it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from pet_stream.accounts.accounts import Accounts

from .axe import severe_violations
from .conftest import running_server

pytestmark = pytest.mark.browser


def test_warnings_are_shown_to_an_owner_and_to_no_guest(
    browser: Browser, segment_name: str, tmp_path: Path
) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    path = str(tmp_path / "accounts.json")
    with running_server(segment_name, tmp_path, AUTH="builtin", ACCOUNTS=path) as server:
        pages = {}
        for role in ("owner", "guest"):
            page = browser.new_context(locale="en").new_page()
            link = accounts.invite(role, name=role, by="test")
            page.goto(f"{server.url}/pet-stream/#invitation={link}")
            pages[role] = page
        owner, guest = pages["owner"], pages["guest"]
        panel = owner.locator("[data-warnings]")
        expect(panel.locator("summary")).to_contain_text("of the server")
        row = panel.locator("[data-warning=warning]", has_text="camera offline")
        expect(row).to_be_hidden()
        panel.locator("summary").press("Enter")
        expect(row).to_be_visible()
        expect(row).to_contain_text("pet_stream.ingest.shm_reader")
        expect(row.locator("time")).to_contain_text("Today")
        assert severe_violations(owner) == []
        expect(guest.locator("[data-account-name]")).to_have_text("guest")
        expect(guest.locator("[data-warnings]")).to_be_hidden()
        for page in pages.values():
            page.context.close()
