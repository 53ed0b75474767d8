from __future__ import annotations

import threading
from pathlib import Path

from flask.testing import FlaskClient

from tests.apps import mounted_app, stream_of
from tests.waiting import TIMEOUT_S, wait_until


def statuses(client: FlaskClient) -> tuple[int, int]:
    return client.get("/livez").status_code, client.get("/readyz").status_code


def test_a_live_camera_makes_it_ready(live_client: FlaskClient) -> None:
    assert statuses(live_client) == (200, 200)


def test_without_a_camera_it_lives_but_is_not_ready(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        assert statuses(app.test_client()) == (200, 503)


def test_what_was_stopped_does_not_live(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        stream_of(app).start()
        stream_of(app).stop()
        assert statuses(app.test_client()) == (503, 503)


def test_a_loop_that_hangs_does_not_live(tmp_path: Path) -> None:
    is_over = threading.Event()
    with mounted_app(tmp_path) as app:
        client = app.test_client()
        stream_of(app).start()
        stream_of(app).event_loop.call_soon(is_over.wait, TIMEOUT_S)
        wait_until(lambda: client.get("/livez").status_code == 503)
        is_over.set()
        wait_until(lambda: client.get("/livez").status_code == 200)


def test_a_stranger_learns_nothing_more(tmp_path: Path) -> None:
    with mounted_app(tmp_path, authorize=lambda _: False) as app:
        assert app.test_client().get("/livez").get_json() == {"status": "ok"}
