"""Somebody has taken all descriptors that this process may have."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.apps import mounted_app, stream_of
from tests.web.test_signaling import CHROMIUM


@contextmanager
def no_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_needs_one_comes_later(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        stream_of(app).start()
        stream_of(app).peers.get()
        client = app.test_client()
        offer = {"type": "offer", "sdp": CHROMIUM}
        with no_descriptors():
            answers = [
                client.get("/pet-stream/static/js/player.js"),
                client.post("/api/webrtc/offer", json=offer),
            ]
        for answer in answers:
            assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
            assert answer.headers["Retry-After"]
        assert client.post("/api/webrtc/offer", json=offer).status_code == 200
