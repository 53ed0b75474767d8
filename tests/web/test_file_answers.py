"""Conditional requests and ranges, the same for files, joined segments, cuts and what grows."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.http import http_date

from pet_stream.recording.containers import Mp4Container
from tests.footage import encode
from tests.recording.playback import access_unit

CHANGED_AT = 1_700_000_000
OLDER, SAME, NEWER = (http_date(CHANGED_AT + seconds) for seconds in (-1, 0, 1))
ETAG = "the ETag"
"""Stands for the one that the first answer brings."""

URLS = {
    "file": "/api/recordings/cat.001.mp4",
    "joined": "/api/recordings/cat.mp4",
    "cut": "/api/recordings/cat.mp4?from=0.5&to=1.5",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    units = [access_unit(data) for data in encode(320, 240, gop=15, pictures=45)]
    timed = [replace(u, sequence=n, capture_ns=n * 33_000_000) for n, u in enumerate(units)]
    for number in (1, 2):
        path = folder / f"cat.00{number}.mp4"
        with io.FileIO(path, "xb+") as file:
            container = Mp4Container(file)
            container.write(timed)
            container.close()
        os.utime(path, (CHANGED_AT, CHANGED_AT))
    return folder


@pytest.fixture(params=URLS)
def url(request: pytest.FixtureRequest, folder: Path) -> str:
    return URLS[request.param]


def test_the_whole_has_validators(client: FlaskClient, url: str) -> None:
    with client.get(url) as answer:
        assert answer.status_code == 200
        etag, is_weak = answer.get_etag()
        assert etag
        assert not is_weak
        assert answer.headers["Last-Modified"] == SAME
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.content_length == len(answer.data)
    with client.head(url, headers={"Range": "bytes=0-1"}) as answer:  # a range is for GET only
        assert (answer.status_code, answer.content_length) == (200, len(client.get(url).data))


# (headers, status, first byte and the one behind the last)
CASES: list[tuple[dict[str, str], int, tuple[int | None, int | None]]] = [
    ({}, 200, (None, None)),
    # ranges (RFC 9110, 14.1.2 and 14.2)
    ({"Range": "bytes=0-0"}, 206, (0, 1)),
    ({"Range": "bytes=100-199"}, 206, (100, 200)),
    ({"Range": "bytes=100-"}, 206, (100, None)),
    ({"Range": "BYTES=100-99999999999"}, 206, (100, None)),
    ({"Range": "bytes=-7"}, 206, (-7, None)),
    ({"Range": "bytes=-99999999999"}, 206, (None, None)),
    ({"Range": "bytes=99999999999-"}, 416, (0, 0)),
    # more digits than Python converts
    ({"Range": "bytes=0-" + "9" * 4301}, 206, (0, None)),
    ({"Range": "bytes=" + "0" * 5000 + "1-2"}, 206, (1, 3)),
    ({"Range": "bytes=-" + "9" * 4301}, 206, (None, None)),
    ({"Range": "bytes=" + "9" * 4301 + "-"}, 416, (0, 0)),
    ({"Range": "bytes=-0"}, 416, (0, 0)),
    # not for us to understand: the whole
    ({"Range": "bytes=5-4"}, 200, (None, None)),
    ({"Range": "bytes=-"}, 200, (None, None)),
    ({"Range": "bytes=a-b"}, 200, (None, None)),
    ({"Range": "bytes=\u0663-"}, 200, (None, None)),
    ({"Range": "bytes=0-1,5-6"}, 200, (None, None)),
    ({"Range": "lines=0-1"}, 200, (None, None)),
    ({"Range": "0-1"}, 200, (None, None)),
    # If-Range (13.1.5)
    ({"Range": "bytes=0-9", "If-Range": ETAG}, 206, (0, 10)),
    ({"Range": "bytes=0-9", "If-Range": f"W/{ETAG}"}, 200, (None, None)),
    ({"Range": "bytes=0-9", "If-Range": '"other"'}, 200, (None, None)),
    ({"Range": "bytes=0-9", "If-Range": SAME}, 200, (None, None)),
    ({"Range": "bytes=0-9", "If-Range": NEWER}, 200, (None, None)),
    ({"If-Range": ETAG}, 200, (None, None)),
    # If-None-Match (13.1.2), before Range (13.2.2)
    ({"If-None-Match": ETAG}, 304, (0, 0)),
    ({"If-None-Match": f'"other", W/{ETAG}'}, 304, (0, 0)),
    ({"If-None-Match": "*"}, 304, (0, 0)),
    ({"If-None-Match": '"other"'}, 200, (None, None)),
    ({"If-None-Match": '"other"', "If-Modified-Since": NEWER}, 200, (None, None)),
    ({"If-None-Match": ETAG, "Range": "bytes=0-9"}, 304, (0, 0)),
    ({"If-None-Match": '"other"', "Range": "bytes=0-9"}, 206, (0, 10)),
    # If-Modified-Since (13.1.3)
    ({"If-Modified-Since": SAME}, 304, (0, 0)),
    ({"If-Modified-Since": NEWER, "Range": "bytes=0-9"}, 304, (0, 0)),
    ({"If-Modified-Since": OLDER}, 200, (None, None)),
    ({"If-Modified-Since": "yesterday"}, 200, (None, None)),
    # If-Match (13.1.1), If-Unmodified-Since (13.1.4)
    ({"If-Match": ETAG, "Range": "bytes=0-9"}, 206, (0, 10)),
    ({"If-Match": "*"}, 200, (None, None)),
    ({"If-Match": '"other"'}, 412, (0, 0)),
    ({"If-Match": f"W/{ETAG}"}, 412, (0, 0)),
    ({"If-Match": '"other"', "Range": "bytes=0-9"}, 412, (0, 0)),
    ({"If-Unmodified-Since": SAME}, 200, (None, None)),
    ({"If-Unmodified-Since": OLDER, "Range": "bytes=0-9"}, 412, (0, 0)),
    ({"If-Unmodified-Since": OLDER, "If-Match": ETAG}, 200, (None, None)),
]


def test_each_condition_and_range_is_answered_as_rfc_9110_says(
    client: FlaskClient, url: str
) -> None:
    with client.get(url) as whole:
        data, etag = whole.data, whole.headers["ETag"]
    for headers, status, (start, end) in CASES:
        filled = {name: value.replace(ETAG, etag) for name, value in headers.items()}
        with client.get(url, headers=filled) as answer:
            case = (headers, answer.status_code)
            assert case == (headers, status)
            if status in (200, 206):
                assert answer.data == data[start:end], case
                assert answer.content_length == len(answer.data), case
            if status == 206:
                begin = len(data[:start]) if start is not None else 0
                last = begin + len(answer.data) - 1
                assert answer.headers["Content-Range"] == f"bytes {begin}-{last}/{len(data)}", case
            if status in (200, 206, 304):
                assert answer.headers["ETag"] == etag, case
            if status in (200, 206):
                assert answer.headers["Last-Modified"] == SAME, case
            if status == 304:
                assert not answer.data, case
                assert "Content-Length" not in answer.headers, case
            if status == 416:
                assert answer.headers["Content-Range"] == f"bytes */{len(data)}", case
                assert answer.get_json()["code"] == "requested_range_not_satisfiable"
            if status == 412:
                assert answer.get_json()["code"] == "precondition_failed"


def test_another_content_has_another_etag(client: FlaskClient, folder: Path, url: str) -> None:
    with client.get(url) as answer:
        before = answer.headers["ETag"]
    os.utime(folder / "cat.001.mp4", (CHANGED_AT, CHANGED_AT + 5))
    with client.get(url) as answer:
        assert answer.headers["ETag"] != before
        assert answer.headers["Last-Modified"] == http_date(CHANGED_AT + 5)


def test_each_part_has_an_etag_of_its_own(client: FlaskClient, folder: Path) -> None:
    queries = ["", "?from=0", "?from=0&to=1", "?to=1", "?from=1"]
    etags = [client.head(URLS["joined"] + query).headers["ETag"] for query in queries]
    assert len({*etags}) == len(etags)


def test_a_file_that_grows_is_sent_as_long_as_it_was_said(
    live_client: FlaskClient, tmp_path: Path
) -> None:
    live_client.post("/api/recording/start", json={"filename": "cat"})
    part = tmp_path / "recordings" / "cat.mp4.part"
    with live_client.get("/api/recordings/cat.mp4") as answer:
        with part.open("ab") as file:  # as if pictures had come in between
            file.write(bytes(100_000))
        assert len(answer.data) == answer.content_length
