"""Offers whose viewers never come: they keep nobody out, and nothing of them is left."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from pet_stream.errors import Busy
from pet_stream.parts import MAX_OFFERS
from pet_stream.webrtc.peers import OFFER_INTERVAL_S, Answer
from pet_stream.webrtc.pending import MAX_PENDING
from tests.apps import mounted_app, stream_of
from tests.attacks.worst_offers import GOOD
from tests.waiting import TIMEOUT_S, wait_until
from tests.webrtc.conftest import Streaming
from tests.webrtc.viewer import Viewer

ATTACKER, FRIEND = "198.51.100.66", "192.0.2.7"


@pytest.fixture
def streaming() -> Iterator[Streaming]:
    streaming = Streaming()
    yield streaming
    streaming.stop()
    assert streaming.places.active_count == 0


async def offer_silently(streaming: Streaming, clients: Iterable[str]) -> None:
    """Good offers, all answered, whose viewers never come."""
    for client in clients:
        await streaming.peers.answer(GOOD, client)


async def connect(streaming: Streaming, viewer: Viewer, client: str) -> None:
    answer = await streaming.peers.answer(await viewer.offer(), client)
    await viewer.accept(answer.sdp)
    await viewer.becomes("connected")


def descriptor_count() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("client", [ATTACKER, FRIEND], ids=["of the same address", "of another"])
@pytest.mark.parametrize(
    ("silent", "tries"), [(10, 6), pytest.param(300, 20, marks=pytest.mark.slow)]
)
def test_every_viewer_that_comes_is_let_in(
    streaming: Streaming, client: str, silent: int, tries: int
) -> None:
    for _ in range(silent // 10):
        streaming.run(offer_silently(streaming, 10 * [ATTACKER]))
    for _ in range(tries):
        viewer = streaming.viewer()
        streaming.run(connect(streaming, viewer, client))
        streaming.until(lambda: streaming.places.active_count == 1)
        streaming.run(viewer.close())
        streaming.until(lambda: streaming.places.active_count == 0)
    assert streaming.places.total_count == tries


def test_offers_that_keep_coming_from_the_same_address_end_no_viewer_in_mid_connecting(
    streaming: Streaming,
) -> None:
    viewers = [streaming.viewer() for _ in range(5)]

    async def attack() -> None:
        while True:
            await streaming.peers.answer(GOOD, FRIEND)
            await asyncio.sleep(OFFER_INTERVAL_S)

    async def connect_all() -> None:
        attacking = asyncio.create_task(attack())
        for viewer in viewers:
            await connect(streaming, viewer, FRIEND)
        attacking.cancel()

    streaming.run(connect_all())
    streaming.until(lambda: streaming.places.active_count == len(viewers))


def test_ten_tabs_opened_at_once_behind_one_address_all_connect(streaming: Streaming) -> None:
    viewers = [streaming.viewer() for _ in range(10)]

    async def open_all() -> None:
        await asyncio.gather(*(connect(streaming, viewer, FRIEND) for viewer in viewers))

    streaming.run(open_all())
    streaming.until(lambda: streaming.places.active_count == 10)
    assert streaming.peers.counts.gave_way == 0


def test_a_flood_from_everywhere_leaves_descriptors_and_tasks_as_they_were(
    streaming: Streaming,
) -> None:
    async def flood() -> tuple[int, int]:
        tasks, before, most = len(asyncio.all_tasks()), descriptor_count(), 0
        for number in range(50):
            await offer_silently(streaming, [f"2001:db8:{number:x}::/64"])
            most = max(most, descriptor_count())
        assert most - before <= 2 * MAX_PENDING
        return tasks, before

    tasks, descriptors = streaming.run(flood())
    assert streaming.peers.pending_count == MAX_PENDING
    assert streaming.peers.counts.gave_way == 50 - MAX_PENDING
    streaming.run(streaming.peers.close_all())
    streaming.until(lambda: descriptor_count() == descriptors)
    streaming.until(lambda: len(asyncio.all_tasks()) == tasks)
    assert (streaming.peers.pending_count, streaming.peers.connected_count) == (0, 0)


def test_an_offer_that_gives_way_before_its_answer_is_told_to_come_again(
    streaming: Streaming,
) -> None:
    async def flood() -> list[Answer | BaseException]:
        coming = (streaming.peers.answer(GOOD, f"{n}") for n in range(2 * MAX_PENDING))
        return await asyncio.gather(*coming, return_exceptions=True)

    outcomes = Counter(map(type, streaming.run(flood())))
    assert outcomes == {Answer: MAX_PENDING, Busy: MAX_PENDING}


# Over HTTP


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path) as app:
        app.test_client().get("/health")
        stream_of(app).peers.get()
        yield app


def post(app: Flask, address: str) -> tuple[int, str | None]:
    """Status and `code` of the answer to an offer from `address`."""
    answer = app.test_client().post(
        "/api/webrtc/offer",
        json={"type": "offer", "sdp": GOOD},
        environ_overrides={"REMOTE_ADDR": address},
    )
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) > 0
    return answer.status_code, answer.get_json().get("code")


def test_offers_hold_a_bounded_number_of_threads(app: Flask) -> None:
    stream = stream_of(app)
    may_go_on = threading.Event()
    stream.event_loop.call_soon(may_go_on.wait, TIMEOUT_S)
    count = 3 * MAX_OFFERS
    with ThreadPoolExecutor(count) as threads:
        addresses = [ATTACKER] * count + [f"203.0.113.{number}" for number in range(count)]
        answers = [threads.submit(post, app, address) for address in addresses]
        try:
            refused_count = 2 * count - MAX_OFFERS
            wait_until(lambda: sum(answer.done() for answer in answers) == refused_count)
            of_attacker = [answer for answer in answers[:count] if not answer.done()]
            assert len(of_attacker) == MAX_OFFERS // 2
        finally:
            may_go_on.set()
        outcomes = Counter(answer.result() for answer in answers)
    assert outcomes == {(200, None): MAX_OFFERS, (503, "busy"): refused_count}
    assert stream.offer_turns.refused_count == refused_count
    assert post(app, FRIEND) == (200, None)


def test_pending_offers_are_no_viewers_on_any_page(app: Flask) -> None:
    client = app.test_client()
    for _ in range(3):
        assert post(app, FRIEND) == (200, None)
    assert client.get("/health").get_json()["webrtc_clients"] == 0
    samples = dict(line.rsplit(" ", 1) for line in client.get("/metrics").text.splitlines())
    assert samples["streaming_active_clients"] == "0.0"
    assert samples["streaming_total_clients"] == "0.0"
    assert samples["pet_stream_webrtc_pending_offers"] == "3.0"
