"""Live video over plain HTTP: `live.mp4` and `live.h264`, with a camera and a web server."""

from __future__ import annotations

import http.client
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import av
import pytest
from flask import Flask

from pet_stream.accounts.accounts import Accounts
from pet_stream.media.access_unit import AccessUnit
from tests.apps import mounted_app, stream_of
from tests.attacks.http_clients import connect
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import TIMEOUT_S, wait_until
from tests.web.test_accounts import bearer
from tests.websocket.client import served

MP4, H264 = "/api/stream/live.mp4", "/api/stream/live.h264"
BOTH = pytest.mark.parametrize("path", [MP4, H264])


@pytest.fixture
def camera(segment_name: str, footage: Path) -> Iterator[Camera]:
    with Camera(segment_name, source=footage, fps=30) as camera:
        yield camera


@pytest.fixture
def app(camera: Camera, tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, SHM=camera.segment, MAX_CLIENTS=2) as app:
        yield app


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    with served(app) as address:
        wait_until(lambda: stream_of(app).reader.status.state == "live")
        yield address.replace("ws://", "http://")


def watch(url: str, **headers: str) -> HTTPResponse:
    request = urllib.request.Request(url, headers=headers)
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    return answer


def transports(app: Flask) -> list[str]:
    return [place.occupant.transport for place in stream_of(app).places.taken]


def wait_until_nobody_watches(app: Flask) -> None:
    stream = stream_of(app)
    wait_until(lambda: stream.http_viewers.active_count == 0 and not transports(app))
    wait_until(lambda: not stream.broadcaster.has_urgent_subscriber)


@BOTH
def test_a_player_decodes_it_from_the_first_picture_on(url: str, app: Flask, path: str) -> None:
    broadcaster = stream_of(app).broadcaster
    beside = broadcaster.subscribe("beside", 1000, lambda: None)
    with av.open(url + path, timeout=TIMEOUT_S) as player:
        stream = player.streams.video[0]
        frames = [frame for frame, _ in zip(player.decode(stream), range(45), strict=False)]
        assert transports(app) == [path.rpartition(".")[2]]
    assert frames[0].key_frame
    assert not any(frame.is_corrupt for frame in frames)
    assert (frames[0].width, frames[0].height) == (320, 240)
    if path == MP4:
        times_s = [float(frame.pts * stream.time_base) for frame in frames]
        assert times_s == sorted(set(times_s))
        captured_s = [unit.capture_ns / 1e9 for unit in beside.take()]
        lasted_s = [end - start for start, end in zip(captured_s, captured_s[44:], strict=False)]
        assert pytest.approx(times_s[-1] - times_s[0], abs=0.02) in lasted_s
    broadcaster.unsubscribe(beside)
    wait_until_nobody_watches(app)


@BOTH
def test_what_the_answer_says_of_itself(url: str, path: str) -> None:
    with watch(url + path, Range="bytes=0-") as answer:
        assert answer.status == 200
        told = answer.headers
        assert told["Content-Type"] == {MP4: "video/mp4", H264: "video/h264"}[path]
        assert told["Cache-Control"] == "no-store"
        assert told["Accept-Ranges"] == "none"
        assert told["X-Accel-Buffering"] == "no"


@BOTH
def test_a_head_request_takes_nothing(url: str, app: Flask, path: str) -> None:
    request = urllib.request.Request(url + path, method="HEAD")
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        assert answer.status == 200
    assert stream_of(app).places.total_count == 0


def test_ffprobe_and_ffmpeg_take_the_url(url: str, app: Flask, tmp_path: Path) -> None:
    for path in (MP4, H264):
        probe = ("ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height")
        told = subprocess.run(
            [*probe, "-of", "csv=p=0", url + path],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=True,
        )
        assert told.stdout.strip() == "h264,320,240"
    wait_until_nobody_watches(app)


def test_a_client_that_hangs_up_gives_its_place_back_though_the_camera_stands_still(
    url: str, app: Flask, camera: Camera
) -> None:
    address = urlsplit(url)
    for way in ("close", "half"):
        request = f"GET {MP4} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        with connect(address.port or 0, request) as client:
            assert client.recv(12).startswith(b"HTTP/1.1 200")
            wait_until(lambda: len(transports(app)) == 1)
            camera.command("stall 600000")
            if way == "half":
                client.shutdown(socket.SHUT_WR)
                wait_until_nobody_watches(app)
        wait_until_nobody_watches(app)
        camera.command("stall 0")


@BOTH
def test_a_client_that_never_reads_gives_its_place_back(url: str, app: Flask, path: str) -> None:
    viewers = stream_of(app).http_viewers
    viewers.limits = replace(viewers.limits, unread_sweeps=3)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with connect(urlsplit(url).port or 0, request, receive_buffer=4096):
        wait_until(lambda: stream_of(app).places.total_count == 1)
        # More than the kernel takes for a client; the camera alone would need some seconds.
        stream_of(app).broadcaster.publish(_large(app))
        wait_until_nobody_watches(app)


