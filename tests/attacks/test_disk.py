"""The disk: nobody fills it, or holds threads on it, by asking often."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from pet_stream.library import cutting
from pet_stream.library.composite_file import PiecedFile
from pet_stream.library.cuts import SAVE_EVERY_S, SAVES_AT_ONCE
from pet_stream.library.cutting import cut
from pet_stream.library.library import MAX_WAITING
from pet_stream.library.ownership import OWNER_NAME
from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.starts import STARTS_AT_ONCE
from tests.apps import mounted_app, stream_of
from tests.footage import encode
from tests.recording.playback import GOP, Camera, access_unit
from tests.waiting import TIMEOUT_S, wait_until

AT_ONCE = 8


@pytest.fixture(scope="module")
def pictures() -> list[AccessUnit]:
    return [access_unit(data) for data in encode(320, 240, fps=30, gop=GOP, pictures=2 * GOP)]


@pytest.fixture
def app(tmp_path: Path, pictures: list[AccessUnit]) -> Iterator[Flask]:
    """Ten seconds of pictures are in its memory."""
    with mounted_app(tmp_path) as app:
        show(app, pictures)
        yield app


def show(app: Flask, pictures: list[AccessUnit]) -> None:
    app.test_client().get("/health")
    camera = Camera(stream_of(app).broadcaster, pictures)
    camera.clock_ns = time.monotonic_ns() + 60 * 10**9  # never too old on a slow machine
    camera.publish(300)


def at_once(app: Flask, count: int, ask: Callable[[FlaskClient], int]) -> Counter[int]:
    """How often each status is answered when `count` clients ask at the same moment."""
    barrier = threading.Barrier(count)

    def one() -> int:
        barrier.wait()
        return ask(app.test_client())

    with ThreadPoolExecutor(count) as threads:
        return Counter(future.result() for future in [threads.submit(one) for _ in range(count)])


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_a_link_in_the_folder_overwrites_nobodys_file(
    tmp_path: Path, link: Callable[[Path, Path], None]
) -> None:
    theirs, folder = tmp_path / "theirs", tmp_path / "recordings"
    theirs.write_text("precious")
    folder.mkdir()
    link(folder / OWNER_NAME, theirs)
    with mounted_app(tmp_path) as app:
        assert app.test_client().post("/api/recording/start").status_code == 200
        assert not (folder / OWNER_NAME).is_symlink()
        assert (folder / OWNER_NAME).read_text().startswith(str(os.getpid()))
    assert theirs.read_text() == "precious"


def test_a_pipe_in_the_folder_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    os.mkfifo(tmp_path / "recordings" / OWNER_NAME)
    with mounted_app(tmp_path) as app:
        answer = app.test_client().post("/api/recording/start")
        assert answer.status_code == 200
        wait_until(lambda: stream_of(app).recorder.status.note is None)
        assert app.test_client().post("/api/recording/stop").status_code == 200


def test_of_clips_at_once_one_is_saved(app: Flask, tmp_path: Path) -> None:
    answers = at_once(app, AT_ONCE, lambda client: client.post("/api/recording/clip").status_code)
    assert answers == {200: 1, 429: AT_ONCE - 1}
    assert len(list((tmp_path / "recordings").glob("*.mp4"))) == 1


def test_a_flood_of_clips_saves_one_a_second(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    begun_s = time.monotonic()
    answers = [client.post("/api/recording/clip") for _ in range(100)]
    saved_count = sum(answer.status_code == 200 for answer in answers)
    assert 1 <= saved_count <= 1 + time.monotonic() - begun_s
    assert len(list((tmp_path / "recordings").glob("*.mp4"))) == saved_count
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert refused.get_json()["code"] == "too_many"
    assert refused.headers["Retry-After"] == str(refused.get_json()["retry_after_s"]) == "1"


def test_a_clip_evicts_no_recording(tmp_path: Path, pictures: list[AccessUnit]) -> None:
    """`PET_STREAM_KEEP_MB` is reached, and the clip is the newest file."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    owners = {f"owners_{number}.mp4" for number in range(10)}
    for name in owners:
        (folder / name).write_bytes(bytes(99_000))
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))
    with mounted_app(tmp_path, KEEP_MB=1) as app:
        show(app, pictures)
        clip = app.test_client().post("/api/recording/clip").get_json()
        assert clip["bytes_written"] > 10_000
        wait_until(lambda: {path.name for path in folder.glob("*.mp4")} == owners)


