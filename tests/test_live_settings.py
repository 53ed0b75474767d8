"""Settings that are read again while everything runs."""

from __future__ import annotations

import json
import logging
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from pet_stream import PetStream
from pet_stream.config import SETTINGS
from pet_stream.errors import Busy
from pet_stream.library import archive as archive_module
from pet_stream.library.retention import Retention
from pet_stream.pause.schedule import Span
from pet_stream.stream import Stream

from .apps import mount, stream_of
from .command_line.test_hosting import StartCommand, start_command
from .server_process import SERVERS, serving
from .test_extension import run_script
from .waiting import TIMEOUT_S, wait_until
from .websocket.client import WebSocket

__all__ = ["start_command"]

HOST = {"Host": "cam.example"}
LIVE = {
    *("sync_seconds", "segment_minutes", "max_recording_minutes", "heartbeat_seconds"),
    *(
        "min_free_mb",
        "clips_mb",
        "keep_days",
        "keep_mb",
        "keep_free_mb",
        "bin_hours",
        "max_clients",
    ),
    *("allowed_origins", "frame_ancestors", "allowed_hosts", "pause_schedule"),
    *("log_levels", "whep_waits", "preroll_seconds", "replay_seconds"),
    *("camera_name", "language", "resume_recording"),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pet.toml"
    path.write_text("")
    return path


@pytest.fixture
def app(file: Path) -> Flask:
    return Flask("host", static_folder=None)


@pytest.fixture
def pet_stream(app: Flask, file: Path) -> Iterator[PetStream]:
    mounted = mount(app, file.parent, CONFIG=file, AUTOSTART=False, KEEP_DAYS=36_000)
    yield mounted
    mounted.stop()


@pytest.fixture
def stream(app: Flask, pet_stream: PetStream) -> Stream:
    return stream_of(app)


def test_what_is_live_counts_at_once(
    app: Flask, pet_stream: PetStream, stream: Stream, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = app.test_client()
    assert client.get("/health", headers=HOST).status_code == 200
    file.write_text(
        "max_clients = 3\nmin_free_mb = 7\nmax_recording_minutes = 2\nkeep_mb = 5\n"
        'allowed_hosts = []\npause_schedule = ["22:00-07:00"]\n'
    )
    caplog.set_level(logging.INFO, "pet_stream.live_settings")
    assert pet_stream.reload()
    assert client.get("/health", headers=HOST).status_code == 421
    assert client.get("/health").get_json()["max_clients"] == stream.places.max_clients == 3
    assert stream.recorder.settings.min_free_bytes == 7_000_000
    assert stream.recorder.settings.max_duration_s == 120
    assert stream.config.pause_schedule == (Span(tuple(range(7)), 1320, 540),)
    [record] = [each for each in caplog.records if each.name == "pet_stream.live_settings"]
    assert "changed: PET_STREAM_MAX_RECORDING_MINUTES, PET_STREAM_MIN_FREE_MB" in record.message

    file.write_text("")
    assert pet_stream.reload()
    assert client.get("/health", headers=HOST).status_code == 200
    assert stream.places.max_clients == 10


def test_exactly_these_are_live() -> None:
    assert {setting.name for setting in SETTINGS if setting.is_live} == LIVE


def test_old_recordings_go_when_the_limit_comes(
    pet_stream: PetStream, stream: Stream, file: Path
) -> None:
    folder = stream.config.record_path
    folder.mkdir()
    for number in range(3):
        (folder / f"n{number}.h264").write_bytes(bytes(1_000_000))
        os.utime(folder / f"n{number}.h264", (number + 1.7e9, number + 1.7e9))
    pet_stream.start()
    file.write_text("keep_mb = 2")
    assert pet_stream.reload()
    wait_until(lambda: not (folder / "n0.h264").exists())
    assert (folder / "n1.h264").exists()


def test_where_no_thread_is_to_be_had_all_settings_count(
    pet_stream: PetStream, stream: Stream, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(*_: object, **__: object) -> None:
        raise Busy("no thread")

    pet_stream.start()
    stream.archive.set_limits(Retention(), max_clip_bytes=0, min_free_bytes=0)
    stream.archive.stop()
    stream.archive.start()  # without anything to delete
    monkeypatch.setattr(archive_module, "start_run", no_thread)
    file.write_text('keep_mb = 2\npause_schedule = ["Mon-Sun 00:00-24:00"]')
    assert pet_stream.reload()
    assert stream.pause.is_on


def test_a_pause_that_the_schedule_wants_now_begins(
    pet_stream: PetStream, stream: Stream, file: Path
) -> None:
    pet_stream.start()
    assert not stream.pause.is_on
    file.write_text('pause_schedule = ["Mon-Sun 00:00-24:00"]')
    pet_stream.reload()
    assert stream.pause.is_on
    file.write_text("")
    pet_stream.reload()
    assert not stream.pause.is_on


@pytest.mark.parametrize("text", ["max_clients = 0", "max_clients =", "max_client = 3", None])
def test_a_faulty_file_changes_nothing_and_says_why(
    pet_stream: PetStream,
    stream: Stream,
    file: Path,
    caplog: pytest.LogCaptureFixture,
    text: str | None,
) -> None:
    before = stream.config
    if text is None:
        file.unlink()
    else:
        file.write_text("keep_mb = 5\n" + text)
    assert not pet_stream.reload()
    assert stream.config is before
    [record] = caplog.records
    assert record.message.startswith(f"the settings stay as they are: {file}")


def test_what_needs_a_restart_is_named_and_what_the_host_says_stays(
    pet_stream: PetStream, stream: Stream, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = stream.config
    file.write_text("metrics = false\nreplay_mb = 5\nkeep_days = 1\n")
    assert pet_stream.reload()
    assert stream.config == before
    [record] = caplog.records
    assert record.message == (
        "these settings change at the next start only: PET_STREAM_REPLAY_MB, PET_STREAM_METRICS"
    )


@pytest.mark.slow
def test_a_service_reads_its_file_again_and_keeps_its_viewers(
    start_command: StartCommand, tmp_path: Path, file: Path
) -> None:
    process = start_command(
        *("demo", "--port", "0", "--record-path", str(tmp_path), "--config", str(file))
    )
    url = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
    process.wait_for_line("Ctrl-C stops it", TIMEOUT_S)
    with WebSocket(url.replace("http", "ws") + "/api/stream/h264") as viewer:
        viewer.binary()
        file.write_text("max_clients = 1")
        os.kill(process.pid, signal.SIGHUP)
        wait_until(lambda: b'"max_clients":1,' in health(url))
        for _ in range(20):
            viewer.binary()
        assert json.loads(health(url))["webrtc_clients"] == 1
        file.write_text("max_clients = nonsense")
        os.kill(process.pid, signal.SIGHUP)
        process.wait_for_line("the settings stay as they are: ", TIMEOUT_S)
        viewer.binary()
    assert process.stop(signal.SIGTERM) == 0


def test_a_host_reads_its_file_again(segment_name: str, tmp_path: Path, file: Path) -> None:
    with serving(SERVERS["app.run"], tmp_path, segment_name, PET_STREAM_CONFIG=str(file)) as server:
        assert server.json("/health")["max_clients"] == 10
        file.write_text("max_clients = 1")
        os.kill(server.process.pid, signal.SIGHUP)
        wait_until(lambda: server.json("/health")["max_clients"] == 1)


@pytest.mark.slow
def test_under_gunicorn_a_hang_up_is_gunicorns(
    segment_name: str, tmp_path: Path, file: Path
) -> None:
    with serving(
        SERVERS["gunicorn"], tmp_path, segment_name, PET_STREAM_CONFIG=str(file)
    ) as server:
        uptime_s = server.json("/health")["uptime_s"]
        file.write_text("max_clients = 1")
        os.kill(server.process.pid, signal.SIGHUP)
        server.process.wait_for_line("Handling signal: hup", TIMEOUT_S)
        server.process.wait_for_line("Booting worker", TIMEOUT_S)
        wait_until(lambda: server.json("/health")["max_clients"] == 1)
        assert server.json("/health")["uptime_s"] <= uptime_s + TIMEOUT_S
        assert "the settings are read again" not in server.process.log


HANDLED = """
    import os, signal, threading
    from flask import Flask
    from pet_stream import PetStream
    os.setsid()
    def mine(number, frame):
        print("mine")
    signal.signal(signal.SIGHUP, mine)
    app = Flask("host")
    PetStream(app)
    assert signal.getsignal(signal.SIGHUP) is mine
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    thread = threading.Thread(target=PetStream, args=[Flask("second")])
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    streams = [PetStream(Flask(name)) for name in ("third", "fourth")]
    ours = signal.getsignal(signal.SIGHUP)
    assert callable(ours) and ours is not mine
    os.kill(os.getpid(), signal.SIGHUP)  # before anything runs: nothing happens
    child = os.fork()
    if not child:
        os.kill(os.getpid(), signal.SIGHUP)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGHUP
"""


def test_a_handler_of_the_host_stays() -> None:
    run_script(HANDLED)


def health(url: str) -> bytes:
    with urllib.request.urlopen(f"{url}/health", timeout=TIMEOUT_S) as answer:
        body: bytes = answer.read()
    return body.replace(b" ", b"")
