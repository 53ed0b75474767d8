"""Offers that are made to be costly: cheap to refuse or to answer, and nothing for the loop."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.errors import BadCandidate, InvalidOffer, NotFound, NoUsableH264
from pet_stream.web.json_bodies import OFFER_LIMIT_BYTES
from pet_stream.webrtc.signaling.answer import answer_from_aiortc, offer_for_aiortc
from pet_stream.webrtc.signaling.h264_format import H264Format, choose_format
from pet_stream.webrtc.signaling.offer import Offer, parse_offer
from tests.apps import mounted_app, stream_of
from tests.attacks.worst_offers import GOOD, worst_offers
from tests.waiting import TIMEOUT_S

SIZE = 128 * 1024
"""Four times what a request may bring."""
WORST = worst_offers(SIZE)
WORST_SENT = worst_offers(OFFER_LIMIT_BYTES - 4000)
"""With what JSON adds they just fit."""
BODIES = {
    "not UTF-8": b'{"type": "offer", "sdp": "\xff\xfe\x80"}',
    "UTF-16": '{"type": "offer", "sdp": "v=0"}'.encode("utf-16"),
    "deep": b'{"type": "offer", "sdp":' + b"[" * 30_000,
    "digits": b'{"type": "offer", "sdp": 1e' + b"9" * 30_000 + b"}",
    "more digits": b'{"type": "offer", "sdp": ' + b"9" * 30_000 + b"}",
    "names": json.dumps({f"{n:x}": 0 for n in range(2700)}).encode(),
    "a name again and again": b'{"type": "offer"' + b', "sdp": "v=0"' * 2000 + b"}",
    "too large": b'{"type": "offer", "sdp": "' + b"v" * OFFER_LIMIT_BYTES + b'"}',
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path) as app:
        app.test_client().get("/health")
        stream_of(app).peers.get()
        yield app


@contextmanager
def held_loop(app: Flask) -> Iterator[None]:
    """Meanwhile whoever waits for the event loop waits."""
    is_held, may_go_on = threading.Event(), threading.Event()

    def hold() -> None:
        is_held.set()
        may_go_on.wait(TIMEOUT_S)

    stream_of(app).event_loop.call_soon(hold)
    assert is_held.wait(TIMEOUT_S)
    try:
        yield
    finally:
        may_go_on.set()


def read(sdp: str) -> tuple[Offer, H264Format] | None:
    try:
        offer = parse_offer(sdp)
        return offer, choose_format(offer.h264_formats, None)
    except (InvalidOffer, NoUsableH264):
        return None


def cpu_s(sdp: str) -> float:
    """Of the quickest of some readings."""
    times_s = []
    for _ in range(7):
        start_s = time.thread_time()
        read(sdp)
        times_s.append(time.thread_time() - start_s)
    return min(times_s)


@pytest.mark.parametrize("kind", WORST)
def test_an_offer_costs_little_more_than_a_browsers_whatever_is_in_it(kind: str) -> None:
    assert cpu_s(WORST[kind]) < 15 * cpu_s(GOOD)


@pytest.mark.parametrize("kind", WORST)
def test_what_an_answer_holds_is_bounded(kind: str) -> None:
    for sdp in (WORST[kind], WORST_SENT[kind]):
        result = read(sdp)
        if result is None:
            continue
        offer, chosen = result
        reduced = offer_for_aiortc(offer, chosen)
        assert len(reduced) < 8000
        assert len(answer_from_aiortc(reduced, offer, chosen, "42e01f")) < 48_000


@pytest.mark.parametrize("path", ["/api/webrtc/offer", "/offer"])
def test_what_is_refused_never_reaches_the_loop(app: Flask, path: str) -> None:
    client = app.test_client()
    bad = [sdp for sdp in WORST_SENT.values() if read(sdp) is None]
    assert len(bad) > 5
    with held_loop(app):
        for sdp in bad:
            assert client.post(path, json={"type": "offer", "sdp": sdp}).status_code in (400, 413)
        for body in BODIES.values():
            assert client.post(path, data=body).status_code in (400, 413)
        assert client.delete("/api/webrtc/nobody").status_code == 404
        assert client.post("/api/webrtc/nobody/close").status_code == 404


def test_when_it_is_full_nothing_is_read(app: Flask) -> None:
    stream = stream_of(app)
    for _ in range(stream.places.max_clients):
        stream.places.acquire()
    with held_loop(app):
        for body in (b"nonsense", b"x" * (2 * OFFER_LIMIT_BYTES), *BODIES.values()):
            answer = app.test_client().post("/api/webrtc/offer", data=body)
            assert (answer.status_code, answer.get_json()["code"]) == (503, "full")


def test_candidates_for_nobody_or_of_no_use_never_reach_the_loop(app: Flask) -> None:
    client = app.test_client()
    pc_id = _offer(client)
    peers = stream_of(app).peers.get()
    with held_loop(app):
        for number in range(1000):
            with pytest.raises(NotFound):
                peers.add_candidate(f"nobody{number}", "1 1 udp 1 127.0.0.1 9 typ host", None, None)
            with pytest.raises(BadCandidate):
                peers.add_candidate(pc_id, "9" * number, None, None)
            unusable = "1 1 udp 1 28f26bae.local 9 typ host"
            assert peers.add_candidate(pc_id, unusable, None, None) is None


def _offer(client: FlaskClient) -> str:
    answer = client.post("/api/webrtc/offer", json={"type": "offer", "sdp": GOOD})
    assert answer.status_code == 200
    return str(answer.get_json()["pc_id"])
