"""WHEP over HTTP: what draft-ietf-wish-whep-03 demands of a server, one row for each demand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pet_stream.accounts.accounts import Accounts
from pet_stream.ice_server import IceServer
from pet_stream.stream import Stream
from pet_stream.web.ice_links import ice_server_links
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.waiting import TIMEOUT_S
from tests.web.test_accounts import bearer, sign_in
from tests.webrtc import offers
from tests.webrtc.viewer import Viewer

WHEP = "/whep"
SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
OFFER = offers.load(offers.CHROMIUM)
AUDIO_FIRST = offers.load(offers.CHROMIUM_AUDIO_FIRST)
HOST = "1 1 udp 2122260223 127.0.0.1 54321 typ host generation 0"
TCP = "2 1 tcp 1518280447 127.0.0.1 9 typ host tcptype active"
NAME = "3 1 udp 2122194687 28f26bae-43d2-4def-bdf4-e3acb5209b31.local 5 typ host"
PLAYER_PAGE = "http://player.example"
TURN = {
    "urls": ["turn:127.0.0.1:9?transport=udp", "turns:127.0.0.1:9"],
    "username": "cat",
    "credential": 'se"cret',
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Of all rows of the table: it answers without a camera."""
    with mounted_app(
        tmp_path_factory.mktemp("whep"), WHEP_WAITS=True, ALLOWED_ORIGINS=[PLAYER_PAGE]
    ) as app:
        app.test_client().get("/livez")  # its threads are not those of the first test
        yield app


@pytest.fixture(scope="module")
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def play(client: FlaskClient, sdp: str = OFFER, path: str = WHEP, **headers: str) -> TestResponse:
    return client.post(path, data=sdp, content_type=SDP, headers=headers)


@dataclass(frozen=True)
class Session:
    client: FlaskClient
    answer: TestResponse

    @property
    def path(self) -> str:
        return urljoin(WHEP, self.answer.headers["Location"])

    @property
    def etag(self) -> str:
        return self.answer.headers["ETag"]

    def patch(self, text: str | None = None, kind: str = FRAGMENT, **headers: str) -> TestResponse:
        """A fragment with one candidate, under the session's ETag, if nothing else is said."""
        matched = {"If-Match": self.etag, **{k.replace("_", "-"): v for k, v in headers.items()}}
        headers = {name: value for name, value in matched.items() if value}
        data = fragment() if text is None else text
        return self.client.patch(self.path, data=data, content_type=kind, headers=headers)

    def is_there(self) -> bool:
        return self.client.get(self.path).status_code == 204


@contextmanager
def session(client: FlaskClient, sdp: str = OFFER) -> Iterator[Session]:
    answer = play(client, sdp)
    assert answer.status_code == 201, answer.text
    session = Session(client, answer)
    yield session
    client.delete(session.path)


def value_in(sdp: str, name: str) -> str:
    found = re.search(rf"a={name}:(\S+)", sdp)
    assert found is not None
    return found[1]


def fragment(
    *candidates: str, sdp: str = OFFER, mid: str = "0", ufrag: str = "", password: str = ""
) -> str:
    lines = [
        f"a=ice-ufrag:{ufrag or value_in(sdp, 'ice-ufrag')}",
        f"a=ice-pwd:{password or value_in(sdp, 'ice-pwd')}",
        "m=video 9 UDP/TLS/RTP/SAVPF 0",
        f"a=mid:{mid}",
        *(f"a=candidate:{candidate}" for candidate in candidates or [HOST]),
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


def sections_of(sdp: str) -> list[str]:
    return re.split(r"(?m)^(?=m=)", sdp)[1:]


# What each demand is checked by


def get_is_no_error(client: FlaskClient) -> None:
    with session(client) as whep:
        for path in (WHEP, whep.path):
            for answer in (client.get(path), client.head(path)):
                assert 200 <= answer.status_code < 300
                assert answer.data == b""


def an_offer_is_answered(client: FlaskClient) -> None:
    with session(client) as whep:
        assert whep.answer.status_code == 201
        assert whep.answer.content_type == SDP
        assert whep.answer.text.startswith("v=0\r\n")
        assert whep.is_there()


def other_types_are_refused(client: FlaskClient) -> None:
    for kind in ("application/json", "text/plain", "application/sdp2", FRAGMENT, None):
        answer = client.post(WHEP, data=OFFER, content_type=kind)
        assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_media_type")
    with_parameter = client.post(WHEP, data=OFFER, content_type="application/SDP; charset=utf-8")
    assert with_parameter.status_code == 201
    client.delete(urljoin(WHEP, with_parameter.headers["Location"]))


def malformed_sdp_is_refused(client: FlaskClient) -> None:
    for sdp in (b"", b"v=0", b"\xff\xfe", OFFER[:200].encode(), b"{}", b"\0" * 100):
        answer = client.post(WHEP, data=sdp, content_type=SDP)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "invalid_offer")


