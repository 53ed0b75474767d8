"""What a server that runs says of itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.serving import make_server

from pet_stream.accounts.accounts import Accounts
from pet_stream.doctor.finding import Level
from pet_stream.doctor.server import check_names, check_server, check_sign_in
from pet_stream.web_server import WebServer
from pet_stream.web_server.certificate import Certificate

from ..apps import mount, mounted_app
from ..certificates import write_certificate


@contextmanager
def serving(app: Flask, certificate: Certificate | None = None) -> Iterator[int]:
    """Yields the port."""
    server = WebServer("127.0.0.1", 0, certificate=certificate)
    server.start(app)
    try:
        yield server.port
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("allowed", "level"), [(None, Level.WARNING), ("*", Level.WARNING), ([], Level.OK)]
)
def test_a_host_that_answers_under_any_name_is_said(
    tmp_path: Path, allowed: object, level: Level
) -> None:
    server = WebServer("127.0.0.1", 0)
    with mounted_app(tmp_path, ALLOWED_HOSTS=allowed) as app:
        server.start(app)
        [finding] = check_names("0.0.0.0", server.port)
        server.stop()
    assert (finding.check, finding.level) == ("host names", level)


def test_of_what_is_not_ours_no_names_are_asked(free_port: int) -> None:
    assert list(check_names("127.0.0.1", free_port)) == []
    server = WebServer("127.0.0.1", free_port)
    server.start(Flask("other", static_folder=None))
    assert list(check_names("127.0.0.1", free_port)) == []
    server.stop()


def test_a_server_with_too_few_threads_is_said(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        server = make_server("127.0.0.1", 0, app, threaded=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        [finding] = check_server("127.0.0.1", server.server_port)
        server.shutdown()
        thread.join()
        server.server_close()
    assert (finding.check, finding.level) == ("web server", Level.PROBLEM)
    assert "app.run(threaded=True)" in finding.message


def test_where_a_host_with_files_of_its_own_has_our_metrics_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    app = Flask("host", static_folder=None)
    stream = mount(app, tmp_path, metrics=PrometheusMetrics(app, registry=CollectorRegistry()))
    server = WebServer("127.0.0.1", 0)
    server.start(app)
    [finding] = check_server("127.0.0.1", server.port)
    server.stop()
    stream.stop()
    assert (finding.check, finding.level) == ("metrics", Level.WARNING)
    assert "/pet-stream/metrics" in finding.message


def test_about_a_server_that_is_well_or_not_ours_nothing_is_said(
    tmp_path: Path, free_port: int
) -> None:
    assert list(check_server("127.0.0.1", free_port)) == []
    for app in (Flask("other", static_folder=None), None):
        with mounted_app(tmp_path) as ours:
            server = WebServer("127.0.0.1", 0)
            server.start(app or ours)
            assert list(check_server("127.0.0.1", server.port)) == []
            server.stop()


def test_a_server_that_speaks_https_is_asked_as_well(tmp_path: Path) -> None:
    write_certificate(tmp_path / "tls.pem")
    with (
        mounted_app(tmp_path) as app,
        serving(app, Certificate(tmp_path / "tls.pem")) as port,
    ):
        [finding] = check_names("127.0.0.1", port)
    assert (finding.check, finding.level) == ("host names", Level.WARNING)


def test_a_server_that_is_open_to_all_is_said_once_somebody_has_come(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app, serving(app) as port:
        assert list(check_sign_in("127.0.0.1", port)) == []
        app.test_client().get("/api/recordings", environ_base={"REMOTE_ADDR": "192.168.1.30"})
        [finding] = check_sign_in("127.0.0.1", port)
    assert (finding.check, finding.level) == ("sign-in", Level.WARNING)
    assert "Everybody on the network" in finding.message


def test_a_server_where_nobody_can_sign_in_is_said(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.json"
    with mounted_app(tmp_path, AUTH="builtin", ACCOUNTS=accounts) as app, serving(app) as port:
        [finding] = check_sign_in("127.0.0.1", port)
        assert finding.level is Level.WARNING
        assert "pet-stream invite" in finding.advice
        book = Accounts(accounts)
        book.accept(book.invite("owner", by="a test"), device="a phone", name="Anna")
        assert list(check_sign_in("127.0.0.1", port)) == []


@pytest.mark.parametrize("settings", [{"AUTH": "off"}, {"authorize": lambda _: False}])
def test_what_is_meant_is_not_said(tmp_path: Path, settings: dict[str, object]) -> None:
    with mounted_app(tmp_path, **settings) as app, serving(app) as port:
        assert list(check_sign_in("127.0.0.1", port)) == []
