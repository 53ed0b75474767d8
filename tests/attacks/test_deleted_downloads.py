"""A recording is deleted, and another one takes its name, while somebody downloads it."""

from __future__ import annotations

import io
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.containers import Mp4Container

from ..apps import mounted_app
from ..footage import encode
from ..recording.playback import access_unit

URL = "/api/recordings/cat.mp4"
FRAME_NS = 33_000_000


@pytest.fixture(scope="module")
def pictures() -> list[AccessUnit]:
    units = [access_unit(data) for data in encode(320, 240, gop=15, pictures=45)]
    return [replace(u, sequence=n, capture_ns=n * FRAME_NS) for n, u in enumerate(units)]


def record(folder: Path, pictures: list[AccessUnit]) -> None:
    """`cat.mp4` of two files."""
    for name in ("cat.001.mp4", "cat.002.mp4"):
        with io.FileIO(folder / name, "xb+") as file:
            container = Mp4Container(file)
            container.write(pictures)
            container.close()


@pytest.mark.parametrize("has_successor", [False, True])
def test_a_download_ends_where_its_recording_was_deleted(
    tmp_path: Path,
    pictures: list[AccessUnit],
    caplog: pytest.LogCaptureFixture,
    has_successor: bool,
) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    record(folder, pictures)
    caplog.set_level(logging.INFO, "pet_stream.web.file_answers")
    with mounted_app(tmp_path) as app:
        client = app.test_client()
        whole = client.get(URL).data
        with client.get(URL) as download:
            chunks = download.iter_encoded()
            received = next(chunks)
            assert len(received) < len(whole) // 2
            assert client.delete(f"{URL}?for_good=1").status_code == 204
            if has_successor:
                record(folder, pictures[15:])
            received += b"".join(chunks)
        assert whole.startswith(received)
        assert len(received) < len(whole)
        said = [r.message for r in caplog.records if r.name == "pet_stream.web.file_answers"]
        assert said == ["a recording is not sent to its end: No such file or directory"]


@pytest.mark.parametrize("is_restored", [False, True])
def test_a_download_goes_on_while_its_recording_is_in_the_bin(
    tmp_path: Path, pictures: list[AccessUnit], is_restored: bool
) -> None:
    """Also in those of its files that were not open yet."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    record(folder, pictures)
    with mounted_app(tmp_path) as app:
        client = app.test_client()
        whole = client.get(URL).data
        with client.get(URL) as download:
            chunks = download.iter_encoded()
            received = next(chunks)
            assert len(received) < len(whole) // 2
            assert client.delete(URL).status_code == 204
            if is_restored:
                assert client.post("/api/recordings/bin/cat.mp4/restore").status_code == 200
            else:
                record(folder, pictures[15:])  # somebody copies another one there
            received += b"".join(chunks)
        assert received == whole
