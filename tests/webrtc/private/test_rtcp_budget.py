from __future__ import annotations

import pytest

from pet_stream.webrtc.private.rtcp_budget import PACKETS_PER_S, RtcpBudget


def use(budget: RtcpBudget, count: int, own_share: float = 1.0) -> int:
    """How many of `count` may be read; `own_share` of those are the viewer's."""
    taken = sum(budget.take() for _ in range(count))
    for _ in range(int(taken * own_share)):
        budget.prove()
    return taken


def test_so_many_may_be_read_at_once() -> None:
    assert PACKETS_PER_S <= use(RtcpBudget(), 3 * PACKETS_PER_S) < 2 * PACKETS_PER_S


@pytest.mark.parametrize(
    ("own_share", "counts", "floods"),
    [
        (1.0, [1000, 1000, 1000], [False, False, True]),
        (1.0, [1000, 0, 1000, 1000], [False, False, False, False]),
        (0.1, [1000, 1000, 1000], [False, False, False]),
        (1.0, [1, 1, 0], [False, False, False]),
    ],
)
def test_who_goes_on_and_on_is_flooding(
    own_share: float, counts: list[int], floods: list[bool]
) -> None:
    budget = RtcpBudget()
    seen = []
    for number, count in enumerate(counts):
        use(budget, count, own_share)
        seen.append(budget.is_flooded(now_s=2.5 * number, limit_s=5.0))
    assert seen == floods
