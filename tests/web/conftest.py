from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.apps import mounted_app
from tests.camera.camera import Camera
from tests.footage import encode, write_source
from tests.waiting import wait_until


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """A host with nothing of its own; its camera is offline."""
    with mounted_app(tmp_path) as app:
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="module")
def shared_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """Of one app for all tests of a file: mounting takes longer than a request. For requests that
    leave nothing behind."""
    with mounted_app(tmp_path_factory.mktemp("shared")) as app:
        client = app.test_client()
        client.get("/livez")  # its threads are not those of the first test
        yield client


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "scene"
    write_source(path, encode(320, 240, fps=30, gop=14, pictures=42))
    return path


@pytest.fixture
def live_client(segment_name: str, footage: Path, tmp_path: Path) -> Iterator[FlaskClient]:
    """Of an app whose camera is running."""
    with (
        Camera(segment_name, source=footage, fps=30),
        mounted_app(tmp_path, SHM=segment_name) as app,
    ):
        client = app.test_client()
        wait_until(lambda: client.get("/health").get_json()["status"] == "ok")
        yield client
