"""HLS over HTTP, with a camera and a web server."""

from __future__ import annotations

import io
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import av
import pytest
from flask import Flask

from pet_stream.accounts.accounts import Accounts
from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.waiting import TIMEOUT_S, wait_until
from tests.web.test_accounts import bearer
from tests.websocket.client import served

INDEX = "/api/stream/index.m3u8"
ENOUGH_SWEEPS = 100


@pytest.fixture
def camera(segment_name: str, footage: Path) -> Iterator[Camera]:
    with Camera(segment_name, source=footage, fps=300) as camera:  # ten times as quick
        yield camera


@pytest.fixture
def app(camera: Camera, tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, SHM=camera.segment, MAX_CLIENTS=3) as app:
        yield app


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    with served(app) as address:
        wait_until(lambda: stream_of(app).reader.status.state == "live")
        yield address.replace("ws://", "http://")


def get(url: str, **headers: str) -> bytes:
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        data: bytes = answer.read()
        return data


def status(url: str, **headers: str) -> tuple[int, bytes]:
    try:
        return 200, get(url, **headers)
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.read()


def open_session(url: str, **headers: str) -> str:
    """URL of a media playlist of its own."""
    return urljoin(url + INDEX, get(url + INDEX, **headers).decode().splitlines()[-1])


def lines_of(playlist: str, **headers: str) -> list[str]:
    return get(playlist, **headers).decode().splitlines()


def value(lines: list[str], tag: str) -> str:
    return next(line.removeprefix(tag + ":") for line in lines if line.startswith(tag + ":"))


def segments_in(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("#")]


def init_in(lines: list[str]) -> str:
    return value(lines, "#EXT-X-MAP").partition('"')[2].partition('"')[0]


def test_all_that_a_playlist_names_can_be_fetched_and_decoded(url: str, app: Flask) -> None:
    playlist = open_session(url)
    lines = lines_of(playlist)
    names = segments_in(lines)
    data = get(urljoin(playlist, init_in(lines)))
    data += b"".join(get(urljoin(playlist, name)) for name in names)
    with av.open(io.BytesIO(data)) as file:
        frames = list(file.decode(video=0))
    assert len(frames) >= 14 * len(names)
    assert not any(frame.is_corrupt for frame in frames)
    for name in names:
        parts = [line for line in lines if f'URI="{name.partition(".")[0]}.' in line]
        pieces = [get(urljoin(playlist, part.split('"')[1])) for part in parts]
        assert b"".join(pieces) in (b"", get(urljoin(playlist, name)))
    assert [place.occupant.transport for place in stream_of(app).places.taken] == ["hls"]


def test_ffmpeg_and_pyav_play_it(url: str, app: Flask) -> None:
    with av.open(url + INDEX, timeout=TIMEOUT_S) as player:
        frames = [frame for frame, _ in zip(player.decode(video=0), range(60), strict=False)]
    assert not any(frame.is_corrupt for frame in frames)
    times = [frame.pts for frame in frames]
    assert times == sorted(set(times))
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", url + INDEX],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    assert "codec_name=h264" in told.stdout
    assert stream_of(app).places.active_count == 2


@pytest.mark.slow
def test_pyav_plays_on_through_a_restart_of_the_camera(
    segment_name: str, footage: Path, tmp_path: Path
) -> None:
    shown: list[int] = []
    is_over = threading.Event()

    def play(url: str) -> None:
        with av.open(url, timeout=TIMEOUT_S) as player:
            for frame in player.decode(video=0):
                assert not frame.is_corrupt
                shown.append(frame.pts or 0)
                if is_over.is_set():
                    return

    with mounted_app(tmp_path, SHM=segment_name) as app, served(app) as address:
        url = address.replace("ws:", "http:") + INDEX
        with Camera(segment_name, source=footage, fps=30):
            wait_until(lambda: status(url)[0] == 200)
            player = threading.Thread(target=play, args=(url,))
            player.start()
            wait_until(lambda: len(shown) > 60)
        before = len(shown)
        with Camera(segment_name, source=footage, fps=30):
            wait_until(lambda: len(shown) > before + 120)
            is_over.set()
            player.join(TIMEOUT_S)
        assert not player.is_alive()


