"""Carries a plan out: series of measurements, connects, recording alone."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.camera.camera import Camera

from .camera import BITS_PER_SECOND, WRITINGS, Writing, make_footage, open_camera
from .children import Child, Server, running
from .plan import Plan, Series
from .process import memory_mb
from .viewer import LOOPBACK
from .window import Row, measure, percentile

SETTLE_S = 1.5
"""After the last viewer has its first picture."""
ADD_TIMEOUT_S = 90.0


@dataclass(slots=True)
class Connects:
    """From the offer's sending to the first IDR's last packet, kernel time, ms."""

    count: int
    cold_ms: float
    """The first viewer that this process ever had; nobody had looked at a page."""
    warm_p50_ms: float
    warm_p95_ms: float
    warm_max_ms: float
    rss_growth_mb: float
    """From the first connects to the last."""


class Runs:
    """`folder` is for what servers record, `log` for what they and the viewers say; all of them use
    the address `host`."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        log: IO[str],
        host: str = LOOPBACK,
        bits_per_second: int = BITS_PER_SECOND,
    ) -> None:
        self._plan = plan
        self._folder = folder
        self._log = log
        self._host = host
        self._bits_per_second = bits_per_second
        self._footage: Path | None = None

    def series(self, series: Series) -> Iterator[Row]:
        writing = WRITINGS[series.writing]
        with (
            self._camera(writing, is_decoded=series.system == "reencode") as camera,
            self._server(series.module, camera, *series.options, python=series.python) as server,
            self._crowd(server) as crowd,
        ):
            there = 0
            for viewers in series.viewers:
                if viewers > there:
                    crowd.ask(ADD_TIMEOUT_S, do="add", count=viewers - there)
                there = viewers
                time.sleep(SETTLE_S)
                yield measure(
                    server,
                    crowd,
                    camera,
                    writing,
                    system=series.system,
                    viewers=viewers,
                    seconds=self._plan.seconds,
                    note=series.note,
                )

    def recording_only(self) -> Row:
        writing = WRITINGS["once"]
        with self._camera(writing) as camera, self._server("ours", camera) as server:
            server.request("POST", "/api/recording/start", {})
            time.sleep(SETTLE_S)
            row = measure(
                server,
                None,
                camera,
                writing,
                system="ours",
                viewers=0,
                seconds=self._plan.seconds,
                note="recording",
            )
            status = json.loads(server.request("GET", "/api/recording/status"))
            assert status["frame_count"] > 0, status
            server.request("POST", "/api/recording/stop")
        return row

    def with_stalled_viewer(self, viewers: int = 9) -> tuple[Row, Row]:
        """What `viewers` get, without and with one more beside them whose process is stopped."""
        writing = WRITINGS["once"]
        with (
            self._camera(writing) as camera,
            self._server("ours", camera) as server,
            self._crowd(server) as crowd,
            self._crowd(server) as victim,
        ):
            crowd.ask(ADD_TIMEOUT_S, do="add", count=viewers)
            time.sleep(SETTLE_S)

            def measured(note: str) -> Row:
                return measure(
                    server,
                    crowd,
                    camera,
                    writing,
                    system="ours",
                    viewers=viewers,
                    seconds=self._plan.seconds,
                    note=note,
                )

            before = measured("before a stall")
            victim.ask(ADD_TIMEOUT_S, do="add", count=1)
            os.kill(victim.pid, signal.SIGSTOP)
            try:
                stalled = measured("one more stalled")
            finally:
                os.kill(victim.pid, signal.SIGCONT)
        return before, stalled

    def connects(self, system: str = "ours") -> Connects:
        """Viewers that come and go, one after the other, in a server just started."""
        count = self._plan.connects
        with (
            self._camera(WRITINGS["once"]) as camera,
            self._server(system, camera) as server,
            self._crowd(server) as crowd,
        ):
            time.sleep(SETTLE_S)
            (cold_ms,) = crowd.ask(ADD_TIMEOUT_S, do="reconnect", count=1)["first_idr_ms"]
            crowd.ask(ADD_TIMEOUT_S, do="reconnect", count=3)
            rss_before_mb, _ = memory_mb(server.pid)
            warm = crowd.ask(ADD_TIMEOUT_S, do="reconnect", count=count)["first_idr_ms"]
            rss_after_mb, _ = memory_mb(server.pid)
        return Connects(
            count=count,
            cold_ms=cold_ms,
            warm_p50_ms=percentile(warm, 50),
            warm_p95_ms=percentile(warm, 95),
            warm_max_ms=max(warm),
            rss_growth_mb=rss_after_mb - rss_before_mb,
        )

    def _camera(self, writing: Writing, *, is_decoded: bool = False) -> Camera:
        if is_decoded and self._footage is None:
            self._footage = make_footage(self._folder)
        footage = self._footage if is_decoded else None
        return open_camera(writing, footage=footage, bits_per_second=self._bits_per_second)

    @contextmanager
    def _server(
        self, system: str, camera: Camera, *options: str, python: str = sys.executable
    ) -> Iterator[Server]:
        server = Server(
            system,
            camera.segment,
            "--record-path",
            str(self._folder),
            *options,
            host=self._host,
            log=self._log,
            python=python,
        )
        with running(server):
            yield server

    @contextmanager
    def _crowd(self, server: Server) -> Iterator[Child]:
        with running(Child("benchmarks.viewers", *server.viewer_arguments, log=self._log)) as crowd:
            yield crowd


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
