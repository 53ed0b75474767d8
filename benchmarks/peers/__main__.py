"""Ours, stock aiortc, Janus and GStreamer's webrtcbin, in one run, with the same viewers.

    make bench-peers
    python -m benchmarks.peers --only janus --viewers 10 --rounds 1

The systems take turns, round after round, so that what else the machine does strikes all of them.
Needs root, for a network namespace. What is not installed is named and left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from ..camera import temporary_folder
from ..children import CHECKOUT, BenchError
from ..machine import describe_machine
from ..plan import Plan, Series
from ..report import machine_line, markdown_table
from ..runs import Runs, say
from ..systems.gstreamer import PYTHON
from ..window import Row
from . import namespace

RESULTS = CHECKOUT / "benchmarks" / "results"
SYSTEMS = ("ours", "stock", "janus", "gstreamer")
PACKAGES = {
    "janus": "janus",
    "gstreamer": "gstreamer1.0-nice gstreamer1.0-plugins-bad gstreamer1.0-plugins-good python3-gi "
    "gir1.2-gst-plugins-bad-1.0",
}
"""Debian's, for what may be missing."""
_COLUMNS: tuple[tuple[str, Callable[[Row], float | None]], ...] = (
    ("CPU %", lambda row: row.cpu_percent),
    ("p50 ms", lambda row: row.p50_ms),
    ("p95 ms", lambda row: row.p95_ms),
    ("RSS MB", lambda row: row.rss_mb),
    ("fps, least", lambda row: row.fps_min),
    ("missing", lambda row: float(row.missing_pictures)),
    ("faults", lambda row: float(row.other_faults)),
    ("idle %", lambda row: row.idle_percent),
)


def main() -> int:
    arguments = _arguments()
    namespace.enter("benchmarks.peers", sys.argv[1:])
    missing = [system for system in arguments.only or SYSTEMS if not _is_installed(system)]
    for system in missing:
        say(f"{system} is not installed: apt-get install {PACKAGES[system]}")
    systems = [system for system in arguments.only or SYSTEMS if system not in missing]
    viewers = tuple(sorted(arguments.viewers))
    plan = Plan(arguments.seconds, (), arguments.connects, False, 0, ())
    rows: list[Row] = []
    joins: dict[str, list[float]] = {system: [] for system in systems}
    machine = describe_machine()
    RESULTS.mkdir(exist_ok=True)
    with temporary_folder() as folder, (RESULTS / "log.txt").open("w") as log:
        runs = Runs(plan, Path(folder), log, namespace.ADDRESS)
        for round_ in range(arguments.rounds):
            for system in systems[round_ % len(systems) :] + systems[: round_ % len(systems)]:
                rows += _measured(runs, system, viewers)
                if arguments.connects:
                    joins[system].append(runs.connects(system).warm_p50_ms)
    report = "\n".join(_report(rows, joins, machine, missing))
    (RESULTS / "peers.md").write_text(report)
    (RESULTS / "peers.json").write_text(
        json.dumps({"machine": machine, "rows": list(map(asdict, rows)), "joins_ms": joins})
    )
    print(report)
    return 1 if missing else 0


def _measured(runs: Runs, system: str, viewers: tuple[int, ...]) -> Iterator[Row]:
    try:
        for row in runs.series(Series(system, "once", viewers)):
            say(f"{system:10} {row.viewers:3} viewers: {row.cpu_percent:6.2f} % of a core")
            yield row
    except BenchError as exc:
        say(f"{system}: {exc}")


def _is_installed(system: str) -> bool:
    if system == "janus":
        return shutil.which("janus") is not None
    if system == "gstreamer":
        bindings = "import gi; gi.require_version('GstWebRTC', '1.0')"
        tried = subprocess.run([PYTHON, "-c", bindings], capture_output=True)
        nice = subprocess.run(["gst-inspect-1.0", "nicesrc"], capture_output=True)
        return tried.returncode == nice.returncode == 0
    return True


def _report(
    rows: list[Row], joins: dict[str, list[float]], machine: dict[str, object], missing: list[str]
) -> Iterator[str]:
    yield machine_line(machine) + "\n"
    yield "Medians of the rounds; in brackets the least and the most.\n"
    groups: dict[tuple[int, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.viewers, row.system), []).append(row)
    yield markdown_table(
        ["viewers", "system", *(name for name, _ in _COLUMNS), "CPU / Janus", "p50 / Janus"],
        (
            [
                str(count),
                system,
                *(_spread([value(row) for row in group]) for _, value in _COLUMNS),
                _ratio(group, groups.get((count, "janus")), lambda row: row.cpu_percent),
                _ratio(group, groups.get((count, "janus")), lambda row: row.p50_ms),
            ]
            for (count, system), group in sorted(groups.items(), key=lambda item: item[0][0])
        ),
    )
    if any(joins.values()):
        yield "\n" + markdown_table(
            ["system", "offer → first IDR, ms"],
            ([system, _spread(list(times_ms))] for system, times_ms in joins.items()),
        )
    for system in missing:
        yield f"\nNot installed, so not measured: {system} ({PACKAGES[system]})."


def _spread(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    middle, least, most = statistics.median(known), min(known), max(known)
    return f"{middle:.2f}" if least == most else f"{middle:.2f} ({least:.2f}–{most:.2f})"


def _ratio(group: list[Row], others: list[Row] | None, value: Callable[[Row], float | None]) -> str:
    own, theirs = (
        [known for row in rows or () if (known := value(row)) is not None]
        for rows in (group, others)
    )
    if not own or not theirs:
        return "–"
    return f"{statistics.median(own) / statistics.median(theirs):.2f}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--only", action="append", choices=SYSTEMS, help="repeatable")
    parser.add_argument("--viewers", type=int, nargs="+", default=[0, 1, 10, 50])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    parser.add_argument("--connects", type=int, default=8, help="per round and system; 0: none")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
