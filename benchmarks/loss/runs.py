"""Servers at one end of a lossy link, Chromium at the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tests.camera.camera import Camera

from ..camera import WRITINGS, make_footage, open_camera
from ..children import BenchError, Child, Server, running
from ..plan import LossCase, Plan
from ..process import IdleTime
from .namespaces import SERVER_ADDRESS, LossUnavailable, open_link

__all__ = ["LossUnavailable", "run_loss"]

BROWSER_TIMEOUT_S = 60.0


def run_loss(plan: Plan, folder: Path, log: IO[str]) -> Iterator[dict[str, Any]]:
    """One row a case. Raises LossUnavailable."""
    footage = make_footage(folder)
    for case in plan.loss:
        with open_camera(WRITINGS["once"], footage=footage) as camera:
            try:
                yield _run(case, camera, plan.loss_seconds, folder, log)
            except BenchError as exc:
                yield {"system": case.title, "loss %": case.loss_percent, "error": str(exc)}


def _run(
    case: LossCase, camera: Camera, seconds: float, folder: Path, log: IO[str]
) -> dict[str, Any]:
    with open_link(
        megabits=case.megabits,
        delay_ms=case.delay_ms,
        loss_percent=case.loss_percent,
        both_ways=case.both_ways,
    ) as link:
        server = Server(
            case.module,
            camera.segment,
            "--record-path",
            str(folder),
            *case.options,
            host=SERVER_ADDRESS,
            prefix=link.in_server,
            log=log,
        )
        with running(server):
            options = [server.url, f"--seconds={seconds}"]
            browser = Child("benchmarks.loss.browser", *options, prefix=link.in_viewer, log=log)
            with running(browser):
                idle = IdleTime()
                seen = json.loads(browser.read_line(seconds + BROWSER_TIMEOUT_S))
                idle_percent = idle.percent
        down = link.counts()[0]
    begin_ns, end_ns = seen["begin_ns"], seen["end_ns"]
    written = sum(begin_ns <= row.end_ns < end_ns for row in camera.log().pictures)
    emitted = max(1, seen["jitterBufferEmittedCount"])
    return {
        "system": case.title,
        "link": f"{case.megabits:g} Mbit/s, {case.delay_ms:g} ms"
        + (", both ways" if case.both_ways else ""),
        "loss %": case.loss_percent,
        "first picture ms": round(seen["first_picture_ms"]),
        "decoded": f"{seen['framesDecoded']} of {written}",
        "freezes": seen["freezeCount"],
        "frozen s": round(seen["totalFreezesDuration"], 2),
        "dropped": seen["framesDropped"],
        "packets lost": seen["packetsLost"],
        "NACKs": seen["nackCount"],
        "PLIs": seen["pliCount"],
        "RTX": seen["retransmittedPacketsReceived"],
        "jitter buffer ms": round(seen["jitterBufferDelay"] / emitted * 1000, 1),
        "overflowed": down["overflowed"],
        "idle %": round(idle_percent),
        "queue ms, most": round(down["max_queue_s"] * 1000, 1),
    }
