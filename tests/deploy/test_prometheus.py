"""What is in `deploy/` for Prometheus and Grafana, tried by Debian's own Prometheus."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pet_stream.event_loop import EventLoopThread
from pet_stream.metrics.row import HISTOGRAM
from pet_stream.metrics.table import TABLE
from tests.apps import mounted_app, stream_of
from tests.waiting import TIMEOUT_S, wait_until

from ..browser.processes import Process
from ..webrtc.viewer import Viewer

pytestmark = pytest.mark.slow  # `make test` installs Prometheus, `make check` does not

CHECKOUT = Path(__file__).parents[2]
DEPLOY = CHECKOUT / "deploy"
RULES = DEPLOY / "prometheus" / "pet_stream.rules.yml"
DASHBOARD = DEPLOY / "grafana" / "pet_stream.json"

VARIABLES = {"$__rate_interval": "1m", "$job": ".*", "$instance": ".*"}
"""Filled in as Grafana does."""
NOTHING_WHILE_ALL_IS_WELL = ("pet_stream_errors_total", "ALERTS")
PET_STREAM = (sys.executable, "-m", "pet_stream.command_line")


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[Process]:
    process = Process(command, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, cwd=folder)
    try:
        yield process
    finally:
        process.stop(signal.SIGTERM)


class Demo:
    """`pet-stream demo` in `folder`, where people sign in, and programs have tokens."""

    def __init__(self, process: Process, folder: Path) -> None:
        self.url = process.wait_for_line(r"(http://127\.0\.0\.1:\d+)/", TIMEOUT_S)[1]
        self._folder = folder
        self._token = self.token("Viewer", "view", "record")

    def token(self, name: str, *rights: str) -> str:
        command = [*PET_STREAM, "token", name, *(f"--right={right}" for right in rights)]
        return run(command, self._folder).strip()

    def ask(self, path: str, body: dict[str, object] | None = None) -> Any:
        """`body`: it is posted."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)


class Prometheus:
    def __init__(self, process: Process) -> None:
        port = process.wait_for_line(r"Listening on.*127\.0\.0\.1:(\d+)", TIMEOUT_S)[1]
        process.wait_for_line("ready to receive", TIMEOUT_S)
        self._url = f"http://127.0.0.1:{port}/api/v1/"

    def ask(self, what: str, **arguments: str) -> Any:
        url = f"{self._url}{what}?{urllib.parse.urlencode(arguments)}"
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        result: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return result

    def number(self, expression: str) -> float:
        """Of the only sample; 0 without one."""
        return sum(float(sample["value"][1]) for sample in self.query(expression))


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """It scrapes a demo with a viewer and a recording, configured as `deploy/prometheus` says."""
    folder = tmp_path_factory.mktemp("demo")
    event_loop = EventLoopThread("viewer")
    demo_command = [*PET_STREAM, "demo", "--auth=builtin", "--port=0", "--no-open"]
    with running(demo_command, folder) as process:
        demo = Demo(process, folder)
        config = write_config(folder, demo)
        command = ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb"]
        with running([*command, "--web.listen-address=127.0.0.1:0"], folder) as scraping:
            prometheus = Prometheus(scraping)
            wait_until(lambda: demo.ask("/health")["camera"]["state"] == "live")
            demo.ask("/api/recording/start", {})
            event_loop.start()
            viewer = event_loop.call(watching(demo), TIMEOUT_S)
            wait_until(lambda: prometheus.number("pet_stream_recording_sync_seconds_count"))
            wait_until(lambda: prometheus.number("pet_stream_webrtc_round_trip_seconds_count"))
            wait_until(lambda: prometheus.number("count_over_time(pet_stream_running[1m])") >= 4)
            yield prometheus
            event_loop.call(viewer.close(), TIMEOUT_S)
            event_loop.stop()


def write_config(folder: Path, demo: Demo) -> Path:
    """Write `deploy/prometheus` there, for `demo`, with a shorter interval."""
    token = folder / "pet_stream.token"
    token.write_text(demo.token("Prometheus", "metrics"))
    config = (DEPLOY / "prometheus" / "prometheus.yml").read_text()
    for old, new in {
        "board.local:8080": urllib.parse.urlsplit(demo.url).netloc,
        "/etc/prometheus/pet_stream.token": str(token),
        "_interval: 15s": "_interval: 500ms",
    }.items():
        assert old in config
        config = config.replace(old, new)
    (folder / RULES.name).write_text(RULES.read_text())
    path = folder / "prometheus.yml"
    path.write_text(config)
    return path


