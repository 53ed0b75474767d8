"""Cameras without a second IDR, as viewers, pages and files see them."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import pytest
from flask import Flask

from tests.apps import mounted_app, stream_of
from tests.doctor.daemon import daemon
from tests.footage import encode, open_gops
from tests.waiting import wait_until
from tests.websocket.client import WebSocket, header_of, served

PATH = "/api/stream/h264"
START = 1
GOP = 20

Health = dict[str, object]


@contextmanager
def watching(segment_name: str, units: list[bytes], folder: Path) -> Iterator[tuple[Flask, str]]:
    """An app that reads a camera which began long ago."""
    with (
        daemon(segment_name, units, fps=60),
        mounted_app(folder, SHM=segment_name) as app,
        served(app) as url,
    ):
        wait_until(lambda: stream_of(app).reader.status.state == "live")
        yield app, url + PATH


def test_viewers_begin_at_a_recovery_point(segment_name: str, tmp_path: Path) -> None:
    units = open_gops(gop=GOP, pictures=8 * GOP)[GOP + 1 :]
    with watching(segment_name, units, tmp_path) as (app, url), WebSocket(url) as viewer:
        assert viewer.receive()["camera"] == "live"
        told = viewer.receive()
        messages = [viewer.binary() for _ in range(GOP + 5)]
        health = app.test_client().get("/health").get_json()
    starts = [bool(header_of(message)[0] & START) for message in messages]
    assert starts[0]
    assert sum(starts) == 2
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = base64.b64decode(told["avcc"])
    frames = [f for m in messages for f in decoder.decode(av.Packet(m[24:]))]
    assert len([*frames, *decoder.decode(None)]) == len(messages)
    assert (health["status"], health["reason_codes"]) == ("degraded", ["recovery_points"])
    assert health["camera"]["entry"] == "recovery_point"
    assert health["camera"]["state"] == "live"


def test_viewers_of_a_gradual_refresh_are_told_to_wait(segment_name: str, tmp_path: Path) -> None:
    units = encode(gop=GOP, pictures=8 * GOP, x264=("intra-refresh=1",))[1:]
    with watching(segment_name, units, tmp_path) as (app, url), WebSocket(url) as viewer:
        told = viewer.receive()
        health = app.test_client().get("/health").get_json()
    assert (told["camera"], told["reason_code"]) == ("waiting", "gradual_refresh")
    assert "no IDR for" in told["reason"]
    assert health["status"] == "degraded"
    assert health["reason_codes"] == ["gradual_refresh"]
    assert health["camera"]["entry"] == "gradual_refresh"


def test_who_waits_begins_with_the_idr_that_comes_after_all(
    segment_name: str, tmp_path: Path
) -> None:
    """And is told so."""
    units = encode(gop=GOP, pictures=7 * GOP, x264=("intra-refresh=1",))
    units = [*units[GOP + 1 :], *units[: GOP + 1]]
    with watching(segment_name, units, tmp_path) as (_, url), WebSocket(url) as viewer:
        assert viewer.receive()["camera"] == "waiting"
        first = viewer.binary()
        told = viewer.receive_until(lambda m: isinstance(m, dict) and m["type"] == "status")
    assert header_of(first)[0] & START
    assert (told["camera"], told["reason"]) == ("live", "")


@pytest.mark.parametrize(
    "make_units",
    [
        lambda: open_gops(gop=GOP, pictures=8 * GOP)[GOP + 1 :],
        lambda: encode(gop=GOP, pictures=8 * GOP, x264=("intra-refresh=1",))[1:],
    ],
    ids=["I pictures", "gradual refresh"],
)
@pytest.mark.parametrize("file_format", ["mp4", "h264"])
def test_files_begin_at_a_recovery_point(
    segment_name: str, tmp_path: Path, make_units: Callable[[], list[bytes]], file_format: str
) -> None:
    with watching(segment_name, make_units(), tmp_path) as (app, _):
        client = app.test_client()
        answer = client.post("/api/recording/start", json={"format": file_format})
        assert answer.status_code == 200
        wait_until(
            lambda: client.get("/api/recording/status").get_json()["frame_count"] >= 2 * GOP + 5
        )
        stopped = client.post("/api/recording/stop").get_json()
        with client.get(f"/api/recordings/{stopped['filename']}") as download:
            content = download.data
        with client.get(f"/api/recordings/{stopped['filename']}/thumbnail") as thumbnail:
            assert thumbnail.status_code == 200
    path = tmp_path / f"played.{file_format}"
    path.write_bytes(content)
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert packets[0].is_keyframe
    assert len(packets) == stopped["frame_count"]
    # a decoder keeps back the pictures that are not right yet
    assert len(packets) - GOP <= len(frames) <= len(packets)


def test_b_pictures_are_a_reason_and_are_recorded_in_their_order(
    segment_name: str, tmp_path: Path
) -> None:
    units = encode(profile="high", gop=GOP, pictures=4 * GOP, bframes=2)
    with watching(segment_name, units, tmp_path) as (app, url), WebSocket(url) as viewer:
        client = app.test_client()
        assert client.post("/api/recording/start").status_code == 200
        viewer.receive()  # status
        viewer.receive()  # format
        messages = [viewer.binary() for _ in range(4 * GOP)]
        wait_until(lambda: client.get("/health").get_json()["reason_codes"] == ["b_pictures"])
        health = client.get("/health").get_json()
        stopped = client.post("/api/recording/stop").get_json()
        with client.get(f"/api/recordings/{stopped['filename']}") as download:
            content = download.data
    assert health["status"] == "degraded"
    assert health["camera"]["b_pictures"] is True
    with av.open(io.BytesIO(content)) as container:
        times = [float(f.pts * f.time_base) for f in container.decode(video=0)]
    assert len(times) == stopped["frame_count"]
    assert times[0] == 0
    assert times == sorted(times)
    shown_us = [
        header_of(message)[2] + int.from_bytes(message[1:4], "big", signed=True)
        for message in messages[2 * GOP :]
    ]
    assert shown_us != sorted(shown_us), "messages come in the order of decoding"
    assert len(set(shown_us)) == len(shown_us)
