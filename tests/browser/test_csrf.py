"""A host with Flask-WTF: our page sends its token, and a fresh one where that has grown old."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_wtf.csrf import CSRFProtect
from playwright.sync_api import Page

from tests.apps import mounted_app
from tests.camera.camera import Camera
from tests.websocket.client import served

from .player import PLAYER
from .test_live_view import LIVE

pytestmark = pytest.mark.browser


@pytest.fixture
def app(camera: Camera, tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, SHM=camera.segment) as app:
        yield app


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield f"{address.replace('ws:', 'http:')}/pet-stream/"


def record_and_stop(page: Page) -> None:
    for phase in ("recording", "idle"):
        page.click("[data-record]")
        page.wait_for_selector(f'[data-recorder-phase="{phase}"]')


def test_the_page_sends_the_token_and_gets_a_new_one_when_it_is_too_old(
    app: Flask, url: str, page: Page, page_errors: list[str]
) -> None:
    app.secret_key = "secret"
    CSRFProtect(app)
    page.goto(url)
    page.wait_for_selector(LIVE)
    record_and_stop(page)
    assert not page_errors
    page.evaluate("document.querySelector('meta[name=csrf-token]').content = 'old'")
    record_and_stop(page)
    assert len(page_errors) == 1, "one request was refused, and sent again"
    with page.expect_response("**/close") as goodbye:
        page.evaluate(f"{PLAYER}.stop()")
    assert goodbye.value.status == 204
    page_errors.clear()
