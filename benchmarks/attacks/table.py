"""The attacks as a table, and whether anybody but the attacker noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ..report import markdown_table
from .phases import Phase
from .run import Outcome
from .served import THREADS

MAX_P95_RATIO = 3.0
SPARE_P95_MS = 5.0
SPARE_DESCRIPTORS = 2
SPARE_THREADS = {"run": 1, "app.run": 1, "gunicorn": THREADS}
"""A request that was just answered may still have its own; gunicorn ends none of its pool."""

_COLUMNS: tuple[tuple[str, Callable[[Phase], str]], ...] = (
    ("lost", lambda phase: f"{phase.lost_pictures}"),
    ("p50 ms", lambda phase: _text(phase.p50_ms)),
    ("p95 ms", lambda phase: _text(phase.p95_ms)),
    ("CPU %", lambda phase: f"{phase.cpu_percent:.0f}"),
    ("RSS MB", lambda phase: f"{phase.rss_mb:.0f}"),
    ("descriptors", lambda phase: f"{phase.descriptors}"),
    ("threads", lambda phase: f"{phase.threads}"),
    ("newcomers", lambda phase: _share([ms is not None for ms in phase.newcomers_ms])),
    ("health", lambda phase: _share(phase.healthy)),
)


def as_table(outcomes: Mapping[str, Outcome]) -> str:
    header = ("attack", "server", "it did", *(name for name, _ in _COLUMNS), "verdict")
    rows = []
    for outcome in outcomes.values():
        phases = (outcome.before, outcome.during, outcome.after)
        cells = (
            " / ".join(text(phase) if phase else "–" for phase in phases) for _, text in _COLUMNS
        )
        attack = outcome.attack
        rows.append(
            (attack.name, attack.server, _done(outcome), *cells, verdict(outcome, outcomes))
        )
    return markdown_table(header, rows)


def _done(outcome: Outcome) -> str:
    if outcome.before is None or outcome.after is None:
        return outcome.done
    grown_mb = outcome.after.disk_mb - outcome.before.disk_mb
    return f"{outcome.done}; {grown_mb:.0f} MB on the disk" if grown_mb >= 1 else outcome.done


def verdict(outcome: Outcome, outcomes: Mapping[str, Outcome]) -> str:
    """What is against the goal: no picture lost, everything flat again, newcomers get in, health
    answers. Begins with "held" if nothing is."""
    if outcome.ended:
        return f"the server: {outcome.ended}"
    complaints = tuple(_complaints(outcome, outcomes))
    attack = outcome.attack
    ours = [text for kind, text in complaints if kind not in attack.servers_own]
    others = [text for kind, text in complaints if kind in attack.servers_own]
    told = "; ".join(ours) or "held"
    return f"{told} ({attack.server} itself: {'; '.join(others)})" if others else told


def is_held(outcome: Outcome, outcomes: Mapping[str, Outcome]) -> bool:
    return verdict(outcome, outcomes).startswith("held")


def _complaints(outcome: Outcome, outcomes: Mapping[str, Outcome]) -> Iterator[tuple[str, str]]:
    """Each with its kind."""
    attack, before, during, after = outcome.attack, outcome.before, outcome.during, outcome.after
    assert before is not None
    assert during is not None
    assert after is not None
    judged = [after] if attack.stops_server else [during, after]
    if lost := sum(phase.lost_pictures for phase in judged):
        expected = sum(phase.expected_pictures for phase in judged)
        yield "pictures", f"{lost} of {expected} pictures lost"
    if after.rss_mb > before.rss_mb + attack.max_rss_growth_mb:
        yield "memory", f"{after.rss_mb - before.rss_mb:.0f} MB left"
    if (more := after.descriptors - before.descriptors) > SPARE_DESCRIPTORS:
        yield "descriptors", f"{more} descriptors left"
    if (more := after.threads - before.threads) > SPARE_THREADS[attack.server]:
        yield "threads", f"{more} threads left"
    for phase, when in ((during, ""), (after, " afterwards")):
        if refused := [ms for ms in phase.newcomers_ms if ms is None]:
            yield (
                "newcomers",
                f"{len(refused)} of {len(phase.newcomers_ms)} newcomers kept out{when}",
            )
        if not all(phase.healthy):
            yield "health", f"health silent {_share([not ok for ok in phase.healthy])}{when}"
        if not all(phase.honest):
            yield "others", f"others failed {_share([not ok for ok in phase.honest])}{when}"
    if (grown_mb := after.disk_mb - before.disk_mb) > attack.max_disk_mb:
        yield "disk", f"{grown_mb:.0f} MB on the disk"
    before_ms, during_ms = before.p95_ms or 0.0, during.p95_ms or 0.0
    if attack.is_even and during_ms > MAX_P95_RATIO * before_ms + SPARE_P95_MS:
        yield "p95", f"p95 {during_ms:.1f} ms, before {before_ms:.1f} ms"
    if attack.max_p95_over is not None:
        name, allowed_ms = attack.max_p95_over
        other = outcomes[name].during if name in outcomes else None
        if other and other.p95_ms and (during.p95_ms or 0.0) > other.p95_ms + allowed_ms:
            yield "p95", f"p95 {during.p95_ms:.1f} ms, with {name} {other.p95_ms:.1f} ms"


def _share(results: Sequence[bool]) -> str:
    return f"{sum(results)} of {len(results)}" if results else "–"


def _text(number: float | None) -> str:
    return "–" if number is None else f"{number:.1f}"
