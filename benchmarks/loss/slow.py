"""What a viewer sees whose link can't carry the stream, and how soon it has it again.

    python -m benchmarks.loss.slow --megabits 3 --stream-megabits 8 --slow-seconds 30

Chromium at the end of a link that is good, then slow, then good again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ..camera import FPS, WRITINGS, make_footage, open_camera, temporary_folder
from ..children import Child, Server, running
from .namespaces import SERVER_ADDRESS, open_link

GOOD_MEGABITS = 50.0
GOOD_S = 5.0
SETTLE_S = 10.0
"""Of the slow time, this is for finding out; the rest is what the viewer has from then on."""
WHOLE_S = 1.0
"""The whole stream is there again with the first second that has nearly all pictures."""
START_S = 60.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--megabits", type=float, default=3.0, help="of the slow link")
    parser.add_argument("--delay-ms", type=float, default=20.0)
    parser.add_argument("--loss", type=float, default=0.0, help="percent")
    parser.add_argument("--stream-megabits", type=float, default=8.0)
    parser.add_argument("--slow-seconds", type=float, default=40.0)
    parser.add_argument("--good-seconds", type=float, default=25.0, help="afterwards")
    parser.add_argument("--websocket", action="store_true", help="instead of WebRTC")
    arguments = parser.parse_args()
    with temporary_folder() as folder:
        footage = make_footage(Path(folder), int(arguments.stream_megabits * 1e6))
        with (
            open_camera(WRITINGS["once"], footage=footage) as camera,
            open_link(
                megabits=GOOD_MEGABITS,
                delay_ms=arguments.delay_ms,
                loss_percent=arguments.loss,
                both_ways=False,
            ) as link,
        ):
            server = Server(
                "ours",
                camera.segment,
                f"--record-path={folder}",
                host=SERVER_ADDRESS,
                prefix=link.in_server,
                log=sys.stderr,
            )
            with running(server):
                seconds = GOOD_S + arguments.slow_seconds + arguments.good_seconds
                options = [f"--times={seconds}"]
                if arguments.websocket:
                    options.append("--websocket")
                browser = Child(
                    "benchmarks.loss.browser", server.url, *options, prefix=link.in_viewer
                )
                with running(browser):
                    browser.read_line(START_S)  # it has its first picture
                    time.sleep(GOOD_S)
                    slow_ns = time.monotonic_ns()
                    link.process.say(megabits=arguments.megabits)
                    time.sleep(arguments.slow_seconds)
                    good_ns = time.monotonic_ns()
                    link.process.say(megabits=GOOD_MEGABITS)
                    seen = json.loads(browser.read_line(arguments.good_seconds + START_S))
    times_s = [seen["begun_ns"] / 1e9 + ms / 1000 for ms in seen["shown_ms"]]
    slow_s, good_s = slow_ns / 1e9, good_ns / 1e9
    settled_s = min(good_s, slow_s + SETTLE_S)
    print(
        f"{arguments}\n"
        f"first {SETTLE_S:g} s: {describe(times_s, slow_s, settled_s)}\n"
        f"then:       {describe(times_s, settled_s, good_s)}\n"
        f"whole again after {whole_after_s(times_s, good_s)} s\n"
        f"pictures in each second: {by_second(times_s, slow_s)}"
    )
    return 0


def describe(times_s: Sequence[float], begin_s: float, end_s: float) -> str:
    shown = [at for at in times_s if begin_s <= at < end_s]
    gaps = [b - a for a, b in itertools.pairwise([begin_s, *shown, end_s])]
    return (
        f"{len(shown) / (end_s - begin_s):.1f} pictures a second, longest freeze {max(gaps):.2f} s"
    )


def whole_after_s(times_s: Sequence[float], good_s: float) -> float | None:
    for index, at in enumerate(times_s):
        if at >= good_s:
            count = sum(at <= other < at + WHOLE_S for other in times_s[index : index + 2 * FPS])
            if count >= 0.9 * FPS * WHOLE_S:
                return round(at - good_s, 1)
    return None


def by_second(times_s: Sequence[float], slow_s: float) -> str:
    begin = int(times_s[0] - slow_s) - 1
    end = int(times_s[-1] - slow_s)
    counts = [
        sum(second <= at - slow_s < second + 1 for at in times_s) for second in range(begin, end)
    ]
    return " ".join(
        f"[{c}" if s == 0 else str(c) for s, c in zip(range(begin, end), counts, strict=True)
    )


if __name__ == "__main__":
    sys.exit(main())
