"""The player in Firefox ESR, which gets its pictures over a WebSocket."""

from __future__ import annotations

import pytest

from tests.camera.camera import Camera
from tests.websocket.client import WebSocket

from .bidi import BidiSession
from .conftest import Server
from .player import HIDE, PLAYER, STATE, TRANSPORT, VEIL

pytestmark = pytest.mark.browser

LIVE_TIMEOUT_S = 20.0
VIEWERS = "fetch('/health').then((r) => r.json()).then((h) => h.webrtc_clients)"
MOVES = f"""(async () => {{
    const before = (await {PLAYER}.stats()).framesDecoded;
    const ends = performance.now() + 10000;
    while (performance.now() < ends) {{
        if ((await {PLAYER}.stats()).framesDecoded > before + 5) return true;
        await new Promise((resolve) => setTimeout(resolve, 50));
    }}
    return false;
}})()"""


def watch(session: BidiSession, server: Server, query: str = "") -> None:
    session.goto(f"{server.url}/pet-stream/{query}")
    session.wait_until(f"{STATE} === 'live'", LIVE_TIMEOUT_S)


def test_forced_to_the_other_way_by_hand_in_two_tabs(
    camera: Camera, server: Server, firefox_session: BidiSession
) -> None:
    session = firefox_session
    watch(session, server, "?transport=websocket")
    first = session.tab
    session.tab = session.command("browsingContext.create", type="tab")["context"]
    watch(session, server, "?transport=websocket&decoder=mse")
    assert session.evaluate(TRANSPORT) == "websocket"
    assert session.evaluate(MOVES)
    assert session.evaluate(VIEWERS) == 2
    session.command("browsingContext.close", context=session.tab)
    session.tab = first
    session.command("browsingContext.activate", context=first)
    session.wait_until(f"{STATE} === 'live'", LIVE_TIMEOUT_S)
    assert session.evaluate(MOVES)
    assert not session.javascript_errors()


def test_a_hidden_page_stops_watching_and_a_shown_one_goes_on(
    camera: Camera, server: Server, firefox_session: BidiSession
) -> None:
    session = firefox_session
    watch(session, server)
    session.evaluate(f"{PLAYER}.setAttribute('pause-after', '1')")
    session.wait_until(f"{STATE} === 'live'", LIVE_TIMEOUT_S)
    session.evaluate(f"({HIDE})(true)")
    session.wait_until(f"{STATE} === 'paused'", LIVE_TIMEOUT_S)
    session.wait_until(f"{VEIL}.includes('goes on as soon as this page is in front')", 10)
    session.evaluate(f"({HIDE})(false)")
    session.wait_until(f"{STATE} === 'live'", LIVE_TIMEOUT_S)
    assert session.evaluate(MOVES)


def test_one_too_many_waits_in_line_and_is_next(
    camera: Camera, server: Server, firefox_session: BidiSession
) -> None:
    session = firefox_session
    address = f"ws{server.url.removeprefix('http')}/api/stream/h264"
    viewers = [WebSocket(address) for _ in range(10)]
    try:
        for viewer in viewers:
            viewer.text("format")
        session.goto(f"{server.url}/pet-stream/")
        session.wait_until(f"{STATE} === 'full'", LIVE_TIMEOUT_S)
        session.wait_until(f"{VEIL}.includes('You are next when one leaves')", 10)
    finally:
        for viewer in viewers:
            viewer.close()
    session.wait_until(f"{STATE} === 'live'", LIVE_TIMEOUT_S)
