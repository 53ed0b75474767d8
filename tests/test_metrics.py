from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families
from prometheus_flask_exporter import PrometheusMetrics

from pet_stream import __version__
from pet_stream.metrics.collector import StreamCollector
from pet_stream.metrics.page import page
from pet_stream.webrtc.private import Drop
from tests.apps import mount, mounted_app, stream_of
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import TIMEOUT_S, wait_until

CONTRACT_COUNTERS = [
    "streaming_frames_read_total",
    "streaming_frames_processed_total",
    "streaming_frames_dropped_total",
    "streaming_webrtc_frames_sent_total",
    "streaming_webrtc_frames_dropped_total",
    "streaming_recorder_frames_sent_total",
    "streaming_recorder_frames_dropped_total",
    "streaming_read_errors_total",
    "streaming_process_errors_total",
    "streaming_webrtc_errors_total",
    "streaming_recorder_errors_total",
]
CONTRACT_GAUGES = [
    "streaming_active_clients",
    "streaming_total_clients",
    "streaming_recording_active",
    "streaming_recording_bytes",
    "streaming_recording_frames",
    "streaming_frame_latency_ms",
    "streaming_process_latency_ms",
    "streaming_webrtc_buffer_usage_percent",
    "streaming_recorder_buffer_usage_percent",
]

