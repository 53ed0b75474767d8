"""Who comes by two ways at once gets one place, and for longer than a moment one stream."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask

from pet_stream.admission.races import RACE_SWEEPS
from tests.apps import mounted_app, stream_of
from tests.attacks.worst_offers import GOOD
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import TIMEOUT_S, wait_until
from tests.webrtc.viewer import Viewer
from tests.websocket.client import WebSocket, served

RACE = "b6Wn2rV0yQ7tK-3x"
OFFER = "/api/webrtc/offer"


@pytest.fixture
def app(segment_name: str, tmp_path: Path) -> Iterator[Flask]:
    """With one place."""
    source = tmp_path / "source"
    write_source(source, encode(pictures=28))
    with (
        Camera(segment_name, source=source, fps=30),
        mounted_app(tmp_path, SHM=segment_name, MAX_CLIENTS=1) as app,
    ):
        yield app


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    with served(app) as address:
        wait_until(lambda: stream_of(app).reader.status.state == "live")
        yield f"{address}/api/stream/h264"


async def connect(app: Flask, viewer: Viewer) -> None:
    sdp = await viewer.offer()
    body = {"type": "offer", "sdp": sdp, "race": RACE}
    answer = await asyncio.to_thread(app.test_client().post, OFFER, json=body)
    assert answer.status_code == 200, answer.text
    await viewer.accept(answer.get_json()["sdp"])
    await asyncio.wait_for(viewer.has(3), TIMEOUT_S)


def test_both_ways_are_one_viewer_and_the_second_ends_after_a_moment(app: Flask, url: str) -> None:
    """A full server admits the second way of who has its last place, once, and nobody else."""
    places = stream_of(app).places

    async def watch() -> None:
        viewer = Viewer()
        try:
            await connect(app, viewer)
            await asyncio.to_thread(take_the_second_way)
            seen = len(viewer.units)
            await asyncio.wait_for(viewer.has(seen + 3), TIMEOUT_S)
        finally:
            await viewer.close()

    def take_the_second_way() -> None:
        assert not admits(f"{url}?race={RACE[::-1]}")
        with WebSocket(f"{url}?race={RACE}") as second:
            assert second.binary()
            assert (places.active_count, places.total_count) == (1, 1)
            assert not admits(f"{url}?race={RACE}")
            for _ in range(RACE_SWEEPS):
                assert places.active_count == 1
                places.sweep()
            assert second.close_code() == 4408
        assert not admits(f"{url}?race={RACE}")

    asyncio.run(watch())


def test_webrtc_comes_second_where_the_websocket_was_quicker(app: Flask, url: str) -> None:
    places = stream_of(app).places

    async def watch(first: WebSocket) -> None:
        viewer = Viewer()
        try:
            await connect(app, viewer)
            assert (places.active_count, places.total_count) == (1, 1)
            await asyncio.to_thread(first.close)
            seen = len(viewer.units)
            await asyncio.wait_for(viewer.has(seen + 3), TIMEOUT_S)
            assert [place.occupant.transport for place in places.taken] == ["webrtc"]
        finally:
            await viewer.close()

    with WebSocket(f"{url}?race={RACE}") as first:
        assert first.binary()
        asyncio.run(watch(first))


@pytest.mark.parametrize("race", ["short", "a" * 65, "a" * 15 + "/", "\0" * 16])
def test_what_is_no_random_text_is_refused(app: Flask, url: str, race: str) -> None:
    for given in (race, None, 1, [race]):
        body = {"type": "offer", "sdp": GOOD, "race": given}
        answer = app.test_client().post(OFFER, json=body)
        assert answer.status_code == 400
    with WebSocket(f"{url}?race={quote(race)}") as viewer:
        assert viewer.close_code() == 4400


def admits(url: str) -> bool:
    with WebSocket(url) as viewer:
        return viewer.close_code() != 4503