def test_a_flood_of_starts_and_stops_makes_few_files(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    begun_s = time.monotonic()
    answers = []
    for _ in range(5 * STARTS_AT_ONCE):
        answers.append(client.post("/api/recording/start").status_code)
        client.post("/api/recording/stop")
    most = STARTS_AT_ONCE + (time.monotonic() - begun_s) / 2 + 1
    assert STARTS_AT_ONCE <= answers.count(200) <= most
    assert answers.count(200) + answers.count(429) == len(answers)
    assert len(list((tmp_path / "recordings").iterdir())) <= most + 2  # lock and owner


def test_a_flood_of_saved_parts_makes_few_files(app: Flask, tmp_path: Path) -> None:
    client = app.test_client()
    name = client.post("/api/recording/clip").get_json()["filename"]
    begun_s = time.monotonic()
    body = {"from_s": 0, "to_s": 1}
    answers = [client.post(f"/api/recordings/{name}/clip", json=body) for _ in range(60)]
    most = SAVES_AT_ONCE + (time.monotonic() - begun_s) / SAVE_EVERY_S + 1
    statuses = Counter(answer.status_code for answer in answers)
    assert SAVES_AT_ONCE <= statuses[201] <= most
    assert statuses[201] + statuses[429] == len(answers)
    assert len(list((tmp_path / "recordings").glob("*.mp4"))) == 1 + statuses[201]


def test_of_parts_saved_at_once_few_wait(app: Flask, tmp_path: Path) -> None:
    name = app.test_client().post("/api/recording/clip").get_json()["filename"]
    body = {"from_s": 0, "to_s": 1}
    answers = at_once(
        app, 20, lambda c: c.post(f"/api/recordings/{name}/clip", json=body).status_code
    )
    assert set(answers) <= {201, 429}
    assert 1 <= answers[201] <= SAVES_AT_ONCE + 1
    assert len(list((tmp_path / "recordings").glob("*.mp4"))) == 1 + answers[201]
    assert not list((tmp_path / "recordings").glob(".*.cut.part"))


NUMBERS = ["1" + "0" * 400, "9" * 5000, "1e400", "1e308", "-1", "nan", "inf", "0x10", ""]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_in_a_query_is_more_than_a_bad_request(app: Flask, number: str) -> None:
    client = app.test_client()
    name = client.post("/api/recording/clip").get_json()["filename"]
    for path, key in (
        ("/api/recordings", "limit"),
        ("/api/recordings", "offset"),
        (f"/api/recordings/{name}", "from"),
        (f"/api/recordings/{name}", "to"),
        (f"/api/recordings/{name}/part", "from"),
        (f"/api/recordings/{name}/part", "to"),
    ):
        answer = client.get(path, query_string={key: number})
        assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request"), key


@pytest.mark.parametrize("path", ["/api/recording/start", "/api/recording/clip"])
@pytest.mark.parametrize(
    "number", ["1" + "0" * 400, "-" + "9" * 400, "1e400", "-1e400", "NaN", "1" * 5000]
)
def test_no_number_is_more_than_a_bad_request(app: Flask, path: str, number: str) -> None:
    for key in ("seconds",) if "clip" in path else ("duration_s", "preroll_s", "heartbeat_s"):
        answer = app.test_client().post(path, data=f'{{"{key}": {number}}}')
        assert (answer.status_code, answer.get_json()["code"]) == (400, "bad_request")


def test_of_cuts_at_once_few_wait_and_the_rest_is_told_to_come_later(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    name = client.post("/api/recording/clip").get_json()["filename"]
    refused_count, beginnings = itertools.count(1), itertools.count(1)
    all_are_refused = threading.Event()

    def slow_cut(*args: Any, **options: Any) -> PiecedFile:
        assert all_are_refused.wait(TIMEOUT_S)
        return cut(*args, **options)

    def ask(client: FlaskClient) -> int:
        query = {"from": next(beginnings) / 1000}  # each of another part
        with client.get(f"/api/recordings/{name}", query_string=query) as answer:
            if answer.status_code == 429 and next(refused_count) == 20 - 1 - MAX_WAITING:
                all_are_refused.set()
            return answer.status_code

    monkeypatch.setattr(cutting, "cut", slow_cut)
    assert at_once(app, 20, ask) == {200: 1 + MAX_WAITING, 429: 20 - 1 - MAX_WAITING}
