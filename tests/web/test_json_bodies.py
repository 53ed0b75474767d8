from __future__ import annotations

import io
import json

import pytest
from flask.testing import FlaskClient

from pet_stream.web.json_bodies import LIMIT_BYTES, OFFER_LIMIT_BYTES

START = "/api/recording/start"
OFFER = "/api/webrtc/offer"


def body_of(size: int) -> bytes:
    """JSON of exactly `size` bytes."""
    empty = len(json.dumps({"other": ""}))
    return json.dumps({"other": "x" * (size - empty)}).encode()


@pytest.mark.parametrize(
    ("path", "limit", "status_within"),
    [(START, LIMIT_BYTES, 200), ("/start", LIMIT_BYTES, 200), (OFFER, OFFER_LIMIT_BYTES, 400)],
)
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_may_have_so_many_bytes_and_no_more(
    client: FlaskClient, path: str, limit: int, status_within: int, is_chunked: bool
) -> None:
    for size, status in ((limit, status_within), (limit + 1, 413)):
        answer = client.post(path, **(chunked if is_chunked else plain)(body_of(size)))
        assert answer.status_code == status, size
        if status == 413:
            assert answer.get_json()["code"] == "too_large"


def test_a_chunked_body_without_end_is_not_read_to_its_end(client: FlaskClient) -> None:
    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0, "reads without limit"
            self.taken += size
            return b"x" * size

    stream = Endless()
    answer = client.post(START, **chunked(stream))
    assert answer.status_code == 413
    assert stream.taken <= 2 * LIMIT_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"[]",
        b"1",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b"[" * 5000,
        b"{}{}",
        b'{"a": "\\ud800"}',
    ],
    ids=lambda body: repr(body[:10]),
)
def test_what_is_no_json_object_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post(START, data=body)
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "bad_request"
    answer = client.post(OFFER, data=body)
    assert answer.status_code == 400
    assert answer.get_json() == {"error": "Invalid offer data", "code": "invalid_offer"}


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "text/plain", "application/x-www-form-urlencoded"]
)
def test_the_content_type_does_not_matter(client: FlaskClient, content_type: str | None) -> None:
    answer = client.post(START, data=b'{"filename": "mine"}', content_type=content_type)
    assert answer.status_code == 200
    assert answer.get_json()["filename"] == "mine.mp4"


@pytest.mark.parametrize("body", [b"", b" \r\n"])
def test_no_body_is_an_empty_object(client: FlaskClient, body: bytes) -> None:
    assert client.post(START, data=body).status_code == 200


def plain(body: bytes) -> dict[str, object]:
    return {"data": body}


def chunked(body: bytes | io.RawIOBase) -> dict[str, object]:
    """As a server hands it on: the end of the stream is the body's end, no length is known."""
    stream = io.BytesIO(body) if isinstance(body, bytes) else body
    return {
        "headers": {"Transfer-Encoding": "chunked"},
        "environ_overrides": {"wsgi.input": stream, "wsgi.input_terminated": True},
    }