NOT_BASE_UNITS = re.compile(
    r"_(ms|milliseconds?|minutes?|hours?|us|kb|kilobytes?|mb|percent|bits?)(_|$)"
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def families(client: FlaskClient) -> dict[str, Metric]:
    """By the name in the text; the parser cuts `_total` off."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        family.name + ("_total" if family.type == "counter" else ""): family
        for family in text_string_to_metric_families(answer.text)
    }


def samples(client: FlaskClient) -> dict[str, float]:
    """Those without labels."""
    return {
        sample.name: sample.value
        for family in families(client).values()
        for sample in family.samples
        if not sample.labels
    }


def of_label(client: FlaskClient, name: str) -> dict[str, float]:
    """By the value of its one label."""
    found = families(client)[name].samples
    return {value: sample.value for sample in found for value in sample.labels.values()}


def test_the_contracts_names_are_there_with_their_types_and_a_value(client: FlaskClient) -> None:
    found = families(client)
    for kind, names in {"counter": CONTRACT_COUNTERS, "gauge": CONTRACT_GAUGES}.items():
        for name in names:
            assert found[name].type == kind, name
            assert [(sample.name, sample.labels) for sample in found[name].samples] == [(name, {})]


def test_the_text_names_types_as_dashboards_expect_them(client: FlaskClient) -> None:
    lines = client.get("/metrics").text.splitlines()
    assert "# TYPE streaming_frames_read_total counter" in lines
    assert "# TYPE streaming_total_clients gauge" in lines
    assert "streaming_total_clients 0.0" in lines


def test_there_are_at_least_thirty_and_ours_follow_the_naming_rules(client: FlaskClient) -> None:
    found = families(client)
    assert len(found) >= 30
    ours = found.keys() - {*CONTRACT_COUNTERS, *CONTRACT_GAUGES}
    for name in ours:
        assert re.fullmatch(r"pet_stream_[a-z0-9_]+", name), name
        assert not NOT_BASE_UNITS.search(name), name
        assert name.endswith("_total") == (found[name].type == "counter"), name
        assert not re.search(r"_(gauge|counter|histogram|summary|count|sum|bucket)(_|$)", name)
    for name, family in found.items():
        assert family.documentation.endswith("."), name


def test_there_is_no_created_series_and_no_label_of_a_viewer(client: FlaskClient) -> None:
    labels: set[str] = set()
    client.get("/health")
    for family in families(client).values():
        for sample in family.samples:
            assert not sample.name.endswith("_created")
            labels |= sample.labels.keys()
    assert labels <= {
        *("method", "route", "status", "le", "version", "reason", "state", "transport"),
        *("part", "kind", "severity", "result", "target"),
    }


def test_openmetrics_is_spoken_to_who_asks_for_it(client: FlaskClient) -> None:
    client.get("/health")
    accept = "application/openmetrics-text; version=1.0.0"
    answer = client.get("/metrics", headers={"Accept": accept})
    assert answer.headers["Content-Type"] == f"{accept}; charset=utf-8"
    assert answer.text.endswith("# EOF\n")
    found = {f.name: f for f in parse_openmetrics(answer.text)}  # type: ignore[no-untyped-call]
    assert found["streaming_frames_read"].type == "counter"
    assert found["pet_stream_process_cpu_seconds"].unit == "seconds"
    requests = found["pet_stream_http_request_duration_seconds"]
    assert (requests.type, requests.unit) == ("histogram", "seconds")
    assert "_created" not in answer.text


ASKED = {
    "": "text/plain",
    "*/*": "text/plain",
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1": "text/plain",
    "application/openmetrics-text": "application/openmetrics-text",
    # what Prometheus 2 and 3 ask for
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1": "application/openmetrics-text",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "text/plain;version=1.0.0;q=0.5": "application/openmetrics-text",
    "application/openmetrics-text;q=0.2,text/plain;q=0.5": "text/plain",
    "application/openmetrics-text;q=0": "text/plain",
    # nobody's
    "application/openmetrics-text;version=x;escaping=y": "application/openmetrics-text",
    "text/plain;version=x": "text/plain",
    "text/plain;version=" + 5000 * "9": "text/plain",
    ";;,,;q=;version": "text/plain",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily": "text/plain",
}


@pytest.mark.parametrize(("accept", "kind"), ASKED.items())
def test_whatever_is_asked_for_is_answered(client: FlaskClient, accept: str, kind: str) -> None:
    answer = client.get("/metrics", headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert "Accept" in answer.vary


def test_single_metrics_can_be_asked_for(client: FlaskClient) -> None:
    answer = client.get("/metrics?name[]=streaming_total_clients")
    assert [family.name for family in text_string_to_metric_families(answer.text)] == [
        "streaming_total_clients"
    ]


def test_names_that_no_metric_has_give_an_empty_page(client: FlaskClient) -> None:
    names = "&".join(f"name[]={number}" for number in range(5000))
    assert client.get(f"/metrics?{names}").text == ""
    openmetrics = {"Accept": "application/openmetrics-text"}
    assert client.get("/metrics?name[]=none", headers=openmetrics).text == "# EOF\n"


def test_numbers_are_those_of_the_parts(tmp_path: Path, segment_name: str) -> None:
    footage = tmp_path / "footage"
    write_source(footage, encode(320, 240, fps=30, gop=14, pictures=28))
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(tmp_path, SHM=segment_name) as app,
    ):
        client = app.test_client()
        client.post("/api/recording/start")
        wait_until(lambda: samples(client)["streaming_recorder_frames_sent_total"] >= 15)
        now = samples(client)
        assert now["pet_stream_running"] == 1
        assert now["pet_stream_camera_up"] == 1
        assert now["pet_stream_video_width_pixels"] == 320
        assert now["pet_stream_video_height_pixels"] == 240
        assert now["streaming_frames_read_total"] >= now["streaming_frames_processed_total"] >= 15
        assert now["streaming_recording_active"] == 1
        assert now["streaming_recording_frames"] >= 15
        assert now["streaming_recording_bytes"] > 1000
        assert 0 < now["streaming_process_latency_ms"] < TIMEOUT_S * 1000
        assert 0 < now["streaming_frame_latency_ms"] < TIMEOUT_S * 1000
        assert 0 <= now["pet_stream_camera_picture_age_seconds"] < TIMEOUT_S
        assert now["pet_stream_capture_to_published_seconds_count"] >= 15
        assert now["pet_stream_camera_clock_trusted"] == 1
        wait_until(lambda: samples(client)["pet_stream_recording_sync_seconds_count"] >= 1)
        assert of_label(client, "pet_stream_camera_state")["live"] == 1
        reasons = of_label(client, "pet_stream_camera_discontinuities_by_reason_total")
        assert reasons == {"began": 1, "camera_changed": 0, "missed": 0, "gap": 0}
        client.post("/api/recording/stop")
        assert samples(client)["streaming_recording_active"] == 0


def test_what_is_not_known_has_no_sample(client: FlaskClient) -> None:
    family = families(client)["pet_stream_camera_picture_age_seconds"]
    assert family.samples == []


def test_requests_are_counted_by_route_and_unknown_paths_add_nothing(client: FlaskClient) -> None:
    client.get("/health")
    client.get("/health")
    client.post("/api/recording/stop")
    client.delete("/api/webrtc/one")
    client.delete("/api/webrtc/two")
    for number in range(20):
        client.get(f"/unknown/{number}")
        client.get(f"/api/webrtc/unknown/{number}")
        client.open("/health", method=f"METHOD{number}")
    requests = {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
        for sample in families(client)["pet_stream_http_requests_total"].samples
    }
    assert requests == {
        ("GET", "/health", "200"): 2,
        ("POST", "/api/recording/stop", "409"): 1,
        ("DELETE", "/api/webrtc/<pc_id>", "404"): 2,
    }


def test_durations_are_a_histogram(client: FlaskClient) -> None:
    client.get("/health")
    family = families(client)["pet_stream_http_request_duration_seconds"]
    assert family.type == "histogram"
    values = {
        (sample.name.rpartition("_")[2], sample.labels.get("le")): sample.value
        for sample in family.samples
        if sample.labels["route"] == "/health"
    }
    assert values["bucket", "+Inf"] == values["count", None] == 1
    assert 0 < values["sum", None] < 10


def shape(families: Iterable[Metric]) -> list[tuple[object, ...]]:
    """All but the values, which change."""
    return [
        (f.name, f.type, f.documentation, f.unit, [(s.name, s.labels) for s in f.samples])
        for f in families
    ]


def test_the_page_says_what_the_client_library_would(app: Flask, client: FlaskClient) -> None:
    wait_until(lambda: "pet_stream_disk_free_bytes" in samples(client))
    stream = stream_of(app)
    stream.errors.note("camera", type('odd\\"\n', (Exception,), {})())
    registry = CollectorRegistry()
    registry.register(StreamCollector(stream))
    own_text = page(stream, is_openmetrics=False)
    text = generate_latest(registry).decode()
    own, wanted = map(shape, map(text_string_to_metric_families, (own_text, text)))
    assert own == wanted
    assert 'kind="odd\\\\\\"\\n"' in own_text
    own_text = page(stream, is_openmetrics=True)
    text = openmetrics.generate_latest(registry).decode()  # type: ignore[no-untyped-call]
    own, wanted = map(shape, map(parse_openmetrics, (own_text, text)))
    assert own == wanted


def test_the_process_wide_registry_is_left_alone(client: FlaskClient) -> None:
    client.get("/metrics")
    names = {family.name for family in REGISTRY.collect()}
    assert not [name for name in names if name.startswith(("streaming", "pet_stream", "flask"))]


def test_apps_in_one_process_count_for_themselves(tmp_path: Path) -> None:
    with mounted_app(tmp_path / "a") as a, mounted_app(tmp_path / "b") as b:
        a.test_client().post("/api/recording/start")
        assert samples(a.test_client())["streaming_recording_active"] == 1
        assert samples(b.test_client())["streaming_recording_active"] == 0


def test_the_page_can_be_switched_off(tmp_path: Path) -> None:
    with mounted_app(tmp_path, METRICS=False) as app:
        assert app.test_client().get("/metrics").status_code == 404


def test_a_host_with_an_exporter_gets_ours_on_its_page_and_no_second_one(tmp_path: Path) -> None:
    app = Flask("host")
    exporter = PrometheusMetrics(app, registry=CollectorRegistry())
    stream = mount(app, tmp_path, metrics=exporter)
    client = app.test_client()
    found = families(client)
    assert found["streaming_frames_read_total"].type == "counter"
    assert "flask_http_request_duration_seconds" in found
    assert [rule.endpoint for rule in app.url_map.iter_rules() if "metrics" in rule.rule] == [
        "prometheus_metrics"
    ]
    assert stream_of(app).host_check.faults == ()
    stream.stop()


def test_an_exporter_that_reads_files_leaves_ours_a_page_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    app = Flask("host")
    exporter = PrometheusMetrics(app, registry=CollectorRegistry())
    stream = mount(app, tmp_path, metrics=exporter, URL_PREFIX="/cat")
    client = app.test_client()
    assert "streaming_frames_read_total" not in client.get("/metrics").text
    beside = client.get("/cat/pet-stream/metrics")
    assert (beside.status_code, beside.mimetype) == (200, "text/plain")
    assert "streaming_frames_read_total 0.0" in beside.text
    health = client.get("/cat/health").get_json()
    told = dict(zip(health["notice_codes"], health["notices"], strict=True))
    assert "/cat/pet-stream/metrics" in told["metrics_hidden"]
    stream.stop()


@pytest.mark.parametrize("variable", ["PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"])
def test_ours_do_not_depend_on_files_of_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    with mounted_app(tmp_path) as app:
        client = app.test_client()
        for path in ("/metrics", "/pet-stream/metrics"):
            assert "streaming_frames_read_total 0.0" in client.get(path).text
        assert "metrics_hidden" not in client.get("/health").get_json()["notice_codes"]


def test_elsewhere_there_is_no_second_page(client: FlaskClient) -> None:
    assert client.get("/pet-stream/metrics").status_code == 404


def test_who_is_not_let_in_is_counted_by_reason(tmp_path: Path) -> None:
    with mounted_app(tmp_path, MAX_CLIENTS=1) as app:
        client = app.test_client()

        name = "pet_stream_viewers_rejected_total"
        assert set(of_label(client, name).values()) == {0}
        client.post("/api/webrtc/offer", json={"type": "offer", "sdp": "no"})
        client.post("/offer", json={})
        client.get("/api/recordings/none")  # nobody who wants to watch
        stream_of(app).places.acquire()
        client.post("/api/webrtc/offer", json={"type": "offer", "sdp": "no"})
        told = of_label(client, name)
        assert (told["invalid_offer"], told["full"], sum(told.values())) == (2, 1, 3)


def test_what_the_process_uses_shows(client: FlaskClient) -> None:
    now = samples(client)
    assert 0 < now["pet_stream_process_cpu_seconds_total"] < 100_000
    assert 10e6 < now["pet_stream_process_resident_memory_bytes"] < 10e9
    assert 3 <= now["pet_stream_process_open_descriptors"] < 10_000
    started_at = now["pet_stream_process_start_time_seconds"]
    assert 0 <= time.time() - started_at < 86_400
    assert samples(client)["pet_stream_process_start_time_seconds"] == started_at


def test_each_part_and_its_errors_show(app: Flask, client: FlaskClient) -> None:
    assert of_label(client, "pet_stream_part_up").keys() >= {"camera", "loop", "watcher"}
    assert set(of_label(client, "pet_stream_part_up").values()) == {1}
    assert of_label(client, "pet_stream_part_restarts_total")["camera"] == 0
    assert 0 <= of_label(client, "pet_stream_part_heartbeat_age_seconds")["camera"] < TIMEOUT_S
    wait_until(lambda: samples(client)["pet_stream_loop_delay_seconds_count"] >= 2)
    assert 0 <= samples(client)["pet_stream_loop_lag_seconds"] < TIMEOUT_S
    stream_of(app).errors.note("camera", OSError())
    (sample,) = (
        sample
        for sample in families(client)["pet_stream_errors_total"].samples
        if sample.labels["kind"] == "OSError"
    )
    assert (sample.labels["part"], sample.value) == ("camera", 1)


def test_the_disk_is_told_of_when_it_was_looked_at(app: Flask, client: FlaskClient) -> None:
    client.get("/health")  # which starts it
    wait_until(lambda: "pet_stream_disk_free_bytes" in samples(client))
    now = samples(client)
    assert now["pet_stream_disk_free_bytes"] > 0
    assert now["pet_stream_disk_free_min_bytes"] == 200e6
    assert now["pet_stream_recording_possible"] == 1


def test_the_version_shows(client: FlaskClient) -> None:
    (sample,) = families(client)["pet_stream_build_info"].samples
    assert (sample.labels, sample.value) == ({"version": __version__}, 1)


def test_how_viewers_are_sent_to_shows(app: Flask, client: FlaskClient) -> None:
    assert families(client)["pet_stream_viewers_by_sender"].samples == []
    stream_of(app).peers.get()
    samples = families(client)["pet_stream_viewers_by_sender"].samples
    steps = {sample.labels["step"]: sample.value for sample in samples}
    assert steps == {"gso": 0, "packets": 0, "transport": 0, "stock": 0}


def test_why_datagrams_are_dropped_shows(app: Flask, client: FlaskClient) -> None:
    name = "pet_stream_webrtc_datagrams_dropped_total"
    assert families(client)[name].samples == []
    peers = stream_of(app).peers.get()
    peers.counts.datagrams_dropped[Drop.EMPTY] += 3
    counts = {sample.labels["reason"]: sample.value for sample in families(client)[name].samples}
    assert counts == {reason.value: 0 for reason in Drop} | {"empty": 3}
