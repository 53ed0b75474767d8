from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream import __version__
from pet_stream.loss_rates import LOOK_INTERVAL_S, LossRates
from pet_stream.web.health import FIRST_LOOK_S
from tests.apps import mount, mounted_app, stream_of
from tests.camera.camera import Camera
from tests.waiting import TIMEOUT_S, wait_until


def test_a_running_camera_is_ok(live_client: FlaskClient) -> None:
    def is_at_its_rate() -> bool:
        return 25 < (live_client.get("/health").get_json()["camera"]["fps"] or 0) < 35

    wait_until(is_at_its_rate)
    health = live_client.get("/health").get_json()
    assert health["status"] == "ok"
    assert health["reasons"] == []
    assert health["has_headers"] is True
    assert health["recording"] is False
    assert health["webrtc_clients"] == 0
    assert health["version"] == __version__
    camera = health["camera"]
    assert (camera["state"], camera["width"], camera["height"]) == ("live", 320, 240)
    assert camera["profile_level_id"].startswith("42")
    assert camera["picture_age_s"] < 2


def test_the_first_answer_tells_what_the_camera_thread_has_found(
    client: FlaskClient, live_client: FlaskClient, tmp_path: Path
) -> None:
    assert client.get("/health").get_json()["reason_codes"] == ["segment_missing"]
    segment = stream_of(live_client.application).config.shm
    with mounted_app(tmp_path, SHM=segment) as app:
        health = app.test_client().get("/health").get_json()
    assert (health["status"], health["camera"]["state"]) == ("ok", "live")
    assert 0 <= health["uptime_s"] < TIMEOUT_S


def test_only_the_first_answer_waits_and_not_for_long(
    monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    stream = stream_of(app)
    monkeypatch.setattr(stream.reader, "start", lambda: None)  # a thread that never looks
    client = app.test_client()
    health = client.get("/health").get_json()
    assert health["reason_codes"] == ["not_started"]
    assert stream.uptime_s >= FIRST_LOOK_S
    stream.stop()
    assert client.get("/health").get_json()["uptime_s"] == 0


def test_without_a_camera_it_answers_and_says_why(client: FlaskClient) -> None:
    client.get("/health")  # starts

    def health() -> dict[str, object]:
        answer = client.get("/health")
        assert answer.status_code == 200
        result: dict[str, object] = answer.get_json()
        return result

    wait_until(lambda: "there is no shared memory" in str(health()["reasons"]))
    assert health()["reason_codes"] == ["segment_missing"]
    assert health()["status"] == "camera_offline"
    assert health()["has_headers"] is False


def test_a_camera_that_comes_later_is_found(
    segment_name: str, footage: Path, tmp_path: Path
) -> None:
    with mounted_app(tmp_path, SHM=segment_name) as app:
        client = app.test_client()
        assert client.get("/health").get_json()["status"] == "camera_offline"
        with Camera(segment_name, source=footage, fps=30):
            wait_until(lambda: client.get("/health").get_json()["status"] == "ok")
        wait_until(lambda: client.get("/health").get_json()["status"] == "camera_offline")


def test_a_recording_shows(client: FlaskClient) -> None:
    client.post("/api/recording/start")
    assert client.get("/health").get_json()["recording"] is True


def test_a_path_that_the_host_serves_too_degrades(
    segment_name: str, footage: Path, tmp_path: Path
) -> None:
    app = Flask("web_monitor")
    app.add_url_rule("/status", "own_status", lambda: "own")
    stream = mount(app, tmp_path, SHM=segment_name)
    with Camera(segment_name, source=footage, fps=30):
        client = app.test_client()
        wait_until(lambda: client.get("/health").get_json()["camera"]["state"] == "live")
        health = client.get("/health").get_json()
        assert health["status"] == "degraded"
        assert "own_status" in health["reasons"][0]
        assert health["reason_codes"] == ["route_conflict"]
        assert len(stream_of(app).host_check.faults) == 1
        stream.stop()


def test_is_never_kept_by_a_cache(client: FlaskClient) -> None:
    assert client.get("/health").headers["Cache-Control"] == "no-store"


def test_what_is_lost_above_its_bound_is_a_reason(live_client: FlaskClient) -> None:
    stream = stream_of(live_client.application)
    moments_s = itertools.count(0.0, LOOK_INTERVAL_S)
    stream.loss_rates = LossRates(stream.loss_rates.rates, lambda: next(moments_s))
    stream.loss_rates.look()
    assert live_client.get("/health").get_json()["status"] == "ok"
    stream.reader.counts.frames_missed += 10_000
    stream.video_viewers.counts.frames_dropped += 1000
    stream.loss_rates.look()
    health = live_client.get("/health").get_json()
    assert health["status"] == "degraded"
    assert health["reason_codes"] == ["pictures_overwritten", "viewers_lose_pictures"]
