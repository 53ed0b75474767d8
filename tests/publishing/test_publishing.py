"""The camera publishes itself to a media server, and comes back there."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from pet_stream.media.h264 import split_annex_b
from pet_stream.publishing.publisher import PublishLimits, PublishStatus
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import TIMEOUT_S, wait_until

from .media_server import NEXT, TOKEN, MediaServer, serving

QUICK = PublishLimits(first_retry_s=0.02, last_retry_s=0.1, goodbye_s=1.0, look_s=0.05)
PICTURES = 30


@pytest.fixture(scope="module")
def units() -> list[bytes]:
    return encode(320, 180, fps=30, gop=10, pictures=PICTURES, bit_rate=200_000)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory, units: list[bytes]) -> Path:
    path = tmp_path_factory.mktemp("footage") / "scene"
    write_source(path, units)
    return path


@pytest.fixture
def camera(segment_name: str, source: Path) -> Iterator[Camera]:
    with Camera(segment_name, source=source, fps=30) as camera:
        yield camera


@contextmanager
def publishing(folder: Path, segment: str, server: MediaServer, **row: object) -> Iterator[Flask]:
    target = {"url": server.url, "token": TOKEN, **row}
    settings: dict[str, Any] = {"PUBLISH": [target], "SHM": segment}
    with mounted_app(folder, **settings) as app:
        for publisher in stream_of(app).publishers._publishers:
            publisher._limits = QUICK
        stream_of(app).start()
        yield app


def status(app: Flask) -> PublishStatus:
    [status] = stream_of(app).publishers.statuses
    return status


def is_live(app: Flask) -> bool:
    return status(app).state == "live"


def test_it_gets_every_picture_from_a_gops_beginning_on(
    camera: Camera, segment_name: str, tmp_path: Path, units: list[bytes]
) -> None:
    with serving() as server:
        with publishing(tmp_path, segment_name, server) as app:
            got = server.call(wait_for(server, 40))
            assert is_live(app)
            assert stream_of(app).places.active_count == 0  # no viewer's place
            health = app.test_client().get("/health").get_json()
            assert health["publications"] == [
                {
                    "target": server.url.split("/")[2],
                    "state": "live",
                    "since": pytest.approx(time.time(), abs=TIMEOUT_S),
                    "reason": None,
                }
            ]
            assert "secret" not in str(health)
        assert server.tokens == [f"Bearer {TOKEN}"]
        assert server.ended == ["/session/1"]
    shown, sent = list(map(pictures, got)), list(map(pictures, units))
    start = sent.index(shown[0])
    assert start % 10 == 0
    assert shown == [sent[(start + number) % PICTURES] for number in range(40)]


def pictures(unit: bytes) -> list[bytes]:
    """The NAL units of an access unit, without the camera's stamp."""
    return [nal for nal in split_annex_b(unit) if b"pet_stream stamp" not in nal]


async def wait_for(server: MediaServer, count: int) -> list[bytes]:
    while not server.ingests:
        await asyncio.sleep(0.02)
    return await server.ingest.has(count)


def test_a_request_for_a_key_frame_is_answered(
    camera: Camera, segment_name: str, tmp_path: Path
) -> None:
    with serving() as server, publishing(tmp_path, segment_name, server) as app:
        server.call(wait_for(server, 5))
        server.call(server.ingest.ask_for_a_keyframe())
        counts = stream_of(app).peers.get().publications.counts
        wait_until(lambda: counts.keyframe_requests == 1)


def test_it_comes_back_when_the_server_does(
    camera: Camera, segment_name: str, tmp_path: Path, free_port: int
) -> None:
    with serving(free_port) as server, publishing(tmp_path, segment_name, server) as app:
        server.call(wait_for(server, 3))
        server.statuses = [503, 500, 404]
        server.ingest.crash()
        wait_until(lambda: len(server.ingests) >= 2 and is_live(app))
        server.call(server.ingest.has(3))
        assert status(app).connections >= 2
        assert len(server.offers) >= 5


def test_a_server_that_is_not_there_yet_is_found(
    camera: Camera, segment_name: str, tmp_path: Path, free_port: int
) -> None:
    with serving(free_port) as unused:
        url = unused.url
    server = MediaServer.__new__(MediaServer)
    server.url = url
    with publishing(tmp_path, segment_name, server) as app:
        wait_until(lambda: status(app).tries >= 2)
        assert status(app).state in ("failing", "connecting")
        with serving(free_port) as server:
            wait_until(lambda: is_live(app))
            server.call(server.ingest.has(1))
        wait_until(lambda: status(app).state == "failing")


def test_redirects_are_followed_with_the_token(
    camera: Camera, segment_name: str, tmp_path: Path
) -> None:
    with serving() as server:
        server.statuses = [307, 308]
        with publishing(tmp_path, segment_name, server) as app:
            wait_until(lambda: is_live(app))
        assert len(server.offers) == 3
        assert set(server.tokens) == {f"Bearer {TOKEN}"}


def test_endless_redirects_are_not(camera: Camera, segment_name: str, tmp_path: Path) -> None:
    with serving() as server:
        server.statuses = [307] * 40
        with publishing(tmp_path, segment_name, server) as app:
            wait_until(lambda: "on and on" in status(app).reason)
    assert NEXT not in status(app).reason


@pytest.mark.parametrize(
    ("garbage", "reason"),
    [
        ("no sdp at all", "Invalid offer data"),
        ("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 100\r\na=recvonly\r\n", ""),
        ("v=0\r\n" * 40_000, ""),
    ],
)
def test_an_answer_that_is_none_is_told_and_tried_again(
    camera: Camera, segment_name: str, tmp_path: Path, garbage: str, reason: str
) -> None:
    with serving() as server:
        server.garbage = garbage
        with publishing(tmp_path, segment_name, server) as app:
            wait_until(lambda: status(app).tries >= 3)
            assert reason in status(app).reason
            server.garbage = ""
            wait_until(lambda: is_live(app))


