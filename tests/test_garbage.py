"""An app that nobody refers to any more gives back its threads, descriptors and files."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from prometheus_flask_exporter import PrometheusMetrics

from tests.apps import mount, stream_of, thread_names
from tests.attacks.http_clients import descriptor_count
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import wait_until
from tests.websocket.client import WebSocket, served

pytestmark = pytest.mark.slow

OFFER = (Path(__file__).parent / "webrtc" / "offers" / "chromium-156.sdp").read_text()


def use_app(
    folder: Path, use: Callable[[FlaskClient], object] = lambda client: None, **settings: Any
) -> None:
    """Make an app as a test's fixture does, ask it, and forget it."""
    app = Flask("host", static_folder=None)
    mount(app, folder, **settings)
    client = app.test_client()
    assert client.get("/health").status_code == 200
    assert thread_names()
    use(client)


def forget() -> None:
    gc.collect()
    wait_until(lambda: thread_names() == [])


def test_many_apps_of_a_factory_leave_nothing(tmp_path: Path) -> None:
    use_app(tmp_path)
    forget()
    threads, descriptors = threading.active_count(), descriptor_count()
    for _ in range(50):
        use_app(tmp_path)
    forget()
    wait_until(lambda: threading.active_count() <= threads)
    assert descriptor_count() <= descriptors


def test_one_that_answered_offers_and_told_its_metrics_is_forgotten_too(tmp_path: Path) -> None:
    def use(client: FlaskClient) -> None:
        offer = {"type": "offer", "sdp": OFFER}
        pc_id = client.post("/api/webrtc/offer", json=offer).get_json()["pc_id"]
        client.delete(f"/api/webrtc/{pc_id}")
        for path in ("/pet-stream/", "/metrics", "/api/webrtc/config", "/api/recordings"):
            assert client.get(path).status_code == 200

    use_app(tmp_path, use, KEEP_DAYS=1)
    forget()


def test_one_that_had_pages_is_forgotten_when_they_are_closed(tmp_path: Path) -> None:
    def use(client: FlaskClient) -> None:
        with served(client.application) as url, WebSocket(f"{url}/api/stream/ws") as page:
            page.text("state")
        stream_of(client.application).start()

    use_app(tmp_path, use)
    forget()


def test_an_exporter_of_the_hosts_keeps_none_and_goes_on(tmp_path: Path) -> None:
    exporter = PrometheusMetrics(None, path=None, registry=CollectorRegistry())

    def use() -> None:
        app = Flask("host", static_folder=None)
        mount(app, tmp_path, metrics=exporter)
        app.test_client().get("/health")

    use()
    forget()
    assert "streaming" not in exporter.generate_metrics()[0]


def test_a_recording_is_finished(tmp_path: Path, segment_name: str) -> None:
    write_source(tmp_path / "scene", encode(320, 240, fps=30, gop=14, pictures=42))

    def record(client: FlaskClient) -> None:
        client.post("/api/recording/start", json={"filename": "cat"})
        recorder = stream_of(client.application).recorder
        wait_until(lambda: recorder.status.frame_count >= 20)

    with Camera(segment_name, source=tmp_path / "scene", fps=30):
        use_app(tmp_path, record, SHM=segment_name)
        forget()
    with av.open(tmp_path / "recordings" / "cat.mp4") as file:
        assert len(list(file.decode(video=0))) >= 20


def test_in_the_middle_of_anything_nothing_waits(tmp_path: Path) -> None:
    """The collector may run in a thread that holds any lock, that of the threads' list too."""
    app = Flask("host", static_folder=None)
    mount(app, tmp_path)
    app.test_client().get("/health")
    del app
    with threading._active_limbo_lock:  # type: ignore[attr-defined]
        gc.collect()
    wait_until(lambda: thread_names() == [])


def test_without_a_thread_to_end_it_in_it_is_ended_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_app(tmp_path)
    real, refused = threading.Thread.start, threading.Event()

    def start(thread: threading.Thread) -> None:
        if thread.name.endswith("-end") and not refused.is_set():
            refused.set()
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    forget()
    assert refused.is_set()


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("collects", [True, False])
def test_a_forked_child_leaves_its_parents_parts_alone(tmp_path: Path, collects: bool) -> None:
    app = Flask("host", static_folder=None)
    stream = mount(app, tmp_path)
    app.test_client().get("/health")
    if (pid := os.fork()) == 0:
        del app, stream
        if collects:
            gc.collect()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    assert thread_names() == ["pet-stream-camera", "pet-stream-loop", "pet-stream-watcher"]
    assert app.test_client().post("/api/recording/start").status_code == 200
    stream.stop()


def test_the_docs_fixture_ends_everything_and_without_autostart_nothing_starts(
    tmp_path: Path,
) -> None:
    app = Flask("host", static_folder=None)
    mount(app, tmp_path)
    app.test_client().get("/health")
    app.extensions["pet_stream"].stop()
    assert thread_names() == []

    app = Flask("host", static_folder=None)
    mount(app, tmp_path, AUTOSTART=False)
    client = app.test_client()
    assert client.get("/health").get_json()["reason_codes"] == ["not_started", "not_started"]
    answer = client.post("/api/recording/start")
    assert (answer.status_code, answer.get_json()["code"]) == (503, "busy")
    assert thread_names() == []
