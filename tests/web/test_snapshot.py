from __future__ import annotations

import time
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import av
import pytest
from flask.testing import FlaskClient

from tests.apps import stream_of

PATH = "/api/snapshot.jpg"


def test_a_snapshot_shows_this_moment(live_client: FlaskClient) -> None:
    answer = live_client.get("/api/snapshot.jpg")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"] == "no-store"
    (frame,) = av.CodecContext.create("mjpeg", "r").decode(av.Packet(answer.data))
    assert (frame.width, frame.height) == (320, 240)


def test_without_a_camera_there_is_no_snapshot(client: FlaskClient) -> None:
    answer = client.get("/api/snapshot.jpg")
    assert answer.status_code == 503
    assert answer.get_json()["code"] == "no_picture"


def test_who_has_this_very_picture_is_told_so(live_client: FlaskClient) -> None:
    stream_of(live_client.application).snapshots._max_age_s = float("inf")
    answer = live_client.get(PATH)
    etag = answer.headers["ETag"]
    assert etag.startswith('"')
    for known in (etag, "*", f'"another", {etag}', f"W/{etag}"):
        again = live_client.get(PATH, headers={"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == etag
        assert again.headers["Capture-Time"] == answer.headers["Capture-Time"]
    for other in ('"another"', "", etag[1:-2]):
        assert live_client.get(PATH, headers={"If-None-Match": other}).data == answer.data
    small = live_client.get(f"{PATH}?width=160", headers={"If-None-Match": etag})
    assert small.status_code == 200
    assert small.headers["ETag"] != etag


def test_it_says_when_the_picture_was_captured(live_client: FlaskClient) -> None:
    headers = {"Origin": "http://localhost:8080"}
    answer = live_client.get(PATH, headers=headers)
    captured_at = datetime.fromisoformat(answer.headers["Capture-Time"])
    assert captured_at.tzinfo is not None
    assert 0 <= time.time() - captured_at.timestamp() < 60
    modified_at = parsedate_to_datetime(answer.headers["Last-Modified"])
    assert modified_at == captured_at.astimezone(timezone.utc).replace(microsecond=0)
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Capture-Time", "ETag"} <= set(exposed)


@pytest.mark.parametrize(("width", "wide"), [("160", 160), ("16", 16), ("8192", 320)])
def test_a_picture_may_be_smaller(live_client: FlaskClient, width: str, wide: int) -> None:
    answer = live_client.get(f"{PATH}?width={width}")
    (frame,) = av.CodecContext.create("mjpeg", "r").decode(av.Packet(answer.data))
    assert (frame.width, frame.height) == (wide, wide * 3 // 4)


@pytest.mark.parametrize(
    "width",
    ["", "15", "8193", "0", "-1", "1e3", "160.0", "x", "9" * 5000, "\u0661\u0666\u0660", "%00"],
)
def test_other_widths_are_refused(client: FlaskClient, width: str) -> None:
    answer = client.get(PATH, query_string={"width": width})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")
