from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from flask import Flask

from pet_stream import ConfigError, PetStream
from pet_stream.process.switch_interval import SHORT_S
from tests.apps import NO_CAMERA, mount, mounted_app, stream_of, thread_names
from tests.waiting import TIMEOUT_S

CHECKOUT = Path(__file__).resolve().parent.parent
ONE_SET = ["pet-stream-camera", "pet-stream-loop", "pet-stream-watcher"]


def run_script(script: str, *arguments: str | Path, warnings: str = "error") -> str:
    """Run `script` in a Python of its own; its output. It must not complain."""
    result = subprocess.run(
        [sys.executable, "-W", warnings, "-c", textwrap.dedent(script), *map(str, arguments)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=2 * TIMEOUT_S,
    )
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr, result.stderr
    assert "Warning" not in result.stderr, result.stderr
    return result.stdout


def test_init_app_starts_nothing(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        assert thread_names() == []
        assert not stream_of(app).is_running


@pytest.mark.parametrize("asks_for_it", [True, False])
def test_a_host_sees_our_lines_if_it_does_as_the_docs_say(asks_for_it: bool) -> None:
    section = (CHECKOUT / "docs/mounting.md").read_text().partition("## What it logs")[2]
    lines = section.partition("```python\n")[2].partition("```")[0] if asks_for_it else ""
    script = f"""
import sys
from flask import Flask
from pet_stream import PetStream
sys.stderr = sys.stdout
{lines}
app = Flask("host")
app.config.update(PET_STREAM_SHM="{NO_CAMERA}", PET_STREAM_ALLOWED_HOSTS=[])
stream = PetStream(app)
stream.start()
stream.stop()
"""
    assert ("INFO:pet_stream.running_parts:reading" in run_script(script)) == asks_for_it


def test_the_first_request_starts_one_set_of_threads(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        barrier = threading.Barrier(8)

        def request() -> None:
            barrier.wait(TIMEOUT_S)
            assert app.test_client().get("/health").status_code == 200

        threads = [threading.Thread(target=request) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT_S)
        assert thread_names() == ONE_SET
    assert thread_names() == []


def test_a_request_for_a_page_of_the_host_starts_too(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        assert app.test_client().get("/no-such-page").status_code == 404
        assert thread_names() == ONE_SET


def test_without_autostart_only_start_starts(tmp_path: Path) -> None:
    app = Flask("host")
    stream = mount(app, tmp_path, AUTOSTART=False)
    client = app.test_client()
    health = client.get("/health").get_json()
    assert thread_names() == []
    assert "Streaming has not been started" in health["reasons"]
    assert client.post("/api/recording/start").status_code == 503
    stream.start()
    assert thread_names() == ONE_SET
    stream.stop()


def test_start_and_stop_may_be_called_twice_and_in_turn(tmp_path: Path) -> None:
    stream = mount(Flask("host"), tmp_path)
    for _ in range(2):
        stream.start()
        stream.start()
        assert thread_names() == ONE_SET
        stream.stop()
        stream.stop()
        assert thread_names() == []


def test_a_running_stream_tells_how_its_parts_are(tmp_path: Path) -> None:
    app = Flask("host")
    extension = mount(app, tmp_path)
    assert stream_of(app).parts == ()
    extension.start()
    states = {part.name: part.state for part in stream_of(app).parts}
    assert {states[name] for name in ("camera", "loop", "watcher")} == {"running"}
    assert {states[name] for name in ("recorder", "detections", "rights")} == {"resting"}
    extension.stop()
    assert stream_of(app).parts == ()


def test_no_request_starts_again_what_was_stopped(tmp_path: Path) -> None:
    app = Flask("host")
    stream = mount(app, tmp_path)
    stream.start()
    stream.stop()
    app.test_client().get("/health")
    assert thread_names() == []
    stream.start()
    assert thread_names() == ONE_SET
    stream.stop()


def test_stop_finishes_a_recording(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        assert app.test_client().post("/api/recording/start").status_code == 200
        recorder = stream_of(app).recorder
        assert recorder.status.is_recording
    assert not recorder.status.is_recording


def test_apps_in_one_process_do_not_know_each_other(tmp_path: Path) -> None:
    with (
        mounted_app(tmp_path / "a", SHM=f"{NO_CAMERA}_a") as a,
        mounted_app(tmp_path / "b", SHM=f"{NO_CAMERA}_b", MAX_CLIENTS=2) as b,
    ):
        assert a.test_client().post("/api/recording/start").status_code == 200
        health = b.test_client().get("/health").get_json()
        assert health["recording"] is False
        assert health["max_clients"] == 2
        assert thread_names().count("pet-stream-camera") == 2
    assert thread_names() == []


def test_one_extension_serves_an_app_factory_that_is_called_twice(tmp_path: Path) -> None:
    stream = PetStream()

    def create_app(name: str) -> Flask:
        app = Flask(name)
        app.config.update(
            PET_STREAM_SHM=f"{NO_CAMERA}_{name}", PET_STREAM_RECORD_PATH=tmp_path / name
        )
        stream.init_app(app)
        return app

    apps = create_app("a"), create_app("b")
    segments = [app.test_client().get("/health").get_json()["camera"]["segment"] for app in apps]
    assert segments == [f"posix:{NO_CAMERA}_a", f"posix:{NO_CAMERA}_b"]
    stream.stop()
    assert thread_names() == []


def test_mounting_twice_is_refused(tmp_path: Path) -> None:
    app = Flask("host")
    mount(app, tmp_path)
    with pytest.raises(RuntimeError, match="already"):
        mount(app, tmp_path)


def test_a_wrong_setting_leaves_the_app_as_it_was(tmp_path: Path) -> None:
    app = Flask("host")
    rules = list(app.url_map.iter_rules())
    with pytest.raises(ConfigError, match="PET_STREAM_MAX_CLIENTS = 0"):
        mount(app, tmp_path, MAX_CLIENTS=0)
    assert list(app.url_map.iter_rules()) == rules
    assert "pet_stream" not in app.extensions


def test_the_host_sees_the_defaults(tmp_path: Path) -> None:
    app = Flask("host")
    mount(app, tmp_path)
    assert app.config["PET_STREAM_MAX_CLIENTS"] == 10


@pytest.fixture(scope="module")
def modules_of_mounting() -> list[str]:
    """What is loaded in a host that has mounted it."""
    return run_script(
        """
        import sys
        from flask import Flask
        from pet_stream import PetStream
        PetStream(Flask("host"))
        print(*sys.modules)
        """
    ).split()


@pytest.mark.parametrize(
    "module",
    [
        "aiortc",
        "av",
        "flask_sock",
        "prometheus_client",
        "prometheus_flask_exporter",
        "pet_stream.accounts",
        "pet_stream.media.mp4.reading",
        "pet_stream.web_server",
        "simple_websocket",
        "wsproto",
    ],
)
def test_mounting_imports_nothing_that_most_hosts_do_not_need(
    module: str, modules_of_mounting: list[str]
) -> None:
    assert "pet_stream.stream" in modules_of_mounting
    assert module not in modules_of_mounting


def test_metrics_stay_to_be_had_where_a_hosts_processes_share_theirs_by_files(
    tmp_path: Path,
) -> None:
    output = run_script(
        """
        import os, sys
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = sys.argv[2]
        from flask import Flask
        from prometheus_flask_exporter.multiprocess import GunicornInternalPrometheusMetrics
        from pet_stream import PetStream

        app = Flask("host")
        metrics = GunicornInternalPrometheusMetrics(app)
        app.config.update(PET_STREAM_SHM=sys.argv[1], PET_STREAM_RECORD_PATH=sys.argv[2])
        stream = PetStream(app, metrics=metrics)
        client = app.test_client()
        client.get("/health")
        for path in ("/metrics", "/pet-stream/metrics"):
            text = client.get(path).text
            print("flask_http_request_total" in text, "pet_stream_running 1.0" in text)
        stream.stop()
        """,
        NO_CAMERA,
        tmp_path,
        warnings="ignore::ResourceWarning",  # the client library leaves its files open
    )
    assert output == "True False\nFalse True\n"


@pytest.mark.parametrize("path", ["/api/webrtc/config", "/pet-stream/"])
def test_aiortc_is_imported_in_the_background_when_a_player_is_served(
    path: str, tmp_path: Path
) -> None:
    run_script(
        """
        import sys, threading
        from flask import Flask
        from pet_stream import PetStream
        app = Flask("host")
        app.config.update(PET_STREAM_SHM=sys.argv[2], PET_STREAM_RECORD_PATH=sys.argv[3])
        stream = PetStream(app)
        client = app.test_client()
        client.get("/health")
        assert "aiortc" not in sys.modules
        assert client.get(sys.argv[1]).status_code == 200
        importing = [t for t in threading.enumerate() if t.name == "pet-stream-import"]
        for thread in importing:
            thread.join(30)
        assert "aiortc" in sys.modules
        """,
        path,
        NO_CAMERA,
        tmp_path,
    )


def test_the_event_loop_does_not_stand_still_to_load_what_websockets_need(tmp_path: Path) -> None:
    output = run_script(
        """
        import http.client, sys, threading
        from flask import Flask
        from pet_stream import PetStream
        from pet_stream.web_server import WebServer

        loaders = set()

        def look(event, arguments):
            if event == "import" and arguments[0].partition(".")[0] in ("flask_sock", "wsproto"):
                loaders.add(threading.current_thread().name)

        sys.addaudithook(look)
        app = Flask("host")
        app.config.update(PET_STREAM_SHM=sys.argv[1], PET_STREAM_RECORD_PATH=sys.argv[2],
                          PET_STREAM_ALLOWED_HOSTS=[])
        stream = PetStream(app)
        stream.start()
        server = WebServer("127.0.0.1", 0)
        server.start(app)
        assert not loaders
        client = http.client.HTTPConnection("127.0.0.1", server.port)
        client.request("GET", "/api/stream/ws", headers={
            "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        })
        print(client.getresponse().status)
        client.close()
        server.stop()
        stream.stop()
        print(len(loaders), "pet-stream-loop" in loaders)
        """,
        NO_CAMERA,
        tmp_path,
    )
    assert output == "101\n1 False\n"


def test_a_child_process_has_a_camera_thread_of_its_own_and_leaves_the_recorder_to_its_parent(
    tmp_path: Path,
) -> None:
    output = run_script(
        """
        import os, sys, threading
        from flask import Flask
        from pet_stream import PetStream

        def names():
            ours = {t.name for t in threading.enumerate() if t.name.startswith("pet-")}
            return sorted(ours - {"pet-stream-housekeeping"})  # which passes

        app = Flask("host")
        app.config.update(PET_STREAM_SHM=sys.argv[1], PET_STREAM_RECORD_PATH=sys.argv[2])
        stream = PetStream(app)
        client = app.test_client()
        print(client.post("/api/recording/start", json={"filename": "parents"}).status_code)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            print(names())
            refused = client.post("/api/recording/start", json={"filename": "childs"})
            print(refused.status_code, refused.get_json()["code"])
            assert f"process {os.getppid()} (" in refused.get_json()["error"]
            for thread in threading.enumerate():
                if thread.name == "pet-stream-recorder":
                    thread.join(10)
            print(names())
            sys.exit()
        print(os.waitpid(child, 0)[1])
        print(client.get("/api/recording/status").get_json()["recording"])
        print(client.post("/api/recording/stop").get_json()["filename"])
        """,
        NO_CAMERA,
        tmp_path,
        warnings="ignore",  # Python 3.12 and newer warn of any fork with threads
    )
    assert output.splitlines() == [
        *("200", "[]", "409 not_recorder_owner", str(ONE_SET)),
        *("0", "True", "parents.mp4"),
    ]


def test_a_forked_child_has_locks_of_its_own_for_the_accounts(tmp_path: Path) -> None:
    """A thread that is not there any more may have held the parent's."""
    output = run_script(
        """
        import os, sys
        from flask import Flask
        from pet_stream import PetStream
        app = Flask("host")
        app.config.update(
            PET_STREAM_SHM=sys.argv[1], PET_STREAM_RECORD_PATH=sys.argv[2],
            PET_STREAM_AUTH="builtin", PET_STREAM_ACCOUNTS=sys.argv[2] + ".json",
        )
        PetStream(app).start()
        parents = app.extensions["pet_stream"].authority
        child = os.fork()
        if child == 0:
            childs = app.extensions["pet_stream"].authority
            print(childs is not parents, childs.accounts.has_people)
            sys.exit()
        print(os.waitpid(child, 0)[1], app.extensions["pet_stream"].authority is parents)
        """,
        NO_CAMERA,
        tmp_path / "recordings",
        warnings="ignore",
    )
    assert output == "True False\n0 True\n"


def test_leaving_without_stop_is_clean(tmp_path: Path) -> None:
    output = run_script(
        """
        import sys
        from flask import Flask
        from pet_stream import PetStream
        app = Flask("host")
        app.config.update(PET_STREAM_SHM=sys.argv[1], PET_STREAM_RECORD_PATH=sys.argv[2])
        PetStream(app).start()
        import atexit
        recorder = app.extensions["pet_stream"].recorder
        app.test_client().post("/api/recording/start")
        app.test_client().get("/api/webrtc/config")
        print(recorder.status.is_recording)
        """,
        NO_CAMERA,
        tmp_path,
    )
    assert output == "True\n"


def test_sigterm_ends_a_process_in_order_if_nobody_else_handles_it(tmp_path: Path) -> None:
    output = run_script(
        """
        import atexit, os, signal, sys
        from flask import Flask
        from pet_stream import PetStream
        app = Flask("host")
        app.config.update(PET_STREAM_SHM=sys.argv[1], PET_STREAM_RECORD_PATH=sys.argv[2])
        recorder = None
        atexit.register(lambda: print(recorder.status.is_recording))
        PetStream(app)
        app.test_client().post("/api/recording/start")
        recorder = app.extensions["pet_stream"].recorder
        print(recorder.status.is_recording)
        os.kill(os.getpid(), signal.SIGTERM)
        """,
        NO_CAMERA,
        tmp_path,
    )
    assert output.splitlines() == ["True", "False"]


def test_a_forked_child_still_dies_of_sigterm(tmp_path: Path) -> None:
    output = run_script(
        """
        import os, signal, sys
        from flask import Flask
        from pet_stream import PetStream
        PetStream(Flask("host"))
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        print(os.WTERMSIG(os.waitpid(child, 0)[1]))
        """
    )
    assert int(output) == signal.SIGTERM


def test_the_hosts_own_sigterm_handler_stays(tmp_path: Path) -> None:
    def own_handler(*_: object) -> None: ...

    previous = signal.signal(signal.SIGTERM, own_handler)
    try:
        mount(Flask("host"), tmp_path)
        assert signal.getsignal(signal.SIGTERM) is own_handler
    finally:
        signal.signal(signal.SIGTERM, previous)


def test_threads_take_turns_faster_only_while_somebody_watches(tmp_path: Path) -> None:
    usual_s = sys.getswitchinterval()
    with mounted_app(tmp_path / "a") as a, mounted_app(tmp_path / "b") as b:
        broadcasters = stream_of(a).broadcaster, stream_of(b).broadcaster
        recorder = broadcasters[0].subscribe("recorder", 1, lambda: None)
        assert sys.getswitchinterval() == usual_s
        viewers = [each.subscribe("v", 1, lambda: None, is_urgent=True) for each in broadcasters]
        assert sys.getswitchinterval() == pytest.approx(SHORT_S)
        broadcasters[0].unsubscribe(viewers[0])
        assert sys.getswitchinterval() == pytest.approx(SHORT_S)
        broadcasters[1].unsubscribe(viewers[1])
        assert sys.getswitchinterval() == usual_s
        broadcasters[0].unsubscribe(recorder)


def test_nothing_of_ours_keeps_an_app_alive_that_was_never_started(tmp_path: Path) -> None:
    import gc
    import weakref

    app = weakref.ref(_forgotten_app(tmp_path))
    gc.collect()
    assert app() is None


def _forgotten_app(folder: Path) -> Flask:
    app = Flask(f"host{os.getpid()}")
    mount(app, folder)
    return app


def test_starting_what_is_not_mounted_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="init_app"):
        PetStream().start()
    PetStream().stop()