def test_numbers_are_the_same_for_all_and_each_part_is_made_once(url: str, app: Flask) -> None:
    window = stream_of(app).hls_window
    playlists = [open_session(url) for _ in range(3)]
    lines = lines_of(playlists[0])
    name = segments_in(lines)[-1]
    first = get(urljoin(playlists[0], name))
    made_count = window.made_count
    assert [get(urljoin(playlist, name)) for playlist in playlists] == [first] * 3
    assert window.made_count == made_count
    later = lines_of(playlists[1])
    assert int(value(later, "#EXT-X-MEDIA-SEQUENCE")) >= int(value(lines, "#EXT-X-MEDIA-SEQUENCE"))
    assert 0 < int(value(later, "#EXT-X-MEDIA-SEQUENCE")) - time.time() + TIMEOUT_S < 2 * TIMEOUT_S


def test_a_reload_waits_for_the_next_part_for_all_who_ask(
    segment_name: str, footage: Path, tmp_path: Path
) -> None:
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(tmp_path, SHM=segment_name) as app,
        served(app) as address,
    ):
        url = address.replace("ws:", "http:")
        playlists = [open_session(url) for _ in range(4)]
        before = lines_of(playlists[0])
        [newest] = [line.split('"')[1] for line in before if "EXT-X-PART:" in line][-1:]
        number, part = map(int, newest.split(".")[:2])
        wanted = (number, part + 1) if part < 3 else (number + 1, 0)
        query = f"?_HLS_msn={wanted[0]}&_HLS_part={wanted[1]}"
        answers: list[str] = []
        threads = [
            threading.Thread(target=lambda p=p: answers.append(get(p + query).decode()))
            for p in playlists
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT_S)
        assert [f'"{wanted[0]}.{wanted[1]}.m4s"' in answer for answer in answers] == [True] * 4
        wait_until(lambda: not stream_of(app).hls_window.waiting_count)
        wait_until(lambda: not stream_of(app).broadcaster.has_urgent_subscriber)


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_msn=99999999999",
        "_HLS_msn=99999999999&_HLS_part=0",
        "_HLS_msn={next}&_HLS_part=99",
        "_HLS_msn=-1",
        "_HLS_msn=1.5",
        "_HLS_msn=1e3",
        "_HLS_msn=",
        "_HLS_msn=٣",
        "_HLS_msn=" + 100 * "9",
        "_HLS_part=1",
        "_HLS_msn=0&_HLS_part=x",
    ],
)
def test_what_is_far_ahead_or_no_number_is_refused_at_once(url: str, query: str) -> None:
    playlist = open_session(url)
    newest = int(segments_in(lines_of(playlist))[-1].partition(".")[0])
    told, body = status(f"{playlist}?{urllib.parse.quote(query.format(next=newest + 1), '=&')}")
    if "{next}" in query:
        assert told in (200, 400)  # the camera is quick: it may have come
    else:
        assert (told, b'"code":"bad_request"' in body) == (400, True)


def test_foreign_ids_and_names_lead_nowhere(url: str, app: Flask) -> None:
    playlist = open_session(url)
    for path in (
        "AAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA/live.m3u8",
        "x/live.m3u8",
        "%2e%2e/live.m3u8",
        "x/1.m4s",
    ):
        assert status(f"{url}/api/stream/hls/{path}")[0] == 404
    assert stream_of(app).places.total_count == 0
    for name in ("0.m4s", "0.0.m4s", "x.m4s", "init-0.mp4", "live.m3u", "1.m4s.m4s", "٣.m4s"):
        assert status(urljoin(playlist, urllib.parse.quote(name)))[0] == 404


def test_a_viewer_who_asks_for_nothing_goes_and_with_the_last_one_all_that_was_kept(
    url: str, app: Flask
) -> None:
    stream = stream_of(app)
    playlist = open_session(url)
    name = segments_in(lines_of(playlist))[-1]
    for _ in range(ENOUGH_SWEEPS):
        stream.hls_sessions.sweep()
    assert stream.places.active_count == 0
    assert status(urljoin(playlist, name))[0] == 404  # what comes now has other numbers
    assert segments_in(lines_of(playlist))


