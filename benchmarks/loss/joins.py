"""What joining over a narrow link is like: Chromium comes and goes.

    python -m benchmarks.loss.joins --megabits 4 --stream-megabits 2 --joins 20

A new viewer is sent all pictures since the last IDR at once, which may be more than the link's
buffer holds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

from ..camera import WRITINGS, make_footage, open_camera, temporary_folder
from ..children import Child, Server, running
from .namespaces import SERVER_ADDRESS, open_link

S_PER_JOIN = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--megabits", type=float, default=10.0)
    parser.add_argument("--delay-ms", type=float, default=20.0)
    parser.add_argument("--loss", type=float, default=0.0, help="percent")
    parser.add_argument("--stream-megabits", type=float, default=2.0)
    parser.add_argument("--joins", type=int, default=20)
    parser.add_argument("--no-pacing", action="store_true")
    arguments = parser.parse_args()
    options = ["--no-pacing"] if arguments.no_pacing else []
    with temporary_folder() as folder:
        footage = make_footage(Path(folder), int(arguments.stream_megabits * 1e6))
        with (
            open_camera(WRITINGS["once"], footage=footage) as camera,
            open_link(
                megabits=arguments.megabits,
                delay_ms=arguments.delay_ms,
                loss_percent=arguments.loss,
                both_ways=False,
            ) as link,
        ):
            options += ["--record-path", folder]
            server = Server(
                "ours", camera.segment, *options, host=SERVER_ADDRESS, prefix=link.in_server
            )
            with running(server):
                browser = Child(
                    "benchmarks.loss.browser",
                    server.url,
                    f"--joins={arguments.joins}",
                    prefix=link.in_viewer,
                )
                with running(browser):
                    joins = json.loads(browser.read_line(S_PER_JOIN * arguments.joins))
            overflowed = link.counts()[0]["overflowed"]
    first_ms = sorted(join["first_picture_ms"] for join in joins)
    print(
        f"{arguments}\n"
        f"first picture ms: median {statistics.median(first_ms):.0f}, most {first_ms[-1]:.0f}; "
        f"in {len(joins)} joins: {overflowed} packets overflowed, "
        + ", ".join(
            f"{sum(join[name] for join in joins)} {name}"
            for name in (
                "nackCount",
                "retransmittedPacketsReceived",
                "packetsReceived",
                "pliCount",
                "freezeCount",
                "framesDecoded",
            )
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
