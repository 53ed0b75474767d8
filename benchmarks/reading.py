"""What the reader alone costs, and how soon it has a picture: of this checkout, and beside others.

    python -m benchmarks.reading
    python -m benchmarks.reading --checkout ../older --rounds 9

A camera of 30 pictures a second and 8 Mbit/s, and a reader as if somebody watched, in a process for
each run. The checkouts take turns, so that the machine's noise is the same for all.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from .children import CHECKOUT

FPS = 30
VERDICT = re.compile(r"latency p50 (.*) ms, p95 (.*) ms; (.*) % of a core")
LOSSES = re.compile(r"(\d+ torn|\d+ stale|\d+ out of order|\d+ lost)")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--checkout", action="append", type=Path, default=[], metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="of each run")
    parser.add_argument("--camera", default="once 30 fps", help="see tests.ingest.acceptance")
    arguments = parser.parse_args()
    figures: dict[Path, list[tuple[float, ...]]] = defaultdict(list)
    for _ in range(arguments.rounds):
        for checkout in (CHECKOUT, *arguments.checkout):
            count = str(int(arguments.seconds * FPS))
            run = ("tests.ingest.acceptance", "--count", count, "--only", arguments.camera)
            output = subprocess.run(
                [sys.executable, "-m", *run], cwd=checkout, capture_output=True, text=True
            ).stdout
            found = VERDICT.search(output)
            if found is None:
                raise SystemExit(f"{checkout}: {output}")
            print(f"{checkout.name:24} {found[0]}; {', '.join(LOSSES.findall(output))}", flush=True)
            figures[checkout].append(tuple(map(float, found.groups())))
    print(f"\n{'median (least to most)':24} {'p50 ms':>20} {'p95 ms':>20} {'% of a core':>20}")
    for checkout, rows in figures.items():
        columns = (
            f"{statistics.median(column):.2f} ({min(column):.2f} to {max(column):.2f})"
            for column in zip(*rows, strict=True)
        )
        print(f"{checkout.name:24}", *(f"{column:>20}" for column in columns))
    return 0


if __name__ == "__main__":
    sys.exit(main())
