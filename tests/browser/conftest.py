"""A camera, a server in a process of its own, and browsers, all on the loopback interface."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import TIMEOUT_S

from .bidi import BidiSession
from .chromium import KEEP_PEERS, VIEWPORT, chromium
from .firefox import firefox
from .processes import Process

CHECKOUT = Path(__file__).resolve().parents[2]
SCREENSHOTS = CHECKOUT / "test-results"
CUT_OFF_REQUEST = re.compile(
    r"-{40}.*?\nException occurred during processing of request.*?\n-{40}", re.DOTALL
)
"""What Werkzeug's server says when it is ended just as a connection arrives."""

ENDED_BY_BOTH = re.compile(r"/api/webrtc/[\w-]+/close: .* 404 ")
"""A page gives a viewer back that the server, at the same moment, has ended: no error of either."""


@dataclass(frozen=True)
class Footage:
    """What the camera shows, over and over: whole GOPs."""

    units: list[bytes]
    path: Path
    width: int = 1280
    height: int = 720
    fps: int = 30
    gop: int = 14


@dataclass(frozen=True)
class Server:
    """The host of `host.py`, running."""

    url: str
    recordings: Path
    process: Process


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Footage:
    path = tmp_path_factory.mktemp("footage") / "scene"
    footage = Footage(encode(1280, 720, fps=30, gop=14, pictures=56, bit_rate=2_000_000), path)
    write_source(path, footage.units)
    return footage


@pytest.fixture
def camera(footage: Footage, segment_name: str) -> Iterator[Camera]:
    with Camera(segment_name, source=footage.path, fps=footage.fps) as camera:
        yield camera


@pytest.fixture
def server(request: pytest.FixtureRequest, segment_name: str, tmp_path: Path) -> Iterator[Server]:
    """Reads the segment of `camera`, whether that is there or not. A test may give it settings by
    indirect parametrization."""
    with running_server(segment_name, tmp_path, **getattr(request, "param", {})) as server:
        yield server


@contextmanager
def running_server(
    segment_name: str,
    folder: Path,
    *,
    port: int = 0,
    address: str = "127.0.0.1",
    at: Sequence[str] = (),
    **settings: str,
) -> Iterator[Server]:
    """A server that must end as it should, unless the test has killed it. `at`: a command that
    runs its command somewhere else."""
    recordings = folder / "recordings"
    settings = {
        "SHM": segment_name,
        "DETECTIONS_SHM": "null",
        "RECORD_PATH": str(recordings),
        "PAUSE_FILE": str(recordings.with_name("pause.json")),
        "ICE_HOSTS": json.dumps([address]),
        **settings,
    }
    environment = {f"FLASK_PET_STREAM_{key}": value for key, value in settings.items()}
    process = Process(
        [*at, sys.executable, "-m", "tests.browser.host", str(port), address],
        env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
        cwd=CHECKOUT,
    )
    try:
        url = process.wait_for_line(r"Running on (http://\S+)", TIMEOUT_S)[1]
        yield Server(url, recordings, process)
    finally:
        exit_code = process.stop(signal.SIGTERM)
    assert exit_code in (0, -signal.SIGKILL), process.log
    assert "Traceback" not in CUT_OFF_REQUEST.sub("", process.log), process.log


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page_errors() -> list[str]:
    """What scripts of `page` threw, and what its console got as an error; must be empty after the
    test. A test that ends the server on purpose clears it."""
    return []


@pytest.fixture
def page(browser: Browser, page_errors: list[str]) -> Iterator[Page]:
    """A page of Chromium."""

    def on_console(message: ConsoleMessage) -> None:
        text = f"{message.location['url']}: {message.text}"
        if message.type == "error" and not ENDED_BY_BOTH.search(text):
            page_errors.append(text)

    context = browser.new_context(viewport=VIEWPORT, locale="en-GB")
    try:
        page = context.new_page()
        page.add_init_script(KEEP_PEERS)
        page.on("pageerror", lambda error: page_errors.append(str(error)))
        page.on("console", on_console)
        yield page
    finally:
        context.close()
    assert not page_errors


@pytest.fixture(scope="module")
def firefox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BidiSession]:
    with firefox(tmp_path_factory.mktemp("firefox")) as session:
        yield session


@pytest.fixture
def firefox_session(firefox_process: BidiSession) -> Iterator[BidiSession]:
    """A page of Firefox."""
    with firefox_process.private_tab():
        yield firefox_process


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Path:
    """A folder for the pictures of this test, kept after it."""
    folder = SCREENSHOTS / str(request.node.name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
