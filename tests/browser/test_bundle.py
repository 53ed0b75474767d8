"""The page as people get it who install the package: few requests, and none again."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request

from tests.camera.camera import Camera
from tests.test_package import (
    CHECKOUT,
    build,
    copy_checkout,
    empty_environment,
    files_of,
    install,
)

from .test_live_view import LIVE
from .test_upgrade import Service

pytestmark = pytest.mark.browser

FILES = """Object.fromEntries(performance.getEntriesByType("resource")
    .filter(({ name }) => name.includes("/static/"))
    .map(({ name, transferSize }) => [name, transferSize]))"""
"""URL → bytes that came from the server."""
MAX_REQUESTS = 12
MAX_BYTES = 70_000
"""Without thumbnails."""
AFTER_THE_PICTURE = ("js/day_strip.js", "js/words_day_en.js", "css/strip.css", "/timeline?")
"""What a page asks for when the picture is there."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `make wheel` makes it."""
    tree = copy_checkout(tmp_path_factory.mktemp("tree") / "checkout")
    subprocess.run([CHECKOUT / "tools/node-packages"], check=True, timeout=120)
    (tree / "node_modules").symlink_to(CHECKOUT / "node_modules")
    (tree / "tools").mkdir()
    shutil.copy(CHECKOUT / "tools/bundle.mjs", tree / "tools")
    return build(tree, tmp_path_factory.mktemp("wheel"), "--wheel")


@pytest.fixture
def service(
    wheel: Path, camera: Camera, segment_name: str, free_port: int, tmp_path: Path
) -> Iterator[Service]:
    python = empty_environment(tmp_path / "venv")
    install(python, str(wheel))
    service = Service(python, free_port, tmp_path, segment_name)
    with service.running():
        yield service


def test_the_wheel_has_what_pages_and_people_ask_for(wheel: Path) -> None:
    names = {name for name in files_of(wheel) if name.startswith("pet_stream/static/")}
    scripts = {name.removeprefix("pet_stream/static/js/") for name in names if "/js/" in name}
    assert {"pet-stream.js", "player.js", "dashboard.js", "words_en.js", "account.js"} <= scripts
    assert "peer.js" not in scripts  # in player.js
    assert "pet_stream/static/icons/sprite.svg" in names
    assert "pet_stream/static/css/player.css" in names


def test_a_first_visit_takes_few_requests_and_the_next_one_no_file(
    service: Service, page: Page, page_errors: list[str]
) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.goto(f"{service.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    page.wait_for_selector('[data-recordings-state="empty"]')
    first = [
        request
        for request in asked
        if request.resource_type != "websocket"
        and not any(later in request.url for later in AFTER_THE_PICTURE)
    ]
    paths = [request.url.removeprefix(service.url) for request in first]
    size = sum(
        sizes["responseHeadersSize"] + sizes["responseBodySize"]
        for request in first
        if request.resource_type != "image" and (sizes := request.sizes())
    )
    print(f"{len(first)} requests, {size / 1000:.1f} kB", *paths, sep="\n")
    assert len(first) <= MAX_REQUESTS, paths
    assert size <= MAX_BYTES

    page.goto("about:blank")
    page.goto(f"{service.url}/pet-stream/")
    page.wait_for_selector(LIVE)
    files = page.evaluate(FILES)
    assert len(files) > 4
    assert {path: size for path, size in files.items() if size} == {}
    assert not page_errors