def _large(app: Flask) -> AccessUnit:
    gop = stream_of(app).broadcaster.gop
    filler = b"\x0c" + bytes(6_000_000)
    return replace(gop[0], nal_units=(*gop[0].nal_units, filler))


def test_it_ends_with_the_pause_with_the_place_and_with_the_stream(url: str, app: Flask) -> None:
    stream = stream_of(app)
    client = app.test_client()

    def remove() -> None:
        [viewer] = client.get("/pet-stream/api/viewers").get_json()["viewers"]
        assert viewer["transport"] == "mp4"
        assert client.delete(f"/pet-stream/api/viewers/{viewer['id']}").status_code == 204

    for end in (remove, stream.pause.begin, stream.stop):
        with watch(url + MP4) as answer:
            answer.read(1000)
            end()
            try:
                while answer.read(65536):
                    pass
            except (http.client.IncompleteRead, ConnectionError):
                pass
        wait_until_nobody_watches(app)
        if stream.pause.is_on:
            with pytest.raises(urllib.error.HTTPError) as refusal:
                watch(url + MP4)
            assert refusal.value.code == 409
            refusal.value.close()
            stream.pause.end()


def test_it_ends_with_the_right(camera: Camera, tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    token = accounts.add_token("Kitchen", ["view"], by="test")
    with (
        mounted_app(
            tmp_path, SHM=camera.segment, AUTH="builtin", ACCOUNTS=tmp_path / "accounts.json"
        ) as app,
        served(app) as address,
    ):
        url = address.replace("ws://", "http://")
        wait_until(lambda: stream_of(app).reader.status.state == "live")
        with pytest.raises(urllib.error.HTTPError, match="401") as refusal:
            watch(url + MP4)
        refusal.value.close()
        answer = app.test_client().post(
            "/pet-stream/api/links", json={"path": MP4}, headers=bearer(token)
        )
        link = answer.get_json()["url"].partition("?")[2]
        with watch(f"{url}{MP4}?{link}") as by_link, watch(url + MP4, **bearer(token)) as by_token:
            assert by_link.read(8) == by_token.read(8)
            with pytest.raises(urllib.error.HTTPError, match="401") as refusal:
                watch(f"{url}{H264}?{link}")
            refusal.value.close()
            [made] = accounts.book().tokens
            accounts.revoke("tokens", made.id, by="test")
            stream_of(app).grants.check_soon()
            wait_until_nobody_watches(app)


def test_one_viewer_too_many_is_refused(url: str, app: Flask) -> None:
    with watch(url + MP4), watch(url + H264):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            watch(url + MP4)
        assert refusal.value.code == 503
        assert refusal.value.headers["Retry-After"]
        assert b'"code":"full"' in refusal.value.read()
        refusal.value.close()
        assert stream_of(app).http_counts.rejected["full"] == 1
        page = app.test_client().get("/metrics").text
        for transport in ("mp4", "h264"):
            assert f'pet_stream_viewers_by_transport{{transport="{transport}"}} 1' in page
        assert app.test_client().get("/health").get_json()["viewers"] == {"mp4": 1, "h264": 1}


def test_without_a_camera_it_says_so(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        viewers = stream_of(app).http_viewers
        viewers.limits = replace(viewers.limits, first_picture_s=0.1)
        answer = app.test_client().get(MP4)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "no_picture")
        answer = app.test_client().get(MP4 + "?camera=garden")
        assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")
        answer = app.test_client().get(MP4 + "?camera=day")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
        wait_until_nobody_watches(app)


def test_a_camera_that_restarts_with_another_format_goes_on_in_the_same_answer(
    segment_name: str, footage: Path, tmp_path: Path
) -> None:
    larger = tmp_path / "larger"
    write_source(larger, encode(640, 480, pictures=28, profile="high"))
    sizes: list[tuple[int, int]] = []

    def play(url: str) -> None:
        with av.open(url, timeout=TIMEOUT_S) as player:
            for frame in player.decode(video=0):
                if (frame.width, frame.height) not in sizes:
                    sizes.append((frame.width, frame.height))
                if len(sizes) == 2:
                    return

    with mounted_app(tmp_path, SHM=segment_name) as app, served(app) as address:
        player = threading.Thread(target=play, args=(address.replace("ws:", "http:") + MP4,))
        with Camera(segment_name, source=footage, fps=30):
            player.start()
            wait_until(lambda: sizes)
        with Camera(segment_name, source=larger, fps=30):
            player.join(TIMEOUT_S)
        assert sizes == [(320, 240), (640, 480)]


def test_it_stands_beside_the_pages_under_a_server_with_few_threads(app: Flask) -> None:
    viewer = stream_of(app).http_viewers
    assert viewer.active_count == 0
    with closing(app.test_client().get(MP4)) as answer:
        assert answer.status_code == 200
        assert viewer.active_count == 1
    wait_until_nobody_watches(app)
