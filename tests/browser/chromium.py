"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import av
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.waiting import TIMEOUT_S

EXECUTABLE = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",  # CI runs as root
    "--disable-gpu",
    # nothing of its own on the network
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
VIEWPORT: ViewportSize = {"width": 1280, "height": 900}

KEEP_PEERS = """
window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
        super(...args);
        window.peers.push(this);
    }
};
"""
"""Runs before the page's scripts; lets a test ask the page's connections for their statistics."""

INBOUND_VIDEO = """async () => {
    const all = [];
    for (const peer of window.peers) {
        if (peer.connectionState !== 'connected') continue;
        for (const report of (await peer.getStats()).values()) {
            if (report.type === 'inbound-rtp' && report.kind === 'video') all.push(report);
        }
    }
    return all;
}"""
ENOUGH_DECODED = f"""async (count) => {{
    const reports = await ({INBOUND_VIDEO})();
    return reports.some((report) => report.framesDecoded >= count);
}}"""


@contextmanager
def chromium(executable: str = EXECUTABLE, *more_arguments: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=[*ARGUMENTS, *more_arguments]
        )
        try:
            yield browser
        finally:
            browser.close()


def inbound_video(page: Page) -> dict[str, Any]:
    """The `inbound-rtp` report of the one connected peer of `page` (W3C webrtc-stats)."""
    reports = page.evaluate(INBOUND_VIDEO)
    assert len(reports) == 1, reports
    report: dict[str, Any] = reports[0]
    return report


def wait_until(page: Page, expression: str, *, arg: Any = None) -> None:
    """Until a JavaScript expression, or a function of `arg`, is true.

    As Playwright's `wait_for_function`, which evaluates text in the page: our pages forbid that.
    """
    value = expression if arg is None else f"({expression})(arg)"
    failure = json.dumps(f"not within {TIMEOUT_S:g} s: {expression}")
    page.evaluate(
        f"""async (arg) => {{
            const deadline = performance.now() + {TIMEOUT_S * 1000};
            while (!await ({value})) {{
                if (performance.now() > deadline) throw new Error({failure});
                await new Promise((resolve) => setTimeout(resolve, 30));
            }}
        }}""",
        arg,
    )


def wait_for_decoded(page: Page, count: int) -> None:
    """Until a connected peer of `page` has decoded `count` pictures."""
    wait_until(page, ENOUGH_DECODED, arg=count)


def brightness(png: bytes) -> list[int]:
    """The luma, 0 to 255, of each pixel of a PNG file."""
    codec = av.CodecContext.create("png", "r")
    frames = [*codec.decode(av.Packet(png)), *codec.decode(None)]
    picture = frames[0].reformat(format="gray")
    plane = picture.planes[0]
    data = bytes(plane)
    return [
        value
        for top in range(0, len(data), plane.line_size)
        for value in data[top : top + picture.width]
    ]
