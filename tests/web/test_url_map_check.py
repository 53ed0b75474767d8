from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from pet_stream.web.url_map_check import Conflict, find_conflicts
from tests.apps import mount

WEB_MONITOR = [
    ("/", ["GET"]),
    ("/assets/<path:name>", ["GET"]),
    ("/stream", ["GET"]),
    ("/api/status", ["GET"]),
    ("/api/status/stream", ["GET"]),
    ("/api/camera_status", ["GET"]),
    ("/api/detections/stream", ["GET"]),
    ("/api/debug/switch-camera", ["POST"]),
]
OLD_ROUTES = [
    ("/api/webrtc/offer", ["POST"]),
    ("/api/recording/start", ["POST"]),
    ("/api/recording/stop", ["POST"]),
    ("/api/recording/status", ["GET"]),
]

Rules = list[tuple[str, list[str]]]


def host(rules: Rules, folder: Path, *, mounts_first: bool) -> Flask:
    app = Flask("web_monitor", static_folder=None)

    def add_routes() -> None:
        for number, (rule, methods) in enumerate(rules):
            app.add_url_rule(rule, f"own_{number}", lambda **_: "own", methods=methods)

    steps: list[Callable[[], object]] = [add_routes, lambda: mount(app, folder, AUTOSTART=False)]
    for step in reversed(steps) if mounts_first else steps:
        step()
    return app


@pytest.mark.parametrize("mounts_first", [True, False])
def test_web_monitor_and_we_do_not_meet(tmp_path: Path, mounts_first: bool) -> None:
    assert find_conflicts(host(WEB_MONITOR, tmp_path, mounts_first=mounts_first).url_map) == ()


@pytest.mark.parametrize("mounts_first", [True, False])
def test_each_old_route_that_was_not_deleted_is_reported_with_who_answers(
    tmp_path: Path, mounts_first: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = host(WEB_MONITOR + OLD_ROUTES, tmp_path, mounts_first=mounts_first)
    app.test_client().get("/")
    app.test_client().get("/")
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 4
    for (rule, (method,)), number in zip(OLD_ROUTES, range(8, 12), strict=True):
        (message,) = [error.message for error in errors if f"{method} {rule} " in error.message]
        assert f"own_{number}" in message
        assert "pet_stream." in message
        # what the report says is what happens
        answers_ours = app.test_client().open(rule, method=method).text != "own"
        assert answers_ours is mounts_first
        assert (f"answered by own_{number}" in message) is not mounts_first


@pytest.mark.parametrize(
    ("rule", "methods", "expected"),
    [
        ("/health", ["GET"], Conflict("GET", "/health", "own_0", "pet_stream.health")),
        ("/health", ["POST"], None),
        ("/health/", ["GET"], None),
        ("/health/<name>", ["GET"], None),
        ("/status", ["GET"], Conflict("GET", "/status", "own_0", "pet_stream.legacy_status")),
        (
            "/api/recordings/<file>/details",
            ["GET"],
            Conflict(
                "GET",
                "/api/recordings/<name>/details",
                "own_0",
                "pet_stream.recording_details",
            ),
        ),
        ("/<path:page>", ["GET"], None),
        ("/<page>", ["GET"], None),
        ("/api/<path:rest>", ["GET", "POST"], None),
        ("/pet-stream/<path:name>", ["GET"], None),
        (
            "/pet-stream/static/<path:file>",
            ["GET"],
            Conflict("GET", "/pet-stream/static/<path:filename>", "own_0", "pet_stream.static"),
        ),
    ],
)
def test_what_is_a_conflict(
    tmp_path: Path, rule: str, methods: list[str], expected: Conflict | None
) -> None:
    conflicts = find_conflicts(host([(rule, methods)], tmp_path, mounts_first=False).url_map)
    assert conflicts == (() if expected is None else (expected,))


def test_a_rule_of_the_host_that_wins_and_loses_is_reported_for_both(tmp_path: Path) -> None:
    app = host([("/api/recordings/<file>", ["GET"])], tmp_path, mounts_first=False)
    assert [(c.path, c.winner, c.loser) for c in find_conflicts(app.url_map)] == [
        ("/api/recordings/<name>", "own_0", "pet_stream.get_recording"),
        ("/api/recordings/timeline", "pet_stream.show_timeline", "own_0"),
        ("/api/recordings/days", "pet_stream.show_days", "own_0"),
        ("/api/recordings/bin", "pet_stream.list_bin", "own_0"),
    ]


def test_a_rule_of_the_host_that_loses_some_of_its_paths_is_reported(tmp_path: Path) -> None:
    app = host([("/api/recording/<action>", ["POST"])], tmp_path, mounts_first=False)
    assert [(c.path, c.winner, c.loser) for c in find_conflicts(app.url_map)] == [
        ("/api/recording/start", "pet_stream.start_recording", "own_0"),
        ("/api/recording/stop", "pet_stream.stop_recording", "own_0"),
        ("/api/recording/heartbeat", "pet_stream.keep_recording", "own_0"),
        ("/api/recording/clip", "pet_stream.save_clip", "own_0"),
    ]


def test_a_prefix_settles_it(tmp_path: Path) -> None:
    app = Flask("web_monitor")
    for number, (rule, methods) in enumerate(OLD_ROUTES):
        app.add_url_rule(rule, f"own_{number}", lambda: "own", methods=methods)
    mount(app, tmp_path, AUTOSTART=False, URL_PREFIX="/pets")
    assert find_conflicts(app.url_map) == ()


def test_the_check_of_a_host_with_many_routes_is_quick(tmp_path: Path) -> None:
    import time

    rules: Rules = [(f"/api/thing/{number}/<name>", ["GET"]) for number in range(200)]
    app = host(rules, tmp_path, mounts_first=False)
    before_s = time.perf_counter()
    find_conflicts(app.url_map)
    assert time.perf_counter() - before_s < 0.5
