from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from pet_stream.websocket.live_state import without_counting
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.waiting import TIMEOUT_S, wait_until
from tests.websocket.client import WebSocket, deaf_client, served

PATH = "/api/stream/ws"
SLOW_MACHINE_S = 0.5
OFFER = Path(__file__).parent.parent / "webrtc" / "offers" / "chromium-156.sdp"


@pytest.fixture(autouse=True)
def no_errors_are_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert not [r.getMessage() for r in caplog.get_records("call") if r.levelname == "ERROR"]


@pytest.fixture
def camera(segment_name: str, footage: Path) -> Iterator[Camera]:
    with Camera(segment_name, source=footage, fps=30) as camera:
        yield camera


@pytest.fixture
def live_app(camera: Camera, tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, SHM=camera.segment) as app:
        yield app


@pytest.fixture
def url(live_app: Flask) -> Iterator[str]:
    with served(live_app) as address:
        stream = stream_of(live_app)
        wait_until(lambda: stream.reader.status.state == "live")
        yield address + PATH


def test_the_state_comes_at_once(url: str) -> None:
    with WebSocket(url) as page:
        state = page.receive()
    assert state["type"] == "state"
    assert state["recording"]["recording"] is False
    assert {"filename", "frame_count", "bytes_written", "duration_ms"} <= state["recording"].keys()
    assert state["camera"].items() >= {"state": "live", "reason": "", "width": 320}.items()
    assert state["health"] == {"status": "ok", "reasons": [], "reason_codes": []}
    assert (state["viewers"], state["max_viewers"]) == (0, 10)
    assert 0 < state["disk"]["free_bytes"] < state["disk"]["size_bytes"]


@pytest.mark.slow
def test_camera_and_recording_say_one_thing_of_a_silence_and_at_once(
    url: str, live_app: Flask, camera: Camera
) -> None:
    client = live_app.test_client()
    name = client.post("/api/recording/start").get_json()["filename"]
    with WebSocket(url) as page:
        page.receive_until(lambda m: m["type"] == "state" and m["recording"]["frame_count"] > 30)
        camera.command("stall 3000")
        states = [page.text("state")]
        while not states[-1]["recording"]["missing_ms"]:
            states.append(page.text("state"))
        silent = states[-1]["recording"]
        assert (silent["recording"], silent["receiving"], silent["waiting"]) == (True, False, False)
        assert 2.0 <= silent["silent_s"] <= 2.2 + SLOW_MACHINE_S
        assert silent["gap_count"] == 1
        while not states[-1]["recording"]["receiving"]:
            states.append(page.text("state"))
    for state in states:
        assert state["recording"]["receiving"] == (state["camera"]["state"] == "live")
    stopped = client.post("/api/recording/stop").get_json()["stats"]
    assert (stopped["gap_count"], stopped["missing_ms"]) == (1, pytest.approx(3000, abs=500))
    assert stopped["filename"] == name


@pytest.mark.parametrize("is_recording", [False, True])
def test_nothing_is_said_while_nothing_changes_but_numbers_that_grow(
    url: str, live_app: Flask, is_recording: bool
) -> None:
    stream_of(live_app).live_state.counting_interval_s = TIMEOUT_S
    with WebSocket(url) as page:
        if is_recording:
            live_app.test_client().post("/api/recording/start")
        told = page.receive_until(lambda m: m["type"] == "state" and m["camera"]["fps"] == 30)
        with contextlib.suppress(TimeoutError):
            for _ in range(5):
                again = page.receive(1.2)
                if again["type"] == "state":
                    assert without_counting(again) != without_counting(told)
                    told = again


def test_in_between_a_beat_says_that_the_server_is_there(url: str) -> None:
    with WebSocket(url) as page:
        for _ in range(2):
            page.text("beat")


def test_a_recording_is_told_as_it_goes(url: str, live_app: Flask) -> None:
    client = live_app.test_client()
    with WebSocket(url) as page:
        page.text("state")
        name = client.post("/api/recording/start").get_json()["filename"]
        state = page.receive_until(lambda m: m["type"] == "state" and m["recording"]["recording"])
        assert state["recording"]["filename"] == name
        page.text("recordings")
        durations = [page.text("state")["recording"]["duration_ms"] for _ in range(3)]
        assert durations == sorted(durations)
        client.post("/api/recording/stop")
        page.receive_until(lambda m: m["type"] == "state" and not m["recording"]["recording"])
        page.text("recordings")


def test_viewers_are_told_to_every_page(url: str) -> None:
    with WebSocket(url) as first, WebSocket(url) as second:
        with WebSocket(url.replace(PATH, "/api/stream/h264")):
            for page in (first, second):
                page.receive_until(lambda m: m["type"] == "state" and m["viewers"] == 1)
        for page in (first, second):
            page.receive_until(lambda m: m["type"] == "state" and m["viewers"] == 0)


def test_a_file_that_somebody_puts_there_or_deletes_is_told(
    url: str, live_app: Flask, tmp_path: Path
) -> None:
    folder_watch = stream_of(live_app).folder_watch
    folder_watch.interval_s = 0.0
    folder = tmp_path / "recordings"
    folder.mkdir(exist_ok=True)
    with WebSocket(url) as page:
        page.text("state")
        page.send({"type": "hello"})  # has the server look at the folder before it changes
        wait_until(lambda: folder_watch.has_looked)
        (folder / "recording_20260101_000000.h264").write_bytes(b"")
        page.text("recordings")
        (folder / "recording_20260101_000000.h264").unlink()
        page.text("recordings")


