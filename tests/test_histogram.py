from __future__ import annotations

import threading
from math import inf

import pytest

from pet_stream.histogram import Histogram, SharedHistogram


def test_each_bound_counts_what_is_not_larger() -> None:
    histogram = Histogram((0.001, 0.01, 0.1))
    for value_ns in (0, 1_000_000, 1_000_001, 9_000_000, 100_000_000, 3_000_000_000):
        histogram.add(value_ns)
    buckets = histogram.read()
    assert buckets.counts == ((0.001, 2), (0.01, 4), (0.1, 5), (inf, 6))
    assert buckets.total == pytest.approx(3.110_000_001 + 0.001)


def test_clocks_that_disagree_take_nothing_from_the_sum() -> None:
    histogram = Histogram((0.5,))
    histogram.add(-5_000_000_000)
    assert histogram.read() == (((0.5, 1), (inf, 1)), 0.0)


def test_shares_have_a_unit_of_their_own() -> None:
    histogram = Histogram((0.0, 0.5), per_unit=256)
    for lost_256ths in (0, 0, 64, 255):
        histogram.add(lost_256ths)
    assert histogram.read() == (((0.0, 2), (0.5, 3), (inf, 4)), 319 / 256)


def test_what_several_threads_add_is_all_there() -> None:
    histogram = SharedHistogram((1.0,))

    def add_many() -> None:
        for _ in range(20_000):
            histogram.add(1)

    threads = [threading.Thread(target=add_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert histogram.read().counts[-1] == (inf, 80_000)
    assert histogram.read().total == pytest.approx(80_000e-9)
