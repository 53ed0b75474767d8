"""What somebody can send as settings: nothing of it is kept, and the page lives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import CSRFProtect

from pet_stream.page_settings import FILE_NAME, MAX_FILE_BYTES
from pet_stream.rights import ROLES, Right
from tests.apps import mounted_app, stream_of

URL = "/pet-stream/api/settings"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, AUTOSTART=False) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"x" * 1_000_000, 413),
        (json.dumps({"camera_name": "x" * 1_000_000}).encode(), 413),
        (b'{"keep_days": NaN}', 400),
        (b'{"keep_days": -Infinity}', 400),
        (b'{"keep_days": 1e999}', 400),
        (b'{"keep_mb": ' + b"9" * 5000 + b"}", 400),
        (b'{"keep_mb": ' + b"9" * 4000 + b"}", 400),
        (b'{"keep_mb": 1.0}', 400),
        (b'{"keep_days": [7]}', 400),
        (b'{"keep_days": {"$gt": 0}}', 400),
        (b'{"language": ["en"]}', 400),
        (b'{"language": {}}', 400),
        (b'{"camera_name": 7}', 400),
        (b'{"camera_name": "\\ud83d"}', 400),
        (b'{"camera_name": "a\\u0000b"}', 400),
        (b'{"camera_name": "\\u202egnp.exe"}', 400),
        (b'{"camera_name": "a\\u2028b"}', 400),
        (b'{"__class__": 7}', 400),
        (b'{"": 7}', 400),
        (json.dumps({f"n{n}": n for n in range(600)}).encode(), 400),
        (b"[" * 9000, 400),
        (b"[]", 400),
        (b"keep_days = 7", 400),
        (b"\xff\xfe", 400),
    ],
    ids=range(24),
)
def test_a_body_that_is_no_change_changes_nothing(
    app: Flask, client: FlaskClient, body: bytes, status: int
) -> None:
    before = stream_of(app).config
    answer = client.patch(URL, data=body, content_type="application/json")
    assert answer.status_code == status
    assert set(answer.get_json()) >= {"error", "code"}
    assert len(answer.data) < 500
    assert stream_of(app).config is before
    assert not (before.record_path / FILE_NAME).exists()


@pytest.mark.parametrize("condition", ['W/"x"', '"' + "x" * 8000 + '"', ",,,", '"', "\xff"])
def test_an_odd_condition_is_no_permission(client: FlaskClient, condition: str) -> None:
    answer = client.patch(URL, json={"keep_days": 7}, headers={"If-Match": condition})
    assert answer.status_code == 412


@pytest.mark.parametrize("role", [None, *ROLES])
def test_only_who_may_manage_sees_or_changes_them(tmp_path: Path, role: str | None) -> None:
    rights = ROLES.get(role or "", frozenset())
    with mounted_app(tmp_path, authorize=lambda right: Right(right) in rights) as app:
        expected = 200 if Right.MANAGE in rights else 403
        client = app.test_client()
        assert client.get(URL).status_code == expected
        for query in ("", "?dry_run=1"):
            answer = client.patch(URL + query, json={"keep_days": 7})
            assert answer.status_code == expected
        assert stream_of(app).config.keep_days == (7 if expected == 200 else 0)


def test_a_foreign_page_changes_nothing(app: Flask, client: FlaskClient) -> None:
    for headers in ({"Origin": "http://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.patch(URL, json={"keep_days": 7}, headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "origin")
    assert stream_of(app).config.keep_days == 0


def test_where_the_host_wants_a_token_nothing_changes_without(app: Flask) -> None:
    app.secret_key = "secret"
    CSRFProtect(app)
    assert app.test_client().patch(URL, json={"keep_days": 7}).status_code == 400
    assert stream_of(app).config.keep_days == 0


def test_many_who_change_at_once_leave_one_whole_file(app: Flask) -> None:
    statuses = []

    def change(number: int) -> None:
        client = app.test_client()
        for turn in range(5):
            answer = client.patch(URL, json={"keep_days": number, "keep_mb": turn})
            statuses.append(answer.status_code)

    threads = [threading.Thread(target=change, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 503}
    assert 200 in statuses
    path = stream_of(app).config.record_path / FILE_NAME
    assert path.stat().st_size < MAX_FILE_BYTES
    kept = json.loads(path.read_text())["settings"]
    assert stream_of(app).config.keep_days == kept["keep_days"]
    assert stream_of(app).config.keep_mb == kept["keep_mb"]
    assert [each.name for each in path.parent.glob(".pet_stream.settings*")] == [FILE_NAME]