def test_the_camera_goes_and_comes_back(segment_name: str, footage: Path, tmp_path: Path) -> None:
    with (
        mounted_app(tmp_path, SHM=segment_name) as app,
        served(app) as address,
        WebSocket(address + PATH) as page,
    ):
        state = page.receive()
        assert state["camera"]["state"] == "offline"
        assert state["health"]["status"] == "camera_offline"
        with Camera(segment_name, source=footage, fps=30):
            page.receive_until(lambda m: m["type"] == "state" and m["camera"]["state"] == "live")
        page.receive_until(lambda m: m["type"] == "state" and m["camera"]["state"] == "offline")


def test_foreign_pages_are_refused(url: str) -> None:
    with WebSocket(url, Origin="http://evil.example") as page:
        assert page.receive()["code"] == "origin"
        assert page.close_code() == 4403


def test_pages_take_no_viewers_place_but_there_is_a_limit(url: str, live_app: Flask) -> None:
    stream = stream_of(live_app)
    with WebSocket(url) as page:
        page.text("state")
        assert stream.places.active_count == 0
        places = stream.listener_places
        taken = [places.acquire() for _ in range(places.max_clients - places.active_count)]
        with WebSocket(url) as one_too_many:
            assert one_too_many.close_code() == 4503
        taken[0].release()
        with WebSocket(url) as page:
            page.text("state")


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "[" * 15_000, '{"type":"new"}', '{"type":7}', "\U0001f408"]
)
def test_what_it_does_not_understand_is_left_alone(url: str, text: str) -> None:
    with WebSocket(url) as page:
        page.text("state")
        page.send_text(text)
        with WebSocket(url.replace(PATH, "/api/stream/h264")):
            page.receive_until(lambda m: m["type"] == "state" and m["viewers"] == 1)


def test_a_message_that_is_too_long_ends_it(url: str) -> None:
    with WebSocket(url) as page:
        page.text("state")
        page.send_text("x" * 20_000)
        assert page.close_code() == 1009


def test_a_page_that_does_not_read_holds_up_nobody(url: str, live_app: Flask) -> None:
    live = stream_of(live_app).live_state
    with deaf_client(url), WebSocket(url) as page:
        wait_until(lambda: live.listener_count == 2)
        with WebSocket(url.replace(PATH, "/api/stream/h264")):
            page.receive_until(lambda m: m["type"] == "state" and m["viewers"] == 1)
    wait_until(lambda: live.listener_count == 0)


def test_a_ping_is_answered_with_the_servers_wall_clock(url: str) -> None:
    with WebSocket(url) as page:
        page.receive()
        before_us = time.time_ns() // 1000
        page.send({"type": "ping", "t": 12.5})
        pong = page.receive_until(lambda message: message["type"] == "pong")
    assert pong["t"] == 12.5
    assert before_us <= pong["server_us"] <= time.time_ns() // 1000


CANDIDATE = {"candidate": "candidate:1 1 udp 100 127.0.0.1 5000 typ host", "sdpMid": "0"}


def test_candidates_reach_their_viewer_and_what_is_wrong_with_one_is_said(
    url: str, live_app: Flask
) -> None:
    offer = {"type": "offer", "sdp": OFFER.read_text()}
    pc_id = live_app.test_client().post("/api/webrtc/offer", json=offer).get_json()["pc_id"]

    def said(page: WebSocket, **message: object) -> str | None:
        """The code of the answer; None if there is none before that to a ping."""
        page.send({"type": "candidate", "pc_id": pc_id, **message})
        page.send({"type": "ping", "t": 0})
        answer = page.receive_until(lambda m: m["type"] in ("error", "pong"))
        if answer["type"] == "pong":
            return None
        assert answer["of"] == "candidate"
        page.text("pong")
        return str(answer["code"])

    with WebSocket(url) as page:
        assert said(page, candidate=CANDIDATE) is None
        assert said(page, candidate={**CANDIDATE, "sdpMid": None}) is None
        assert said(page, candidate={"candidate": ""}) is None
        assert said(page, candidate=None) is None
        assert said(page, candidate={**CANDIDATE, "sdpMid": "1"}) == "bad_candidate"
        assert said(page, candidate={"candidate": "nonsense"}) == "bad_candidate"
        assert said(page, candidate="nonsense") == "bad_candidate"
        assert said(page, candidate={"candidate": 7}) == "bad_candidate"
        assert said(page, candidate={**CANDIDATE, "sdpMid": []}) == "bad_candidate"
        assert said(page, candidate=CANDIDATE, pc_id="x") == "not_found"
        assert said(page, candidate="nonsense", to="\ud800") == "bad_candidate"
        assert said(page, candidate=CANDIDATE, pc_id=7) == "bad_candidate"


def test_a_candidate_before_anybody_watched_is_of_nobody(url: str) -> None:
    with WebSocket(url) as page:
        page.send({"type": "candidate", "pc_id": "x", "candidate": CANDIDATE})
        assert page.text("error")["code"] == "not_found"


def test_a_page_follows_its_own_viewer_and_no_other(url: str, live_app: Flask) -> None:
    with WebSocket(url) as page:
        page.send({"type": "follow", "pc_id": "x"})
        error = page.text("error")
        assert (error["of"], error["code"]) == ("follow", "not_found")
        offer = {"type": "offer", "sdp": OFFER.read_text()}
        pc_id = live_app.test_client().post("/api/webrtc/offer", json=offer).get_json()["pc_id"]
        page.send({"type": "follow", "pc_id": 7})
        page.send({"type": "follow", "pc_id": pc_id})
        page.send({"type": "ping", "t": 0})
        assert page.receive_until(lambda m: m["type"] in ("error", "pong"))["type"] == "pong"
        followed = stream_of(live_app).live_state._followed
        wait_until(lambda: len(followed) == 1)
    wait_until(lambda: not followed)
