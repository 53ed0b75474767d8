"""The dashboard in Firefox ESR, whose pictures come over a WebSocket."""

from __future__ import annotations

import re

import pytest

from tests.camera.camera import Camera

from .axe import severe_violations_in_firefox
from .bidi import BidiSession
from .conftest import Server
from .player import LIST, RECORDED, RECORDER, STATE
from .test_page import MIN_TARGET_PX, SAME_IN_ALL_LANGUAGES, SMALL_TARGETS, WATCH_VIOLATIONS, WORDS
from .test_recording import decoded_count

pytestmark = pytest.mark.browser

PATIENCE_S = 30
SCROLLS_SIDEWAYS = "document.documentElement.scrollWidth > innerWidth"
PLAYED_S = "document.querySelector('[data-playback] video')?.currentTime"


def open_dashboard(session: BidiSession, server: Server, query: str = "") -> None:
    session.goto(f"{server.url}/pet-stream/{query}")
    session.wait_until(f"{STATE} === 'live'", PATIENCE_S)


def exists(selector: str) -> str:
    return f"document.querySelector({selector!r}) !== null"


@pytest.mark.parametrize("decoder", ["webcodecs", "mse"])
def test_a_recording_is_made_and_played(
    camera: Camera, server: Server, firefox_session: BidiSession, decoder: str
) -> None:
    session = firefox_session
    watch = f"() => {{{WATCH_VIOLATIONS}}}"
    session.command("script.addPreloadScript", functionDeclaration=watch, contexts=[session.tab])
    open_dashboard(session, server, f"?decoder={decoder}")
    session.click("[data-record]")
    session.wait_until(exists('[data-recorder-phase="recording"]'), PATIENCE_S)
    session.wait_until(f"{RECORDED} >= '0:03'", PATIENCE_S)
    session.click("[data-record]")
    session.wait_until(f"{LIST}.querySelector('.download:not([hidden])')", PATIENCE_S)
    [path] = server.recordings.glob("*.mp4")
    assert decoded_count(path) >= 3 * 30
    said = session.evaluate(f"{RECORDER}.querySelector('[data-record-message]').textContent")
    assert said.startswith("Recording saved: 0:0"), said
    session.click("[data-play]")
    session.wait_until(f"{PLAYED_S} > 0.3", PATIENCE_S)
    session.wait_until(exists('[data-stage="playing"]'), PATIENCE_S)
    session.click("[data-to-live]")
    session.wait_until(f"{STATE} === 'live'", PATIENCE_S)
    assert session.evaluate("globalThis.violations") == []
    assert session.javascript_errors() == []


def test_from_a_phone_to_a_wide_screen(
    camera: Camera, server: Server, firefox_session: BidiSession
) -> None:
    session = firefox_session
    open_dashboard(session, server)
    for width, height in ((320, 640), (768, 1024), (1920, 1080)):
        viewport = {"width": width, "height": height}
        session.command("browsingContext.setViewport", context=session.tab, viewport=viewport)
        session.wait_until(f"innerWidth === {width}", PATIENCE_S)
        assert not session.evaluate(SCROLLS_SIDEWAYS), width
        assert session.evaluate(f"({SMALL_TARGETS})({MIN_TARGET_PX})") == []
        frame = session.evaluate(
            "document.querySelector('pet-stream').getBoundingClientRect().toJSON()"
        )
        assert frame["width"] <= width
        assert frame["bottom"] < height, "the picture can be seen whole"


def test_axe_finds_nothing_serious(
    camera: Camera, server: Server, firefox_session: BidiSession
) -> None:
    open_dashboard(firefox_session, server)
    firefox_session.wait_until(
        exists('[data-recordings-state]:not([data-recordings-state="loading"])'), PATIENCE_S
    )
    assert severe_violations_in_firefox(firefox_session) == []
    firefox_session.evaluate("document.querySelector('pet-stream').stop()")
    firefox_session.wait_until(f"{STATE} === 'closed'", PATIENCE_S)
    assert severe_violations_in_firefox(firefox_session) == []


LANGUAGES: list[tuple[str, str, str]] = [
    ("ja-JP", "ja", "ペットカメラ"),
    ("de-DE", "en", "Pet camera"),
]


@pytest.mark.parametrize(("locale", "language", "title"), LANGUAGES)
def test_the_page_speaks_the_readers_language(
    camera: Camera,
    server: Server,
    firefox_session: BidiSession,
    locale: str,
    language: str,
    title: str,
) -> None:
    session = firefox_session
    session.command("emulation.setLocaleOverride", locale=locale, contexts=[session.tab])
    open_dashboard(session, server)
    assert session.evaluate("document.documentElement.lang") == language
    assert session.evaluate("document.title") == title
    if language == "ja":
        words = session.evaluate(WORDS)
        left = set(re.findall(r"[A-Za-z]{3,}", words)) - SAME_IN_ALL_LANGUAGES
        assert left <= {"pet", "stream"}
