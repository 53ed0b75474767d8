"""What strangers can send by WHEP: it is bounded as offers of pages are."""

from __future__ import annotations

import http.client
import re
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.parts import MAX_OFFERS
from pet_stream.web.json_bodies import LIMIT_BYTES, OFFER_LIMIT_BYTES
from pet_stream.webrtc.pending import MAX_PENDING
from pet_stream.webrtc.signaling.candidates import MAX_CANDIDATES
from tests.apps import mounted_app, stream_of
from tests.attacks.http_clients import descriptor_count
from tests.attacks.worst_offers import GOOD
from tests.waiting import TIMEOUT_S, wait_until
from tests.web.test_whep import FRAGMENT, SDP, Session, fragment, play
from tests.websocket.client import served

ATTACKER = "198.51.100.66"
OFTEN = MAX_CANDIDATES - 10
"""Two of these are more than a viewer may have."""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, WHEP_WAITS=True) as app:
        app.test_client().get("/livez")
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def test_a_session_can_not_be_guessed(app: Flask, client: FlaskClient) -> None:
    for _ in range(50):
        guess = f"/whep/{secrets.token_urlsafe(16)}"
        for method in ("GET", "PATCH", "DELETE"):
            assert client.open(guess, method=method).status_code == 404
    assert stream_of(app).peers.made is None
    ids = {Session(client, play(client, GOOD)).path.removeprefix("/whep/") for _ in range(8)}
    assert len(ids) == 8
    assert all(re.fullmatch("[A-Za-z0-9_-]{22}", session_id) for session_id in ids)  # 128 bits
    whep = Session(client, play(client, GOOD))
    for wrong in (whep.path[:-1], whep.path + "x", whep.path.swapcase(), whep.path + "%00"):
        assert client.delete(wrong).status_code == 404
    assert whep.is_there()


def test_bodies_are_bounded(app: Flask, client: FlaskClient) -> None:
    big, bigger = b"v=0" + bytes(OFFER_LIMIT_BYTES), b"a=x\n" * (LIMIT_BYTES // 4 + 1)
    whep = Session(client, play(client, GOOD))
    for method, path, body, kind in (
        ("POST", "/whep", big, SDP),
        ("PATCH", whep.path, bigger, FRAGMENT),
    ):
        answer = client.open(
            path, method=method, data=body, content_type=kind, headers={"If-Match": "*"}
        )
        assert (answer.status_code, answer.get_json()["code"]) == (413, "too_large")


def test_a_body_without_a_length_is_bounded_too(app: Flask) -> None:
    with served(app) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=TIMEOUT_S)
        chunks = [bytes(1024)] * (OFFER_LIMIT_BYTES // 1024 + 1)
        connection.request(
            "POST", "/whep", iter(chunks), {"Content-Type": SDP}, encode_chunked=True
        )
        assert connection.getresponse().status == 413
        connection.close()


def test_sessions_that_never_connect_give_way(app: Flask, client: FlaskClient) -> None:
    stream_of(app).peers.get()
    before = descriptor_count()
    sessions = [
        Session(client, client.post("/whep", data=GOOD, content_type=SDP, environ_overrides=place))
        for place in ({"REMOTE_ADDR": f"203.0.113.{number}"} for number in range(MAX_PENDING + 8))
    ]
    assert {whep.answer.status_code for whep in sessions} == {201}
    peers = stream_of(app).peers.existing()
    assert peers.pending_count == MAX_PENDING
    assert descriptor_count() - before <= 3 * MAX_PENDING
    wait_until(lambda: [whep.is_there() for whep in sessions].count(True) == MAX_PENDING)
    assert client.get("/health").get_json()["webrtc_clients"] == 0


def test_candidates_are_bounded_however_they_come(client: FlaskClient) -> None:
    whep = Session(client, play(client, GOOD))
    outcomes: Counter[int] = Counter()
    for number in range(4):
        hosts = [f"1 1 udp 1 192.0.2.{n} {5000 + number} typ host" for n in range(OFTEN)]
        answer = whep.patch(fragment(*hosts, sdp=GOOD))
        outcomes[answer.status_code] += 1
    assert outcomes == {204: 2, 400: 2}  # the second fills it


def test_a_flood_of_patches_holds_a_bounded_number_of_threads(app: Flask) -> None:
    stream = stream_of(app)
    whep = Session(app.test_client(), play(app.test_client(), GOOD))
    may_go_on = threading.Event()
    count = 2 * MAX_OFFERS

    def patch(number: int) -> int:
        host = f"1 1 udp 1 192.0.2.{number} 5000 typ host"
        return (
            app.test_client()
            .patch(
                whep.path,
                data=fragment(host, sdp=GOOD),
                content_type=FRAGMENT,
                headers={"If-Match": "*"},
                environ_overrides={"REMOTE_ADDR": ATTACKER},
            )
            .status_code
        )

    stream.event_loop.call_soon(may_go_on.wait, TIMEOUT_S)
    with ThreadPoolExecutor(count) as threads:
        answers = [threads.submit(patch, number) for number in range(count)]
        try:
            wait_until(lambda: sum(a.done() for a in answers) == count - MAX_OFFERS // 2)
        finally:
            may_go_on.set()
        outcomes = Counter(answer.result() for answer in answers)
    assert outcomes == {204: MAX_OFFERS // 2, 503: count - MAX_OFFERS // 2}
