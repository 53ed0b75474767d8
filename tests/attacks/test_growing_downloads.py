"""A slow download of what is still being recorded, while its files get their final names."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from pet_stream.library.library import Library

from ..apps import mounted_app, stream_of
from ..footage import encode
from ..recording.mp4_files import film
from ..recording.playback import FRAME_NS, GOP, Camera, access_unit
from ..waiting import wait_until

PICTURES_A_FILE = 5 * GOP
FILE_S = PICTURES_A_FILE * FRAME_NS / 1e9 - 0.1


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    minutes = FILE_S / 60
    with mounted_app(tmp_path, MIN_FREE_MB=0, SEGMENT_MINUTES=minutes, SYNC_SECONDS=0.5) as app:
        stream_of(app).start()
        yield app


@pytest.fixture
def camera(app: Flask) -> Camera:
    pictures = [access_unit(data) for data in encode(160, 120, gop=GOP, pictures=2 * GOP)]
    camera = Camera(stream_of(app).broadcaster, pictures)
    camera.clock_ns = time.monotonic_ns() + 60 * 10**9  # never too old on a slow machine
    return camera


@pytest.fixture
def record(app: Flask, camera: Camera) -> Callable[[int], None]:
    """Records so many files more."""
    published = 0

    def go_on(file_count: int) -> None:
        nonlocal published
        for _ in range(file_count):
            published += len(camera.publish(PICTURES_A_FILE))
        wait_until(lambda: stream_of(app).recorder.status.frame_count == published)

    return go_on


def open_parts() -> list[str]:
    """Descriptors for reading; the recorder's own is for writing."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            target, mode = os.readlink(link), os.lstat(link).st_mode
        except OSError:  # closed since
            continue
        if ".mp4" in target and not mode & 0o200:
            found.append(target)
    return found


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_is_recorded_can_be_downloaded_while_its_files_get_their_names(
    app: Flask, record: Callable[[int], None], count: int
) -> None:
    client = app.test_client()
    assert client.post("/api/recording/start", json={"filename": "cat"}).status_code == 200
    record(count)
    with client.get("/api/recordings/cat.mp4?from=0", buffered=False) as answer:
        chunks = answer.iter_encoded()
        beginning = next(chunks)
        record(2)
        data = b"".join((beginning, *chunks))
    assert len(data) == answer.content_length
    shown = film(data)
    assert client.post("/api/recording/stop").status_code == 200
    with client.get("/api/recordings/cat.mp4") as whole:
        assert shown.pictures == film(whole.data).pictures[: len(shown.pictures)]
    assert open_parts() == []


def test_a_file_that_gets_its_name_between_two_looks_is_found(
    app: Flask, record: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    assert client.post("/api/recording/start", json={"filename": "cat"}).status_code == 200
    record(2)
    files_of = Library.files_of
    looks = []

    def look_and_go_on(library: Library, name: str) -> list[Path]:
        files = files_of(library, name)
        looks.append(files)
        if len(looks) == 1:
            record(1)
        return files

    monkeypatch.setattr(Library, "files_of", look_and_go_on)
    with client.get("/api/recordings/cat.mp4") as answer:
        assert answer.status_code == 200
        assert len(answer.data) == answer.content_length
    assert len(looks) == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"If-None-Match": "*"}, 304), ({"Range": "bytes=-0"}, 416), ({"If-Match": '"x"'}, 412)],
)
def test_an_answer_without_a_body_keeps_nothing_open(
    app: Flask, record: Callable[[int], None], headers: dict[str, str], status: int
) -> None:
    client = app.test_client()
    assert client.post("/api/recording/start", json={"filename": "cat"}).status_code == 200
    record(2)
    with client.get("/api/recordings/cat.mp4", headers=headers) as answer:
        assert answer.status_code == status
        assert open_parts() == []
    with client.head("/api/recordings/cat.mp4") as answer:
        assert answer.status_code == 200
        assert open_parts() == []