async def watching(demo: Demo) -> Viewer:
    viewer = Viewer()
    offer: dict[str, object] = {"type": "offer", "sdp": await viewer.offer()}
    answer = await asyncio.to_thread(demo.ask, "/api/webrtc/offer", offer)
    await viewer.accept(answer["sdp"])
    await viewer.has(14)
    return viewer


def run(command: list[str], folder: Path, text: str = "") -> str:
    """Returns what it writes; it must not fail."""
    result = subprocess.run(
        command,
        cwd=folder,
        input=text,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def queries() -> dict[str, str]:
    """Of the dashboard, by the title of their panels."""
    dashboard = json.loads(DASHBOARD.read_text())
    found = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
    }
    for annotation in dashboard["annotations"]["list"]:
        found[annotation["name"]] = annotation["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            found[variable["name"]] = re.sub(r"label_values\((.*), \w+\)", r"\1", variable["query"])
    return found


def test_every_query_of_the_dashboard_has_a_sample(prometheus: Prometheus) -> None:
    empty = []
    for title, query in queries().items():
        for variable, value in VARIABLES.items():
            query = query.replace(variable, value)
        if not prometheus.query(query) and not any(n in query for n in NOTHING_WHILE_ALL_IS_WELL):
            empty.append(f"{title}: {query}")
    assert not empty


def test_every_metric_arrives_with_its_kind_and_meaning(prometheus: Prometheus) -> None:
    told = prometheus.ask("metadata")
    for row in TABLE:
        # OpenMetrics, which Prometheus asks for, names a counter without `_total`
        name = row.name.removesuffix("_total") if row.kind.value == "counter" else row.name
        [metadata] = told[name]
        assert (metadata["type"], metadata["help"]) == (row.kind.value, f"{row.meaning}.")
    assert prometheus.number("up") == 1
    assert prometheus.number("scrape_samples_scraped") > len(TABLE)


def test_every_alert_can_be_evaluated(prometheus: Prometheus) -> None:
    def rules() -> list[dict[str, Any]]:
        return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]

    wait_until(lambda: all(rule["health"] != "unknown" for rule in rules()))
    assert {rule["name"] for rule in rules()} == set(alerts())
    assert [rule for rule in rules() if rule["health"] != "ok"] == []


def test_rules_and_dashboard_name_metrics_that_there_are() -> None:
    endings = ("_bucket", "_sum", "_count")
    there_are = {row.name for row in TABLE} | {
        row.name + ending for row in TABLE if row.kind is HISTOGRAM for ending in endings
    }
    for text in (RULES.read_text(), *queries().values()):
        expressions = re.sub(r"(?m)^ *-? ?(name|#).*$", "", text)
        assert set(re.findall(r"\b(?:pet_stream|streaming)_\w+", expressions)) <= there_are


def test_each_alert_fires_when_it_should_and_never_else() -> None:
    run(["promtool", "test", "rules", "pet_stream.test.yml"], RULES.parent)
    tested = (RULES.parent / "pet_stream.test.yml").read_text()
    for alert in alerts():
        assert len(re.findall(rf"alertname: {alert}\b", tested)) >= 2, alert


def alerts() -> list[str]:
    return re.findall(r"- alert: (\w+)", RULES.read_text())


def test_each_alert_is_in_the_docs() -> None:
    page = (CHECKOUT / "docs" / "metrics.md").read_text()
    assert re.findall(r"(?m)^\| `(PetStream\w+)` \|", page) == alerts()


def test_prometheus_takes_what_the_docs_have_beside_a_hosts_own(tmp_path: Path) -> None:
    page = (CHECKOUT / "docs" / "metrics.md").read_text()
    [example] = re.findall(r"(?ms)^```yaml\n(.*?)^```", page)
    (tmp_path / "prometheus.yml").write_text(example)
    assert "SUCCESS" in run(["promtool", "check", "config", "prometheus.yml"], tmp_path)


def test_promtool_has_nothing_to_say_of_our_names(tmp_path: Path) -> None:
    with mounted_app(tmp_path) as app:
        stream_of(app).peers.get()
        stream_of(app).errors.note("camera", OSError())
        app.test_client().get("/health")
        page = app.test_client().get("/metrics").text
    assert page.count("# TYPE pet_stream_") == len([r for r in TABLE if r.name[0] == "p"])
    # The names of the old server are fixed; they are no concern of promtool's.
    ours = re.sub(r"(?m)^(# \w+ )?streaming_.*\n", "", page)
    assert run(["promtool", "check", "metrics"], tmp_path, ours) == ""