def only_receivers_are_answered(client: FlaskClient) -> None:
    for direction, status in (
        ("recvonly", 201),
        ("sendrecv", 201),
        ("sendonly", 400),
        ("inactive", 400),
    ):
        answer = play(client, OFFER.replace("a=recvonly", f"a={direction}"))
        assert answer.status_code == status, direction
        if status == 201:
            (video,) = sections_of(answer.text)
            assert "a=sendonly\r\n" in video
            client.delete(urljoin(WHEP, answer.headers["Location"]))


def a_deleted_session_is_gone(client: FlaskClient) -> None:
    with session(client) as whep:
        assert client.delete(whep.path).status_code == 200
        assert client.delete(whep.path).status_code == 404
        assert not whep.is_there()
        assert whep.patch().status_code == 404


def delete_ignores_etags(client: FlaskClient) -> None:
    with session(client) as whep:
        answer = client.delete(whep.path, headers={"If-Match": '"another"'})
        assert answer.status_code == 200


def options_are_answered(client: FlaskClient) -> None:
    with session(client) as whep:
        for path in (WHEP, whep.path):
            answer = client.options(path)
            assert (answer.status_code, answer.headers["Accept-Post"]) == (200, SDP)
        assert client.options(whep.path).headers["Accept-Patch"] == FRAGMENT


def preflights_are_answered(client: FlaskClient) -> None:
    with session(client) as whep:
        for path, method in ((WHEP, "POST"), (whep.path, "PATCH"), (whep.path, "DELETE")):
            asked = {"Origin": PLAYER_PAGE, "Access-Control-Request-Method": method}
            answer = client.options(path, headers=asked)
            assert answer.headers["Access-Control-Allow-Origin"] == PLAYER_PAGE
            assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
            sent = answer.headers["Access-Control-Allow-Headers"].split(", ")
            assert {"Authorization", "Content-Type", "If-Match"} <= set(sent)
        exposed = play(client, "", Origin=PLAYER_PAGE).headers["Access-Control-Expose-Headers"]
        needed = {"Location", "ETag", "Link", "Retry-After", "WWW-Authenticate"}
        assert needed <= set(exposed.split(", "))


def other_types_of_patches_are_refused(client: FlaskClient) -> None:
    with session(client) as whep:
        for kind in (SDP, "application/json", "text/plain", ""):
            assert whep.patch(kind=kind).status_code == 415
        assert whep.is_there()


def malformed_fragments_are_refused(client: FlaskClient) -> None:
    with session(client) as whep:
        for text in ("", "\r\n", "{}", "candidate:" + HOST, fragment("1 1 udp"), "a=x\n" * 300):
            answer = whep.patch(text)
            assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_candidate"), text
        assert whep.is_there()


def candidates_are_taken(client: FlaskClient) -> None:
    with session(client) as whep:
        for match in (whep.etag, "*", f'"another", {whep.etag}'):
            answer = whep.patch(If_Match=match)
            assert (answer.status_code, answer.data) == (204, b"")
            assert "ETag" not in answer.headers


def what_can_not_be_used_is_left_out(client: FlaskClient) -> None:
    with session(client, AUDIO_FIRST) as whep:
        text = fragment(TCP, NAME, HOST, sdp=AUDIO_FIRST)
        assert whep.patch(text).status_code == 204
        other_section = fragment("no candidate", sdp=AUDIO_FIRST, mid="7")
        assert whep.patch(other_section).status_code == 204