def test_an_owner_ends_a_viewer_for_good(url: str, app: Flask) -> None:
    playlist = open_session(url)
    lines_of(playlist)
    client = app.test_client()
    [viewer] = client.get("/pet-stream/api/viewers").get_json()["viewers"]
    assert viewer["transport"] == "hls"
    assert client.delete(f"/pet-stream/api/viewers/{viewer['id']}").status_code == 204
    assert status(playlist)[0] == 404
    assert lines_of(open_session(url))


def test_nothing_from_before_a_pause_is_shown_in_it_or_after(url: str, app: Flask) -> None:
    stream = stream_of(app)
    playlist = open_session(url)
    before = segments_in(lines_of(playlist))
    stream.pause.begin()
    for path in (url + INDEX, playlist, urljoin(playlist, before[-1])):
        told, body = status(path)
        assert (told, b'"code":"paused"' in body) == (409, True)
    stream.pause.end()
    wait_until(lambda: stream.broadcaster.has_gop)
    after = segments_in(lines_of(playlist))
    assert int(after[0].partition(".")[0]) > int(before[-1].partition(".")[0])
    for name in before:
        assert status(urljoin(playlist, name))[0] == 404


def test_a_link_leads_through_everything_and_ends_with_its_makers_right(
    camera: Camera, tmp_path: Path
) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    token = accounts.add_token("Television", ["view"], by="test")
    with (
        mounted_app(
            tmp_path, SHM=camera.segment, AUTH="builtin", ACCOUNTS=tmp_path / "accounts.json"
        ) as app,
        served(app) as address,
    ):
        url = address.replace("ws://", "http://")
        assert status(url + INDEX)[0] == 401
        body = {"path": INDEX, "hours": 1}
        made = app.test_client().post("/pet-stream/api/links", json=body, headers=bearer(token))
        query = made.get_json()["url"].partition("?")[2]
        with av.open(f"{url}{INDEX}?{query}", timeout=TIMEOUT_S) as player:
            assert next(player.decode(video=0)).width == 320
        by_token = open_session(url, **bearer(token))
        assert lines_of(by_token, **bearer(token))
        assert status(by_token)[0] == 401
        assert status(f"{by_token}?{query}")[0] == 404  # another's
        told = get(f"{url}{INDEX}?{query}").decode().splitlines()[-1]
        playlist = urljoin(url + INDEX, told)
        assert playlist.endswith(f"?{query}")
        name = segments_in(lines_of(playlist))[-1]
        assert get(urljoin(playlist, name))
        assert status(urljoin(playlist, name.partition("?")[0]))[0] == 401
        [entry] = accounts.book().tokens
        accounts.revoke("tokens", entry.id, by="test")
        assert status(playlist)[0] == 401
        assert status(urljoin(playlist, name))[0] == 401


def test_one_viewer_too_many_is_refused(url: str, app: Flask) -> None:
    for _ in range(3):
        lines_of(open_session(url))
    told, body = status(url + INDEX)
    assert (told, b'"code":"full"' in body) == (503, True)
    assert stream_of(app).http_counts.rejected["full"] == 1


@pytest.mark.parametrize("setting", ["REPLAY_SECONDS", "REPLAY_MB"])
def test_without_replay_memory_it_says_why(tmp_path: Path, setting: str) -> None:
    with mounted_app(tmp_path, **{setting: 0}) as app:
        answer = app.test_client().get(INDEX)
        assert answer.status_code == 404
        assert f"PET_STREAM_{setting}" in answer.get_json()["error"]


def test_what_cannot_be_shown_is_said(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        client = app.test_client()
        answer = client.get(INDEX + "?camera=day")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "not_found")
        stream_of(app).hls_window.patience_s = 0
        answer = client.get(INDEX)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "no_picture")


def test_a_head_request_sends_no_pictures(url: str, app: Flask) -> None:
    playlist = open_session(url)
    name = segments_in(lines_of(playlist))[-1]
    request = urllib.request.Request(urljoin(playlist, name), method="HEAD")
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        assert answer.headers["Content-Type"] == "video/mp4"
        assert int(answer.headers["Content-Length"]) == len(get(urljoin(playlist, name)))
        assert answer.read() == b""
    with urllib.request.urlopen(playlist, timeout=TIMEOUT_S) as answer:
        assert answer.headers["Content-Type"] == "application/vnd.apple.mpegurl"
        assert answer.headers["Cache-Control"] == "no-store"
