"""What the bench of attacks calls harm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.attacks.catalogue import ATTACKS
from benchmarks.attacks.phases import Phase
from benchmarks.attacks.run import Outcome
from benchmarks.attacks.table import as_table, verdict

GOOD = Phase(
    seconds=5.0,
    expected_pictures=450,
    p50_ms=1.0,
    p95_ms=2.0,
    rss_mb=60.0,
    descriptors=18,
    threads=5,
    newcomers_ms=[40.0, 50.0],
    healthy=[True, True],
    honest=[True],
)


def judge(name: str = "sweep", *, during: Phase = GOOD, after: Phase = GOOD) -> str:
    outcome = Outcome(ATTACKS[name], "done", before=GOOD, during=during, after=after)
    return verdict(outcome, {name: outcome, "pages": Outcome(ATTACKS["pages"], during=GOOD)})


def test_an_attack_that_nobody_notices_is_held() -> None:
    noisy = replace(GOOD, p95_ms=200.0, rss_mb=300.0, descriptors=900, threads=300)
    assert judge(during=noisy) == "held"


@pytest.mark.parametrize("when", ["during", "after"])
@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        ({"lost_pictures": 3}, "3 of 900 pictures lost"),
        ({"newcomers_ms": [40.0, None]}, "1 of 2 newcomers kept out"),
        ({"healthy": [True, False]}, "health silent 1 of 2"),
        ({"honest": [False]}, "others failed 1 of 1"),
    ],
)
def test_harm_to_others_counts_meanwhile_and_afterwards(
    when: str, harm: dict[str, object], complaint: str
) -> None:
    found = judge(**{when: replace(GOOD, **harm)})  # type: ignore[arg-type]
    assert found.removesuffix(" afterwards") == complaint


@pytest.mark.parametrize(
    ("left", "complaint"),
    [
        ({"rss_mb": 71.0}, "11 MB left"),
        ({"descriptors": 21}, "3 descriptors left"),
        ({"threads": 7}, "2 threads left"),
        ({"disk_mb": 5.0}, "5 MB on the disk"),
    ],
)
def test_what_is_left_afterwards_is_harm(left: dict[str, float], complaint: str) -> None:
    assert judge(after=replace(GOOD, **left)) == complaint  # type: ignore[arg-type]


def test_an_allocator_may_keep_what_many_threads_had() -> None:
    assert judge("slow-run", after=replace(GOOD, rss_mb=84.0)) == "held"
    assert judge("slow-run", after=replace(GOOD, rss_mb=86.0)) == "26 MB left"


def test_pictures_that_a_stopped_server_can_not_send_are_no_harm_but_viewers_stay() -> None:
    stopped = replace(GOOD, lost_pictures=450)
    assert judge("stall", during=stopped) == "held"
    assert judge("stall", during=stopped, after=stopped) == "450 of 450 pictures lost"


def test_an_offer_may_cost_the_viewers_as_much_as_a_page_does() -> None:
    assert judge("offers", during=replace(GOOD, p95_ms=6.9)) == "held"
    found = judge("offers", during=replace(GOOD, p95_ms=7.1))
    assert found == "p95 7.1 ms, with pages 2.0 ms"


@pytest.mark.parametrize("name", ["plis", "nacks"])
def test_requests_of_a_viewer_may_not_hold_up_the_others(name: str) -> None:
    assert judge(name, during=replace(GOOD, p95_ms=11.0)) == "held"
    found = judge(name, during=replace(GOOD, p95_ms=11.1))
    assert found == "p95 11.1 ms, before 2.0 ms"


def test_what_is_the_web_servers_own_is_told_apart() -> None:
    silent = replace(GOOD, healthy=[False], lost_pictures=0)
    assert judge("slow-gunicorn", during=silent) == "held (gunicorn itself: health silent 1 of 1)"
    found = judge("slow-gunicorn", during=replace(silent, lost_pictures=3))
    assert found == "3 of 900 pictures lost (gunicorn itself: health silent 1 of 1)"


def test_a_server_that_ended_has_a_row_all_the_same() -> None:
    outcome = Outcome(ATTACKS["flood"], "9 MB", before=GOOD, ended="killed at 4097 MB")
    row = as_table({"flood": outcome}).splitlines()[2]
    assert "0 / – / –" in row
    assert "the server: killed at 4097 MB" in row
