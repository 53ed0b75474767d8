"""Pages and scripts, compressed for those who take it."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from pet_stream.assets import find_folder

STATIC = "/pet-stream/static"
GZIP = {"Accept-Encoding": "gzip, deflate, br"}
MODULE = "js/peer.js"


def get(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    """Buffered: a file that is sent is closed at once."""
    return client.get(path, headers=headers, buffered=True)


@pytest.mark.parametrize(
    "path", [f"{STATIC}/{MODULE}", f"{STATIC}/icons/sprite.svg", "/pet-stream/"]
)
def test_a_page_compressed_is_the_same_page(client: FlaskClient, path: str) -> None:
    plain = get(client, path)
    packed = get(client, path, **GZIP)
    assert plain.content_encoding is None
    assert packed.content_encoding == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.content_length == len(packed.data) < len(plain.data) / 2
    assert "Accept-Encoding" in plain.vary
    assert "Accept-Encoding" in packed.vary


def test_a_compressed_script_is_not_sent_again(client: FlaskClient) -> None:
    first = get(client, f"{STATIC}/{MODULE}", **GZIP)
    unchanged = {"If-None-Match": first.headers["ETag"]}
    again = get(client, f"{STATIC}/{MODULE}", **GZIP, **unchanged)
    assert again.status_code == 304
    assert not again.data
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_compressed_scripts_etag_is_weak_and_asks_for_no_range_of_the_script(
    client: FlaskClient,
) -> None:
    plain = get(client, f"{STATIC}/{MODULE}")
    packed = get(client, f"{STATIC}/{MODULE}", **GZIP)
    assert not plain.get_etag()[1]
    assert packed.get_etag()[1]
    of_packed = {"If-Range": packed.headers["ETag"], "Range": "bytes=0-9"}
    assert get(client, f"{STATIC}/{MODULE}", **of_packed).data == plain.data
    assert get(client, f"{STATIC}/{MODULE}", **of_packed, **GZIP).content_encoding == "gzip"


def test_gzip_refused_is_not_used(client: FlaskClient) -> None:
    answer = get(client, f"{STATIC}/{MODULE}", **{"Accept-Encoding": "gzip;q=0, identity"})
    assert answer.content_encoding is None


def test_no_charset_is_needed(client: FlaskClient) -> None:
    for path in (find_folder("static") / "css").iterdir():
        assert path.read_bytes().isascii(), path
    assert get(client, f"{STATIC}/{MODULE}", **GZIP).headers["Content-Type"] == "text/javascript"


def test_live_data_is_not_compressed(client: FlaskClient) -> None:
    assert get(client, "/health", **GZIP).content_encoding is None
