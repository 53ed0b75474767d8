from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.apps import mounted_app, stream_of

OFFERS = Path(__file__).parent.parent / "webrtc" / "offers"
CHROMIUM = (OFFERS / "chromium-156.sdp").read_text()
FIREFOX = (OFFERS / "firefox-esr-153.sdp").read_text()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, MAX_CLIENTS=2) as app:
        yield app


def offer(client: FlaskClient, sdp: object = CHROMIUM, kind: object = "offer") -> dict[str, object]:
    answer = client.post("/api/webrtc/offer", json={"type": kind, "sdp": sdp})
    assert answer.status_code == 200, answer.text
    result: dict[str, object] = answer.get_json()
    return result


def test_an_offer_is_answered_while_the_camera_is_offline(client: FlaskClient) -> None:
    answer = offer(client)
    assert answer.keys() == {"type", "sdp", "pc_id"}
    assert answer["type"] == "answer"
    assert "H264/90000" in str(answer["sdp"])
    assert client.get("/health").get_json()["webrtc_clients"] == 0  # until it has connected


def test_the_old_name_answers_without_an_id(client: FlaskClient) -> None:
    answer = client.post("/offer", json={"type": "offer", "sdp": CHROMIUM})
    assert answer.status_code == 200
    assert answer.get_json().keys() == {"type", "sdp"}


@pytest.mark.parametrize("path", ["/api/webrtc/offer", "/offer"])
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": "offer"},
        {"sdp": CHROMIUM},
        {"type": "answer", "sdp": CHROMIUM},
        {"type": 1, "sdp": CHROMIUM},
        {"type": "offer", "sdp": None},
        {"type": "offer", "sdp": [CHROMIUM]},
        {"type": "offer", "sdp": ""},
        {"type": "offer", "sdp": "v=0"},
        {"type": "offer", "sdp": "\ud800\x00"},
    ],
    ids=lambda body: json.dumps(body)[:30],
)
def test_what_is_no_offer_is_refused(client: FlaskClient, path: str, body: object) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 400
    assert answer.get_json() == {"error": "Invalid offer data", "code": "invalid_offer"}
    assert client.get("/health").get_json()["webrtc_clients"] == 0


def test_the_content_type_of_an_offer_does_not_matter(client: FlaskClient) -> None:
    body = json.dumps({"type": "offer", "sdp": CHROMIUM})
    answer = client.post("/api/webrtc/offer", data=body, content_type="text/plain")
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/api/webrtc/offer", "/offer"])
def test_an_offer_without_h264_is_422(client: FlaskClient, path: str) -> None:
    answer = client.post(path, json={"type": "offer", "sdp": FIREFOX})
    assert answer.status_code == 422
    assert answer.get_json()["code"] == "no_h264"


@pytest.mark.parametrize("path", ["/api/webrtc/offer", "/offer"])
def test_when_all_places_are_taken_it_says_when_to_try_again(
    app: Flask, client: FlaskClient, path: str
) -> None:
    taken = [stream_of(app).places.acquire() for _ in range(2)]
    for body in ({"type": "offer", "sdp": CHROMIUM}, {"type": "nothing is read"}):
        answer = client.post(path, json=body)
        assert answer.status_code == 503
        assert answer.get_json()["code"] == "full"
        assert int(answer.headers["Retry-After"]) > 0
    taken[0].release()
    offer(client)


def test_a_viewer_is_closed_by_its_id_once(client: FlaskClient) -> None:
    path = f"/api/webrtc/{offer(client)['pc_id']}"
    answer = client.delete(path)
    assert (answer.status_code, answer.data) == (204, b"")
    answer = client.delete(path)
    assert answer.status_code == 404
    assert answer.get_json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "content_type"), [(b"", None), (b"bye", "text/plain;charset=UTF-8"), (b"{", None)]
)
def test_a_page_that_goes_away_says_so_by_a_beacon(
    client: FlaskClient, body: bytes, content_type: str | None
) -> None:
    path = f"/api/webrtc/{offer(client)['pc_id']}/close"
    assert client.post(path, data=body, content_type=content_type).status_code == 204
    assert client.post(path).status_code == 404


def test_closing_before_anybody_watched_is_404_and_imports_nothing(
    app: Flask, client: FlaskClient
) -> None:
    assert client.delete("/api/webrtc/nobody").status_code == 404
    assert stream_of(app).peers.made is None


def test_the_config_names_the_base_that_old_clients_append_to(client: FlaskClient) -> None:
    answer = client.get("/api/webrtc/config", base_url="http://cam.example:8080")
    assert answer.get_json() == {"signaling_url": "http://cam.example:8080", "ice_servers": []}


def test_the_base_has_the_prefix_and_where_the_host_is_mounted(tmp_path: Path) -> None:
    with mounted_app(tmp_path, URL_PREFIX="/camera") as app:
        answer = app.test_client().get(
            "/camera/api/webrtc/config", base_url="https://cam.example/monitor"
        )
        assert answer.get_json()["signaling_url"] == "https://cam.example/monitor/camera"


def test_the_config_lists_ice_servers_as_browsers_want_them(tmp_path: Path) -> None:
    turn = {"urls": ["turn:t.example:3478"], "username": "u", "credential": "c"}
    with mounted_app(tmp_path, ICE_SERVERS=[{"urls": "stun:s.example"}, turn]) as app:
        servers = app.test_client().get("/api/webrtc/config").get_json()["ice_servers"]
        assert servers == [{"urls": ["stun:s.example"]}, turn]


def test_what_this_side_leaves_to_the_viewers_is_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    servers = ["stun:127.0.0.1:9", "stun:127.0.0.1:10"]
    with mounted_app(tmp_path, ICE_SERVERS=servers) as app:
        stream_of(app).peers.get()
    assert "this side uses stun:127.0.0.1:9:" in caplog.text
    caplog.clear()
    with mounted_app(tmp_path, ICE_SERVERS=servers[:1]) as app:
        stream_of(app).peers.get()
    assert "PET_STREAM_ICE_SERVERS" not in caplog.text
