from __future__ import annotations

import itertools
import random

import pytest

from pet_stream.media.gaps import MAX_TOLD, Gap, GapFinder, Gaps, gaps_in, joined

SECOND = 1000
FPS_30 = [33, 34, 33] * 20


def gaps_of(durations: list[int]) -> Gaps:
    """The file's, found run by run; and it is checked that they are the same one by one."""
    runs = [(len(list(group)), key) for key, group in itertools.groupby(durations)]
    counts, lengths = zip(*runs, strict=True) if runs else ((), ())
    found = gaps_in(counts, lengths, SECOND)
    finder, time, one_by_one = GapFinder(SECOND), 0, list[tuple[int, int]]()
    for duration in durations:
        one_by_one += finder.add(time, time + duration)
        time += duration
    assert len(one_by_one) == found.count
    assert sum(end - start for start, end in one_by_one) == round(found.missing_s * SECOND)
    return found


@pytest.mark.parametrize(
    ("durations", "lengths"),
    [
        ([], []),
        ([12_000], []),  # of one picture nobody can tell
        (FPS_30, []),
        ([*FPS_30, 1000, *FPS_30], []),
        ([*FPS_30, 1001, *FPS_30], [1.001]),
        ([*FPS_30, 12_000, *FPS_30], [12]),
        ([12_000, *FPS_30], [12]),
        ([33, 12_000, *FPS_30], [12]),
        ([*FPS_30, 12_000], [12]),
        ([*FPS_30, 12_000, 33, 5000, 33, *FPS_30], [12, 5]),
        ([2000] * 50, []),
        ([10_000] * 50, []),
        ([10_000, 10_000, 33_000, 10_000, 10_000, 10_000], []),
        ([*[10_000] * 5, 41_000, *[10_000] * 5], [41]),
        ([500] * 20 + [3000] + [500] * 20, [3]),
        ([500] * 20 + [1900] + [500] * 20, []),  # less than four pictures
        (FPS_30 + [2000] * 50, [2, 2, 2, 2]),  # by night: a picture in two seconds
        ([5000, 12_000], []),
        ([33, 33, 12_000], [12]),
        ([2000, 33, 2000, 33, 33], []),
        ([0] * 50, []),
        ([0, 0, 0, 5000, 0], [5]),
    ],
)
def test_a_gap_is_longer_than_a_second_and_than_four_pictures(
    durations: list[int], lengths: list[float]
) -> None:
    found = gaps_of(durations)
    assert [gap.duration_s for gap in found.longest] == pytest.approx(lengths)
    assert found.count == len(lengths)
    assert found.missing_s == pytest.approx(sum(lengths))


def test_a_gap_lies_between_two_pictures() -> None:
    found = gaps_of([500, 500, 500, 7000, 500])
    assert found.longest == (Gap(1.5, 8.5),)


def test_of_many_the_longest_are_told_and_all_are_counted() -> None:
    lengths = list(range(2000, 2000 + 3 * MAX_TOLD))
    random.Random(5).shuffle(lengths)
    found = gaps_of([part for length in lengths for part in (*[33] * 9, length)])
    assert found.count == len(lengths)
    assert found.missing_s == pytest.approx(sum(lengths) / SECOND)
    told = [round(gap.duration_s * SECOND) for gap in found.longest]
    assert set(told) == set(sorted(lengths)[-MAX_TOLD:])
    assert [gap.from_s for gap in found.longest] == sorted(gap.from_s for gap in found.longest)


def test_whatever_the_pictures_are_both_find_the_same() -> None:
    random_ = random.Random(7)
    for _ in range(300):
        lengths = random_.choices([0, 33, 500, 1000, 1001, 2000, 5000], k=random_.randrange(40))
        gaps_of([length for length in lengths for _ in range(random_.randrange(12))])


def test_a_run_of_any_length_takes_no_time() -> None:
    assert gaps_in([2**32 - 1, 2**32 - 1], [33, 5000], SECOND).count == 4


def test_the_gaps_of_files_that_follow_each_other() -> None:
    first, second = gaps_of([*FPS_30, 5000, 33]), gaps_of([*FPS_30, 7000, 33])
    whole = joined([(first, 10.0), (Gaps(), 20.0), (second, 10.0)])
    (one,), (other,) = first.longest, second.longest
    assert whole.longest == (one, Gap(30 + other.from_s, 30 + other.to_s))
    assert (whole.count, whole.missing_s) == (2, 12)
