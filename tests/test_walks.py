"""docs/walks.md: its names exist, and real pictures and requests pass its stops in its order."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.apps import mounted_app, stream_of
from tests.camera.camera import Camera
from tests.test_extension import CHECKOUT
from tests.waiting import TIMEOUT_S, wait_until
from tests.webrtc.viewer import Viewer

PAGE = (CHECKOUT / "docs" / "walks.md").read_text()
NAME = r"`([a-z0-9_.]+:[A-Za-z0-9_.]+)`"
WALKS = {
    heading: [
        re.findall(rf"(?m)^[0-9]+\. {NAME}", part) for part in re.split(r"(?m)^[A-Z].*:$", text)
    ]
    for heading, text in re.findall(r"(?ms)^## (.+?)\n(.*?)(?=^## |\Z)", PAGE)
}
"""By its heading, a walk's stops in each of its threads."""


def function_of(name: str) -> FunctionType:
    module, _, path = name.partition(":")
    found = attrgetter(path)(importlib.import_module(f"pet_stream.{module}"))
    if isinstance(found, property):
        found = found.fget
    found = inspect.unwrap(getattr(found, "__func__", found))
    assert isinstance(found, FunctionType), name
    return found


class Calls:
    """Which functions were called, in which order, in each of the threads that began meanwhile."""

    def __init__(self) -> None:
        self._by_thread: dict[int, list[CodeType]] = defaultdict(list)

    def __enter__(self) -> Calls:
        threading.setprofile(self._note)
        return self

    def __exit__(self, *error: object) -> None:
        threading.setprofile(None)

    def have_passed(self, stops: list[str]) -> bool:
        """Whether some thread, from one call of the first of `stops` to the next one, came to all
        of them, and to none before those in front of it."""
        functions = [function_of(stop) for stop in stops]
        codes = [function.__code__ for function in functions]
        is_resumed = inspect.iscoroutinefunction(functions[0])  # that looks like a call, too
        for calls in list(self._by_thread.values()):
            passed: dict[CodeType, None] = {}
            for code in calls.copy():
                if code is codes[0] and not is_resumed:
                    passed.clear()
                if code in codes:
                    passed[code] = None
                if list(passed) == codes:
                    return True
        return False

    def _note(self, frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code in STOPS:
            self._by_thread[threading.get_ident()].append(frame.f_code)


STOPS = {
    function_of(stop).__code__ for threads in WALKS.values() for stops in threads for stop in stops
}


def test_all_names_exist() -> None:
    for name in set(re.findall(NAME, PAGE)) - {"module:name"}:
        function_of(name)
    stops = [stop for threads in WALKS.values() for stops in threads for stop in stops]
    assert len(stops) == len(re.findall(r"(?m)^[0-9]+\. ", PAGE))


@pytest.fixture
def calls() -> Iterator[Calls]:
    with Calls() as calls:
        yield calls


@pytest.fixture
def app(calls: Calls, segment_name: str, tmp_path: Path) -> Iterator[Flask]:
    """Its camera is running, and its threads are watched."""
    with (
        Camera(segment_name, fps=30, gop=5),
        mounted_app(tmp_path, SHM=segment_name, SYNC_SECONDS=1) as app,
    ):
        client = app.test_client()
        wait_until(lambda: client.get("/health").get_json()["status"] == "ok")
        yield app


def record(client: FlaskClient, name: str) -> None:
    assert client.post("/api/recording/start", json={"filename": name}).status_code == 200
    wait_until(lambda: client.get("/api/recording/status").get_json()["frame_count"] > 5)
    assert client.post("/api/recording/stop").status_code == 200


def test_a_picture_goes_to_a_file(app: Flask, calls: Calls) -> None:
    _, camera_stops, _ = WALKS["One picture, to the line that encrypts a packet"]
    writing, finishing = WALKS["One picture, to a file"][-2:]
    client = app.test_client()
    assert client.post("/api/recording/start", json={}).status_code == 200
    wait_until(lambda: calls.have_passed(camera_stops))
    wait_until(lambda: calls.have_passed(writing))
    assert client.post("/api/recording/stop").status_code == 200
    assert calls.have_passed(finishing)


def test_an_offer_is_answered_and_a_picture_goes_to_its_viewer(app: Flask, calls: Calls) -> None:
    _, _, sending = WALKS["One picture, to the line that encrypts a packet"]
    asking, answering, joining = WALKS["One request: an offer"]

    def answer(sdp: str) -> Any:
        offer = {"type": "offer", "sdp": sdp}
        return app.test_client().post("/api/webrtc/offer", json=offer).get_json()

    async def watch() -> None:
        viewer = Viewer()
        try:
            answered = await asyncio.to_thread(answer, await viewer.offer())
            await viewer.accept(answered["sdp"])
            sent = viewer.until(lambda: calls.have_passed(sending))
            await asyncio.wait_for(sent, TIMEOUT_S)
        finally:
            await viewer.close()

    asyncio.run(watch())
    for stops in (asking, answering, joining):
        assert calls.have_passed(stops), stops


def test_a_recording_of_several_files_is_sent(app: Flask, calls: Calls) -> None:
    asking, reading = WALKS["One request: a recording"]
    client = app.test_client()
    folder = stream_of(app).config.record_path
    for number in (1, 2):
        record(client, "part.mp4")
        (folder / "part.mp4").rename(folder / f"cat.00{number}.mp4")

    def fetch() -> None:
        with app.test_client().get("/api/recordings/cat.mp4") as answer:
            assert answer.status_code == 200
            assert len(answer.data) == answer.content_length

    thread = threading.Thread(target=fetch)
    thread.start()
    thread.join(TIMEOUT_S)
    assert calls.have_passed(asking)
    assert calls.have_passed(reading)
