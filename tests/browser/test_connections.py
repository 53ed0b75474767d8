"""A browser opens six connections to a host (HTTP/1.1): pages that stay open hold none of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import wait_until

from .conftest import Server, running_server
from .player import HIDE, PLAYER
from .test_live_view import LIVE

pytestmark = pytest.mark.browser

PAGES = 6


@pytest.fixture
def server(segment_name: str, tmp_path: Path) -> Iterator[Server]:
    """Of a small picture, with a detector."""
    path = tmp_path / "scene"
    write_source(path, encode(320, 180, fps=10, gop=10, pictures=20, bit_rate=200_000))
    detections = f"{segment_name}_detections"
    with (
        Camera(segment_name, source=path, fps=10),
        running_server(segment_name, tmp_path, DETECTIONS_SHM=detections) as server,
    ):
        yield server


def has_listeners(page: Page, server: Server, count: int) -> bool:
    text = page.request.get(f"{server.url}/metrics").text()
    [line] = [row for row in text.splitlines() if row.startswith("pet_stream_detections_listeners")]
    return float(line.split()[1]) == count


def test_six_pages_that_draw_boxes_leave_the_record_button_a_connection(
    server: Server, browser: Browser
) -> None:
    context = browser.new_context(locale="en-GB")
    pages = [context.new_page() for _ in range(PAGES)]
    for page in pages:
        page.goto(f"{server.url}/pet-stream/")
    for page in pages:
        page.wait_for_selector(LIVE)
    wait_until(lambda: has_listeners(page, server, PAGES))
    page.click("[data-record]")
    page.wait_for_selector('[data-recorder-phase="recording"]')
    page.click("[data-record]")
    page.wait_for_selector('[data-recorder-phase="idle"]')
    page.evaluate(HIDE, True)
    wait_until(lambda: has_listeners(page, server, PAGES - 1))
    context.close()


def test_an_element_alone_subscribes_while_it_is_seen(
    server: Server, page: Page, page_errors: list[str]
) -> None:
    page.goto(server.url)
    page.wait_for_selector(LIVE)
    for is_hidden, count in ((False, 1), (True, 0), (False, 1)):
        page.evaluate(HIDE, is_hidden)
        wait_until(partial(has_listeners, page, server, count))
    page.evaluate(f"{PLAYER}.remove()")
    wait_until(lambda: has_listeners(page, server, 0))
    assert not page_errors
