"""A page whose words are kept: how soon it says that something is wrong, and that it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

from .chromium import wait_until
from .test_live_view import LIVE

MAX_TOLD_S, MAX_BACK_S = 8.0, 20.0
"""2.2 s and 3 s are meant, on a machine that has nothing else to do."""

WATCH = """() => {
    const find = (selector) => document.querySelector(selector);
    const look = () => {
        const player = find('pet-stream');
        const told = {
            player: player.dataset.playerState,
            veil: player.shadowRoot.querySelector('.veil .title').textContent,
            level: find('[data-health]').dataset.health,
            headline: find('[data-health-headline]').textContent,
            recorder: find('pet-stream-recorder').dataset.recorderPhase,
        };
        const last = window.told.at(-1);
        if (last && Object.keys(told).every((name) => told[name] === last[name])) return;
        window.told.push({ ...told, at: Date.now() });
    };
    window.told = [];
    look();
    const seen = { subtree: true, attributes: true, childList: true, characterData: true };
    new MutationObserver(look).observe(document.body, seen);
    new MutationObserver(look).observe(find('pet-stream').shadowRoot, seen);
}"""
"""Keeps everything that player, health line and recorder have said, and when."""

NOT_LIVE = "told.at(-1).player !== 'live' && told.at(-1).headline !== 'Camera live'"
LIVE_AGAIN = "told.at(-1).player === 'live' && told.at(-1).headline === 'Camera live'"


Row = dict[str, Any]


class Watched:
    """A page whose words are kept."""

    def __init__(self, page: Page, url: str) -> None:
        self._page = page
        page.goto(url)
        page.wait_for_selector(LIVE)
        page.evaluate(WATCH)
        wait_until(page, LIVE_AGAIN)

    @contextmanager
    def trouble(self, name: str) -> Iterator[list[Row]]:
        """The block makes the trouble, waits until it is told and ends it. What the page said is
        then in the list that this gives, and the page has to be live again."""
        page = self._page
        page.evaluate("told.splice(0, told.length - 1)")
        said: list[Row] = []
        begun_ms = time.time() * 1000
        yield said
        ended_ms = time.time() * 1000
        wait_until(page, LIVE_AGAIN)
        said += [row for row in page.evaluate("told") if row["at"] >= begun_ms]
        told_s = (next(filter(_is_told, said))["at"] - begun_ms) / 1000
        back_s = (said[-1]["at"] - ended_ms) / 1000
        print(f"{name}: not live after {told_s:.2f} s, live again after {back_s:.2f} s")
        for row in said:
            words = " | ".join(str(row[key]) for key in row if key != "at")
            print(f"    {(row['at'] - begun_ms) / 1000:6.2f} {words}")
        assert told_s < MAX_TOLD_S
        assert back_s < MAX_BACK_S

    def wait_until_told(self) -> None:
        wait_until(self._page, NOT_LIVE)


def _is_told(row: Row) -> bool:
    return bool(row["player"] != "live" and row["headline"] != "Camera live")


def headlines(said: list[Row]) -> list[str]:
    """What the health line said, in order, without repetitions."""
    return list(dict.fromkeys(row["headline"] for row in said))
