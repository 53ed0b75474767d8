"""The bench: pet_stream, aiortc as it is, and decoding and encoding again, side by side.

    python -m benchmarks                 all of it (make bench, under 15 minutes)
    python -m benchmarks --quick         the main rows (make bench-quick, under 2)
    python -m benchmarks --only ours:once:10,50,100 --seconds 20

Prints tables and writes them, with everything in JSON, to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import compileall
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import IO

from .bench_h264 import measure_split_us
from .camera import BITS_PER_SECOND, WRITINGS, temporary_folder
from .children import CHECKOUT, BenchError
from .machine import describe_machine
from .plan import FULL, QUICK, SYSTEMS, VARIANTS, Plan, Series, beside_oldest
from .report import Results, as_markdown
from .runs import Runs, say
from .startup import measure_startup

RESULTS = Path(__file__).parent / "results"
SATURATED_IDLE_PERCENT = 5.0


def main() -> int:
    arguments = _parser().parse_args()
    plan = QUICK if arguments.quick else FULL
    if arguments.seconds:
        plan = replace(plan, seconds=arguments.seconds)
    if arguments.only:
        plan = replace(plan, series=tuple(arguments.only))
    if arguments.oldest:
        plan = beside_oldest(plan, str(Path(arguments.oldest).absolute()))
    results = Results(describe_machine())
    begun = time.monotonic()
    RESULTS.mkdir(exist_ok=True)
    compileall.compile_dir(CHECKOUT / "pet_stream", quiet=1)  # as an installed package is
    with temporary_folder() as folder, (RESULTS / "log.txt").open("w") as log:
        runs = Runs(plan, Path(folder), log, bits_per_second=arguments.kilobits * 1000)
        _run_series(plan, runs, results)
        if not arguments.only:
            _run_rest(plan, runs, results)
            if arguments.loss:
                _run_loss(plan, Path(folder), log, results)
    _add_notes(results)
    name = "only" if arguments.only else "quick" if arguments.quick else "full"
    results.save(RESULTS / f"{name}.json")
    text = as_markdown(results)
    (RESULTS / f"{name}.md").write_text(text)
    print(text)
    say(f"{time.monotonic() - begun:.0f} s; kept in {RESULTS}/{name}.json and .md")
    return 0


def _run_series(plan: Plan, runs: Runs, results: Results) -> None:
    for series in plan.series:
        _run_one(series, runs, results)


def _run_one(series: Series, runs: Runs, results: Results) -> None:
    """One system that fails does not cost the others their rows."""
    try:
        for row in runs.series(series):
            results.rows.append(row)
            p95 = "" if row.p95_ms is None else f", p95 {row.p95_ms:.2f} ms"
            say(
                f"{series.title:20} {row.writing:10} {row.viewers:3} viewers: "
                f"{row.cpu_percent:6.2f} % of a core{p95}"
            )
    except BenchError as exc:
        say(f"{series.title}: {exc}")
        results.notes.append(f"{series.title}, {series.writing}: {exc}")


def _run_rest(plan: Plan, runs: Runs, results: Results) -> None:
    results.rows.append(runs.recording_only())
    say(f"recording only: {results.rows[-1].cpu_percent:.2f} % of a core")
    if plan.has_stall:
        _run_stall(runs, results)
    results.connects = runs.connects()
    say(
        f"offer to first IDR: cold {results.connects.cold_ms:.0f} ms, then p50 "
        f"{results.connects.warm_p50_ms:.0f} and p95 {results.connects.warm_p95_ms:.0f} ms"
    )
    results.startup = measure_startup()
    results.nal_split_us = measure_split_us()


def _run_stall(runs: Runs, results: Results) -> None:
    results.rows += runs.with_stalled_viewer()
    before, stalled = results.rows[-2:]
    say(f"a stalled viewer: the others' p95 {before.p95_ms:.2f} ms, then {stalled.p95_ms:.2f} ms")


def _run_loss(plan: Plan, folder: Path, log: IO[str], results: Results) -> None:
    from .loss.runs import LossUnavailable, run_loss

    try:
        for row in run_loss(plan, folder, log):
            results.loss.append(row)
            say(f"loss: {row}")
    except LossUnavailable as exc:
        say(f"no loss runs: {exc}")
        results.notes.append(f"No runs over a lossy link: {exc}")


def _add_notes(results: Results) -> None:
    saturated = [row for row in results.rows if row.idle_percent < SATURATED_IDLE_PERCENT]
    for row in saturated:
        results.notes.append(
            f"{row.system}, {row.writing}, {row.viewers} viewers: the machine was saturated "
            f"({row.idle_percent:.0f} % idle; viewers took {row.viewers_cpu_percent:.0f} % of a "
            "core): the latency is not the server's alone."
        )
    noisy = sum(row.others_cpu_percent > 20 for row in results.rows)
    if noisy:
        results.notes.append(
            f"In {noisy} of {len(results.rows)} rows other programs took more than 20 % of a core."
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--quick", action="store_true", help="the main rows, shorter")
    parser.add_argument("--seconds", type=float, help="of each measurement")
    parser.add_argument(
        "--oldest", metavar="PYTHON", help="an interpreter that runs our main rows once more"
    )
    parser.add_argument(
        "--kilobits",
        type=int,
        default=BITS_PER_SECOND // 1000,
        help="a second, of the camera; no loss runs with another one",
    )
    parser.add_argument(
        "--only",
        action="append",
        type=_series,
        metavar="SYSTEM:CAMERA:N,N…",
        help=f"these series alone (repeatable): {', '.join(SYSTEMS)}; "
        f"{', '.join(WRITINGS)}; numbers of viewers",
    )
    parser.add_argument(
        "--no-loss", dest="loss", action="store_false", help="leave out the lossy link"
    )
    return parser


def _series(text: str) -> Series:
    try:
        system, writing, viewers = text.split(":")
        counts = tuple(sorted(int(count) for count in viewers.split(",")))
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is not SYSTEM:CAMERA:N,N") from exc
    if writing not in WRITINGS or system not in SYSTEMS:
        raise argparse.ArgumentTypeError(f"{text!r}: no such system or camera")
    return Series(system, writing, counts, VARIANTS.get(system, ()))


if __name__ == "__main__":
    if os.name != "posix" or not Path("/proc/self/smaps_rollup").exists():
        sys.exit("The bench reads /proc: it needs Linux.")
    sys.exit(main())