def the_etag_is_strong_and_the_sessions_own(client: FlaskClient) -> None:
    with session(client) as one, session(client) as other:
        assert re.fullmatch(r'"[!#-~]+"', one.etag)
        assert one.etag != other.etag


def patches_need_an_etag(client: FlaskClient) -> None:
    with session(client) as whep:
        answer = whep.patch(If_Match="")
        assert (answer.status_code, answer.get_json()["code"]) == (428, "precondition_required")


def patches_of_other_etags_fail(client: FlaskClient) -> None:
    with session(client) as whep:
        for match in ('"another"', f"W/{whep.etag}", '""'):
            answer = whep.patch(If_Match=match)
            assert (answer.status_code, answer.get_json()["code"]) == (412, "precondition_failed")


def ice_does_not_begin_anew(client: FlaskClient) -> None:
    with session(client) as whep:
        for text in (fragment(ufrag="ysXw"), fragment(password="vw5LmwG4y/e6dPP/zAP9Gp5k")):
            for match in ("*", whep.etag):
                answer = whep.patch(text, If_Match=match)
                assert (answer.status_code, answer.get_json()["code"]) == (422, "ice_restart")
        assert whep.is_there()
        assert whep.patch().status_code == 204


def the_answer_has_all_candidates(client: FlaskClient) -> None:
    with session(client) as whep:
        assert "a=candidate:" in whep.answer.text
        assert "a=end-of-candidates\r\n" in whep.answer.text


def everything_is_bundled(client: FlaskClient) -> None:
    for sdp in (OFFER, AUDIO_FIRST):
        with session(client, sdp) as whep:
            used = [s for s in sections_of(whep.answer.text) if not re.match(r"m=\w+ 0 ", s)]
            mids = [value_in(section, "mid") for section in used]
            assert f"a=group:BUNDLE {' '.join(mids)}\r\n" in whep.answer.text
            for section in used:
                assert "a=rtcp-mux\r\n" in section
                assert "a=rtcp-mux-only\r\n" in section


def there_is_one_media_stream(client: FlaskClient) -> None:
    for sdp in (OFFER, AUDIO_FIRST):
        with session(client, sdp) as whep:
            streams = re.findall(r"a=msid:(\S+) \S+", whep.answer.text)
            assert len(streams) == 1


def redirects_keep_the_method(client: FlaskClient) -> None:
    with session(client) as whep:
        answer = client.patch(whep.path.replace("/whep/", "/whep//"))
        assert answer.status_code in (307, 308)


def other_methods_are_refused(client: FlaskClient) -> None:
    with session(client) as whep:
        for path, method in (
            (WHEP, "PUT"),
            (WHEP, "PATCH"),
            (WHEP, "DELETE"),
            (whep.path, "POST"),
            (whep.path, "PUT"),
        ):
            answer = client.open(path, method=method)
            assert (answer.status_code, answer.get_json()["code"]) == (405, "method_not_allowed")
            assert method not in answer.headers["Allow"]


def no_extension_is_needed_or_named(client: FlaskClient) -> None:
    with session(client) as whep:
        assert "urn:ietf:params:whep:ext" not in str(whep.answer.headers)


