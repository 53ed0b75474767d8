"""Tables for people, JSON for programs, and how the figures compare with the goals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .camera import FPS
from .plan import OLDEST
from .runs import Connects
from .window import Row

Column = tuple[str, Callable[[Row], object]]

_COLUMNS: tuple[Column, ...] = (
    ("system", lambda row: f"{row.system}, {row.note}" if row.note else row.system),
    ("camera", lambda row: row.writing),
    ("viewers", lambda row: row.viewers),
    ("CPU %", lambda row: row.cpu_percent),
    ("user", lambda row: row.user_percent),
    ("system", lambda row: row.system_percent),
    ("µs/packet", lambda row: row.us_per_packet),
    ("p50 ms", lambda row: row.p50_ms),
    ("p95 ms", lambda row: row.p95_ms),
    ("p99 ms", lambda row: row.p99_ms),
    ("fps, least", lambda row: row.fps_min),
    ("scrape ms", lambda row: row.scrape_p50_ms),
    ("lost", lambda row: row.lost_packets),
    ("faults", lambda row: row.other_faults),
    ("missing", lambda row: row.missing_pictures),
    ("wake-ups/s", lambda row: f"{row.wakeups_per_s:.0f}"),
    ("RSS MB", lambda row: f"{row.rss_mb:.0f}"),
    ("PSS MB", lambda row: f"{row.pss_mb:.0f}"),
    ("pre-roll MB", lambda row: f"{row.replay_mb:.1f}"),
    ("others %", lambda row: f"{row.others_cpu_percent:.0f}"),
    ("idle %", lambda row: f"{row.idle_percent:.0f}"),
)


@dataclass(slots=True)
class Results:
    machine: dict[str, object]
    rows: list[Row] = field(default_factory=list)
    connects: Connects | None = None
    startup: dict[str, float] | None = None
    nal_split_us: float | None = None
    loss: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")

    def row(self, system: str, writing: str, viewers: int, note: str = "") -> Row | None:
        wanted = (system, writing, viewers, note)
        for row in self.rows:
            if (row.system, row.writing, row.viewers, row.note) == wanted:
                return row
        return None


def as_markdown(results: Results) -> str:
    parts = [machine_line(results.machine), "", _table(_COLUMNS, results.rows), ""]
    if results.loss:
        columns = list(results.loss[0])
        lines = ([str(_text(row[name])) for name in columns] for row in results.loss)
        parts += ["A limited, lossy link, Chromium:", "", markdown_table(columns, lines), ""]
    parts += ["Goals:", "", markdown_table(("what", "goal", "measured", ""), _goals(results))]
    parts += ["", *(f"- {note}" for note in results.notes)]
    return "\n".join(parts).rstrip() + "\n"


def _goals(results: Results) -> Iterable[Sequence[str]]:
    """Each goal with what was measured, where it was."""
    for writing in ("once", "relay"):
        for viewers, percent, ratio in ((10, 3.5, 0.25), (50, 10, 0.18)):
            row = results.row("ours", writing, viewers)
            if row is None:
                continue
            yield _goal(f"CPU, {viewers} viewers, {writing}", row.cpu_percent, percent, "%")
            stock = results.row("stock", writing, viewers)
            if stock and stock.us_per_packet and row.us_per_packet:  # it may not send them all
                share = row.us_per_packet / stock.us_per_packet
                yield _goal("… per packet, of aiortc's stock sender", share, ratio, "×")
            if viewers == 10:
                yield _goal("… p50", row.p50_ms, 1.0, "ms")
                yield _goal("… p95", row.p95_ms, 1.8, "ms")
                per_mille = 1000 * row.missing_pictures / (viewers * row.seconds * FPS)
                yield _goal("… pictures that did not arrive", per_mille, 1.0, "‰")
            else:
                yield _goal("… p95", row.p95_ms, 5.0, "ms")
                yield _goal("… a scrape of the metrics, median", row.scrape_p50_ms, 10.0, "ms")
                yield _goal("… p95", row.scrape_p95_ms, 10.0, "ms")
    for viewers in (0, 10, 50):
        row, oldest = (results.row("ours", "once", viewers, note) for note in ("", OLDEST))
        if row and oldest:
            ratio = oldest.cpu_percent / row.cpu_percent
            yield _goal(f"CPU on the oldest Python, {viewers} viewers", ratio, 1.15, "×")
    if row := results.row("ours", "once", 100):
        yield _goal("100 viewers, p95", row.p95_ms, 15.0, "ms")
        yield _goal("… lost packets", float(row.lost_packets + row.missing_pictures), 0, "")
    if row := results.row("ours", "once", 0):
        yield _goal("CPU, nobody watching", row.cpu_percent, 0.5, "%")
        rss_mb = row.rss_mb - row.replay_mb
        yield _goal("RSS before the first player page, less pre-roll", rss_mb, 40, "MB")
    if row := results.row("ours", "relay", 0):
        yield _goal("CPU, nobody watching, relay", row.cpu_percent, 0.5, "%")
    if row := results.row("ours", "once", 0, "recording"):
        yield _goal("CPU, recording only", row.cpu_percent, 1.0, "%")
    if row := results.row("ours", "once", 10):
        yield _goal("RSS, 10 viewers, less pre-roll", row.rss_mb - row.replay_mb, 90, "MB")
        yield _goal("PSS, 10 viewers, less pre-roll", row.pss_mb - row.replay_mb, 65, "MB")
    if row := results.row("ours", "once", 10, "busy thread"):
        missed_fps = None if row.fps_min is None else 30 - row.fps_min
        yield _goal("busy thread: missing fps", missed_fps, 0.3, "")
        yield _goal("… p95", row.p95_ms, 15, "ms")
    before = results.row("ours", "once", 9, "before a stall")
    stalled = results.row("ours", "once", 9, "one more stalled")
    if before and stalled and before.p95_ms and stalled.p95_ms:
        yield _goal(
            "a stalled viewer: others' p95 moves by", stalled.p95_ms - before.p95_ms, 1, "ms"
        )
    if connects := results.connects:
        yield _goal("offer → first IDR, warm, p95", connects.warm_p95_ms, 60, "ms")
        yield _goal("… the first one, cold", connects.cold_ms, 500, "ms")
    if startup := results.startup:
        total_ms = startup["import_ms"] + startup["init_app_ms"]
        yield _goal("import pet_stream + init_app", total_ms, 200, "ms")
    yield _goal("NAL split of 50 kB", results.nal_split_us, 20, "µs")


def _goal(what: str, measured: float | None, goal: float, unit: str) -> tuple[str, str, str, str]:
    if measured is None:
        return what, f"≤ {goal:g} {unit}", "–", ""
    verdict = "reached" if measured <= goal else f"missed by {measured - goal:.2g} {unit}"
    return what, f"≤ {goal:g} {unit}".rstrip(), f"{measured:.2f} {unit}".rstrip(), verdict.rstrip()


def machine_line(machine: dict[str, object]) -> str:
    packages = machine["packages"]
    assert isinstance(packages, dict)
    versions = ", ".join(f"{name} {version}" for name, version in packages.items())
    return (
        f"{machine['date']}, {machine['cpu']}, {machine['cores']} cores, "
        f"Linux {machine['kernel']}, Python {machine['python']}, {versions}, "
        f"commit {machine['commit']}, load average before {machine['load_average']:.1f}"
    )


def _table(columns: Sequence[Column], rows: Iterable[Row]) -> str:
    return markdown_table(
        [name for name, _ in columns],
        ([_text(value(row)) for _, value in columns] for row in rows),
    )


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    table = [list(header), *map(list, rows)]
    widths = [max(len(row[i]) for row in table) for i in range(len(header))]
    table.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in table
    )


def _text(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}" if isinstance(value, float) else str(value)