def test_without_retransmissions_in_the_answer_none_are_sent(
    camera: Camera, segment_name: str, tmp_path: Path
) -> None:
    with serving() as server:
        server.change = without_rtx
        with publishing(tmp_path, segment_name, server) as app:
            server.call(wait_for(server, 20))
            assert server.ingest.payload_types == {96}
            assert is_live(app)


def without_rtx(sdp: str) -> str:
    kept = [line for line in sdp.split("\r\n") if not re.match(r"a=(rtpmap|fmtp):97", line)]
    return "\r\n".join(kept).replace("SAVPF 96 97", "SAVPF 96")


def test_an_owner_begins_it_and_ends_it(camera: Camera, segment_name: str, tmp_path: Path) -> None:
    with serving() as server, publishing(tmp_path, segment_name, server, when="asked") as app:
        client = app.test_client()
        assert status(app).state == "off"
        assert client.put("/pet-stream/api/publications/1").status_code == 200
        wait_until(lambda: is_live(app))
        [row] = client.get("/pet-stream/api/publications").get_json()["publications"]
        assert row["state"] == "live"
        assert client.delete("/pet-stream/api/publications/1").get_json()["state"] == "off"
        assert server.ended == ["/session/1"]
        assert client.put("/pet-stream/api/publications/2").status_code == 404


def test_a_loop_that_was_replaced_publishes_anew(
    camera: Camera, segment_name: str, tmp_path: Path
) -> None:
    with serving() as server, publishing(tmp_path, segment_name, server) as app:
        wait_until(lambda: is_live(app))
        stream_of(app)._replaceable.replace_loop()
        wait_until(lambda: len(server.ingests) == 2)
        wait_until(lambda: is_live(app))


def test_it_waits_for_a_camera(segment_name: str, source: Path, tmp_path: Path) -> None:
    with serving() as server, publishing(tmp_path, segment_name, server) as app:
        wait_until(lambda: status(app).state == "waiting")
        with Camera(segment_name, source=source, fps=30):
            wait_until(lambda: is_live(app))


def test_two_owners_who_begin_at_once_begin_it_once(
    camera: Camera, segment_name: str, tmp_path: Path
) -> None:
    with serving() as server, publishing(tmp_path, segment_name, server, when="asked") as app:
        publishers, at_once = stream_of(app).publishers, threading.Barrier(8)

        def begin() -> None:
            at_once.wait(TIMEOUT_S)
            publishers.begin("1")

        owners = [threading.Thread(target=begin) for _ in range(8)]
        for owner in owners:
            owner.start()
        for owner in owners:
            owner.join(TIMEOUT_S)
        wait_until(lambda: is_live(app))
        assert len(server.offers) == 1
        names = [thread.name for thread in threading.enumerate() if "-publish-" in thread.name]
        assert len(names) == 1


def test_a_server_that_does_not_answer_holds_up_no_end_and_leaves_no_socket(
    camera: Camera, segment_name: str, tmp_path: Path
) -> None:
    server = MediaServer.__new__(MediaServer)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server.url = f"http://127.0.0.1:{silent.getsockname()[1]}/whip"
        with publishing(tmp_path, segment_name, server, when="asked") as app:
            client = app.test_client()
            before = len(os.listdir("/proc/self/fd"))
            for _ in range(5):
                client.put("/pet-stream/api/publications/1")
                connection, _ = silent.accept()
                with connection:
                    began_s = time.monotonic()
                    row = client.delete("/pet-stream/api/publications/1").get_json()
                    assert (row["state"], row["reason"]) == ("off", None)
                    assert time.monotonic() - began_s < 2.0
            wait_until(lambda: len(os.listdir("/proc/self/fd")) <= before + 4)


def test_a_run_that_was_left_alone_does_not_speak_for_its_successor(
    camera: Camera, segment_name: str, tmp_path: Path
) -> None:
    with serving() as server, publishing(tmp_path, segment_name, server) as app:
        [publisher] = stream_of(app).publishers._publishers
        wait_until(lambda: is_live(app))
        publisher.stop(0.0)
        assert status(app).state == "off"
        publisher.start()
        wait_until(lambda: is_live(app))
        wait_until(lambda: len(server.ended) == 1)
        server.call(server.ingest.has(2))
        assert is_live(app)


def test_two_rooms_of_one_server_are_told_apart(
    camera: Camera, segment_name: str, tmp_path: Path
) -> None:
    targets = [{"url": "http://127.0.0.1:9/a", "when": "asked"}, "http://127.0.0.1:9/b"]
    with mounted_app(tmp_path, PUBLISH=targets, SHM=segment_name) as app:
        stream_of(app).start()
        names = [status.target for status in stream_of(app).publishers.statuses]
        assert names == ["127.0.0.1:9", "127.0.0.1:9 (2)"]
        text = app.test_client().get("/metrics").text
        assert all(f'pet_stream_publication_live{{target="{name}"}}' in text for name in names)


def test_nothing_goes_there_in_a_pause(camera: Camera, segment_name: str, tmp_path: Path) -> None:
    with serving() as server, publishing(tmp_path, segment_name, server) as app:
        server.call(wait_for(server, 3))
        client = app.test_client()
        assert client.post("/pet-stream/api/pause").status_code == 200
        server.ingest.crash()
        wait_until(lambda: len(server.ingests) == 2 and is_live(app))
        assert not server.ingest.packets
        assert client.delete("/pet-stream/api/pause").status_code == 200
        server.call(server.ingest.has(3))