DEMANDS = [
    ("4.1", "GET: 2XX, and nothing in it", get_is_no_error),
    ("4.2", "POST: 201 with the answer and the session's Location", an_offer_is_answered),
    ("4.2", "another content type: 4XX", other_types_are_refused),
    ("4.2", "malformed SDP: 4XX", malformed_sdp_is_refused),
    ("4.2", "players receive, the answer sends", only_receivers_are_answered),
    ("4.3", "DELETE: the session is removed", a_deleted_session_is_gone),
    ("4.3", "OPTIONS: 200 with Accept-Post", options_are_answered),
    ("4.3", "OPTIONS: CORS", preflights_are_answered),
    ("4.4.1", "PATCH of another content type: 4XX", other_types_of_patches_are_refused),
    ("4.4.1", "PATCH of a malformed fragment: 4XX", malformed_fragments_are_refused),
    ("4.4.1", "only one of trickle and restart: 422 for the other", ice_does_not_begin_anew),
    ("4.4.1", "the ETag is unique and strong", the_etag_is_strong_and_the_sessions_own),
    ("4.4.1", "DELETE ignores ETags", delete_ignores_etags),
    ("4.4.1", "no ETag: 428", patches_need_an_etag),
    ("4.4.1", "another ETag: 412", patches_of_other_etags_fail),
    ("4.4.2", "the answer has every candidate", the_answer_has_all_candidates),
    ("4.4.2", "candidates: 204 without a body and an ETag", candidates_are_taken),
    ("4.4.2", "what can't be used is left out", what_can_not_be_used_is_left_out),
    ("4.4.3", "a restart that fails ends nothing", ice_does_not_begin_anew),
    ("4.5.1", "BUNDLE, and one port for RTP and RTCP", everything_is_bundled),
    ("4.5.2", "a single MediaStream", there_is_one_media_stream),
    ("4.6", "no redirect by 301 and 302", redirects_keep_the_method),
    ("4.9", "no extension is needed", no_extension_is_needed_or_named),
    ("RFC 9110, 15.5.6", "other methods: 405 with Allow", other_methods_are_refused),
]
"""Section, what it demands, and the check of it."""


@pytest.mark.parametrize(
    "check", [pytest.param(row[2], id=f"{row[0]} {row[1]}") for row in DEMANDS]
)
def test_what_the_draft_demands(client: FlaskClient, check: Callable[[FlaskClient], None]) -> None:
    check(client)


# 4.2: while nothing is published


def test_while_the_camera_is_offline_players_are_told_to_come_again(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        answer = play(app.test_client())
        assert answer.status_code == 409
        body = answer.get_json()
        assert (body["code"], body["cause"]) == ("not_live", "segment_missing")
        assert answer.headers["Retry-After"] == str(body["retry_after_s"]) == "5"
        assert stream_of(app).peers.made is None


def test_while_the_camera_is_paused_players_are_told_to_come_again(
    live_client: FlaskClient,
) -> None:
    live_client.post("/pet-stream/api/pause")
    answer = play(live_client)
    assert (answer.status_code, answer.get_json()["cause"]) == (409, "paused")
    assert int(answer.headers["Retry-After"]) > 0
    live_client.delete("/pet-stream/api/pause")
    assert play(live_client).status_code == 201


async def watch(viewer: Viewer, answer: str, picture_count: int = 3) -> None:
    try:
        await viewer.accept(answer)
        await viewer.has(picture_count)
    finally:
        await viewer.close()


def run(stream: Stream, coroutine: Any) -> Any:
    return stream.event_loop.call(coroutine, TIMEOUT_S)


def test_players_that_may_wait_get_the_picture_when_it_comes(
    tmp_path: Path, segment_name: str, footage: Path
) -> None:
    with mounted_app(tmp_path, SHM=segment_name, WHEP_WAITS=True) as app:
        client, stream = app.test_client(), stream_of(app)
        client.get("/livez")
        viewer = stream.event_loop.call(_viewer(), TIMEOUT_S)
        answer = play(client, run(stream, viewer.offer()))
        assert answer.status_code == 201
        with Camera(segment_name, source=footage, fps=30):
            run(stream, watch(viewer, answer.text))


async def _viewer() -> Viewer:
    return Viewer()


# A viewer like any other


def test_a_player_is_a_viewer_like_any_other(live_client: FlaskClient) -> None:
    stream = stream_of(live_client.application)
    viewer = stream.event_loop.call(_viewer(), TIMEOUT_S)
    answer = play(live_client, run(stream, viewer.offer()))

    async def see() -> None:
        await viewer.accept(answer.text)
        await viewer.has(3)

    run(stream, see())
    (row,) = live_client.get("/pet-stream/api/viewers").get_json()["viewers"]
    assert row["transport"] == "whep"
    assert live_client.get("/health").get_json()["webrtc_clients"] == 1
    metrics = live_client.get("/metrics").text
    assert 'pet_stream_viewers_by_transport{transport="whep"} 1.0' in metrics
    assert 'pet_stream_viewers_by_transport{transport="webrtc"} 0.0' in metrics
    assert live_client.delete(urljoin(WHEP, answer.headers["Location"])).status_code == 200
    run(stream, viewer.becomes("closed"))
    run(stream, viewer.close())
    assert live_client.get("/health").get_json()["webrtc_clients"] == 0
    assert (
        'pet_stream_viewers_by_transport{transport="whep"} 0.0' in live_client.get("/metrics").text
    )


def test_candidates_that_come_later_lead_to_a_connection(live_client: FlaskClient) -> None:
    stream = stream_of(live_client.application)
    viewer = stream.event_loop.call(_viewer(), TIMEOUT_S)
    sdp = run(stream, viewer.offer())
    candidates = re.findall(r"a=candidate:(.*)\r\n", sdp)
    bare = re.sub(r"a=(candidate:|end-of-candidates).*\r\n", "", sdp)
    whep = Session(live_client, play(live_client, bare))
    assert whep.patch(fragment(*candidates, sdp=sdp)).status_code == 204
    run(stream, watch(viewer, whep.answer.text))


def test_when_all_places_are_taken_players_are_told_to_come_again(tmp_path: Path) -> None:
    with mounted_app(tmp_path, MAX_CLIENTS=1, WHEP_WAITS=True) as app:
        place = stream_of(app).places.acquire()
        answer = play(app.test_client())
        assert (answer.status_code, answer.get_json()["code"]) == (503, "full")
        assert int(answer.headers["Retry-After"]) > 0
        metrics = app.test_client().get("/metrics").text
        assert 'pet_stream_viewers_rejected_total{reason="full"} 1.0' in metrics
        place.release()
        assert play(app.test_client()).status_code == 201


@pytest.mark.parametrize(("camera", "status"), [("active", 201), ("night", 404), ("x", 400)])
def test_a_player_asks_for_a_camera_like_a_page(
    client: FlaskClient, camera: str, status: int
) -> None:
    answer = play(client, path=f"{WHEP}?camera={camera}")
    assert answer.status_code == status
    if status == 201:
        client.delete(urljoin(WHEP, answer.headers["Location"]))


def test_an_offer_without_h264_is_422(client: FlaskClient) -> None:
    answer = play(client, offers.load(offers.FIREFOX_WITHOUT_H264))
    assert (answer.status_code, answer.get_json()["code"]) == (422, "no_h264")


# 4.7: ICE servers


def test_each_url_of_an_ice_server_is_a_link() -> None:
    servers = (
        IceServer(("stun:s.example",)),
        IceServer(("turn:t.example?transport=udp", "turns:t.example"), "cat", 'se"c\\ret'),
        IceServer(("turn:u.example",), "猫", "secret"),
        IceServer(("turn:v.example",), "cat", "a\r\nb: c"),
        IceServer(("stun:<a>,b",)),
    )
    of_turn = (
        r'rel="ice-server"; username="cat"; credential="se\"c\\ret"; credential-type="password"'
    )
    assert list(ice_server_links(servers)) == [
        '<stun:s.example>; rel="ice-server"',
        f"<turn:t.example?transport=udp>; {of_turn}",
        f"<turns:t.example>; {of_turn}",
        '<stun:%3Ca%3E,b>; rel="ice-server"',
    ]


def test_the_answer_names_the_ice_servers(tmp_path: Path) -> None:
    with mounted_app(tmp_path, WHEP_WAITS=True, ICE_SERVERS=[{"urls": "stun:127.0.0.1:9"}]) as app:
        answer = play(app.test_client())
        assert answer.headers["Link"] == '<stun:127.0.0.1:9>; rel="ice-server"'


# 4.8: who may watch


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return Accounts(tmp_path / "accounts.json")


@pytest.fixture
def private_app(tmp_path: Path, accounts: Accounts) -> Iterator[Flask]:
    with private(tmp_path) as app:
        yield app


def private(folder: Path, **settings: object) -> AbstractContextManager[Flask]:
    """An app where people sign in."""
    return mounted_app(
        folder, AUTH="builtin", ACCOUNTS=folder / "accounts.json", WHEP_WAITS=True, **settings
    )


def test_a_bearer_token_is_asked_for_and_taken(private_app: Flask, accounts: Accounts) -> None:
    client = private_app.test_client()
    token = bearer(accounts.add_token("TV", ["view"], by="test"))
    for headers, challenge in (
        ({}, 'Bearer realm="pet_stream"'),
        (bearer("wrong"), 'Bearer realm="pet_stream", error="invalid_token"'),
    ):
        answer = play(client, **headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == challenge
    path = urljoin(WHEP, play(client, **token).headers["Location"])
    assert "?" not in path
    other = bearer(accounts.add_token("Another", ["view"], by="test"))
    for headers, status in (({}, 401), (other, 404), (token, 200)):
        assert client.delete(path, headers=headers).status_code == status
    metrics_only = bearer(accounts.add_token("Prometheus", ["metrics"], by="test"))
    assert play(client, **metrics_only).status_code == 403


def test_a_session_is_its_makers_only(private_app: Flask, accounts: Accounts) -> None:
    client = private_app.test_client()
    maker, other = (bearer(accounts.add_token(name, ["view"], by="test")) for name in "ab")
    path = urljoin(WHEP, play(client, **maker).headers["Location"])
    for method, kind in (("GET", None), ("PATCH", FRAGMENT), ("DELETE", None)):
        headers = {**other, "If-Match": "*"}
        answer = client.open(
            path, method=method, data=fragment(), content_type=kind, headers=headers
        )
        assert answer.status_code == 404
    assert client.get(path, headers=maker).status_code == 204


def test_with_a_token_the_page_does_not_matter_and_without_one_it_does(
    private_app: Flask, accounts: Accounts
) -> None:
    client = private_app.test_client()
    sign_in(client, accounts, "owner")
    token = bearer(accounts.add_token("TV", ["view"], by="test"))
    elsewhere = {"Origin": "http://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    answer = play(client, **elsewhere)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "origin")
    answer = play(private_app.test_client(), **elsewhere, **token)
    assert answer.status_code == 201
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_ice_servers_are_named_to_who_may_watch_only(tmp_path: Path, accounts: Accounts) -> None:
    with private(tmp_path, ICE_SERVERS=[TURN]) as app:
        client = app.test_client()
        token = bearer(accounts.add_token("TV", ["view"], by="test"))
        preflight = {"Access-Control-Request-Method": "POST", "Origin": "http://localhost:8080"}
        for headers, count in (({}, 0), (bearer("wrong"), 0), (preflight | token, 0), (token, 2)):
            answer = client.options(WHEP, headers=headers)
            assert answer.status_code == 200
            assert len(answer.headers.getlist("Link")) == count


@pytest.mark.parametrize("prefix", ["", "/camera"])
def test_a_link_carries_its_right_to_the_session(
    tmp_path: Path, accounts: Accounts, prefix: str
) -> None:
    with private(tmp_path, URL_PREFIX=prefix) as app:
        owner, player = app.test_client(), app.test_client()
        sign_in(owner, accounts, "owner", prefix)
        made = owner.post(prefix + "/pet-stream/api/links", json={"path": WHEP})
        url = urlsplit(made.get_json()["url"])
        assert url.path == prefix + WHEP
        answer = play(player, path=f"{url.path}?{url.query}")
        assert answer.status_code == 201
        whep = Session(player, answer)
        assert whep.patch().status_code == 204
        assert player.delete(urlsplit(whep.path).path).status_code == 401
        for path in ("/api/snapshot.jpg", "/api/webrtc/config", "/pet-stream/api/viewers"):
            assert player.get(f"{prefix}{path}?{url.query}").status_code == 401
        assert player.delete(whep.path).status_code == 200


def test_below_a_path_that_a_proxy_strips_the_session_is_there_too(client: FlaskClient) -> None:
    answer = play(client, **{"X-Forwarded-Prefix": "/cam"})
    location = answer.headers["Location"]
    assert location.startswith("/cam/whep/")
    assert client.delete(location.removeprefix("/cam")).status_code == 200


def test_a_link_that_is_none_does_no_harm(client: FlaskClient) -> None:
    answer = play(client, path=f"{WHEP}?link=%0d%0aa:%20%f0%9f%90%88")
    assert answer.status_code == 201
    assert client.delete(urljoin(WHEP, answer.headers["Location"])).status_code == 200
