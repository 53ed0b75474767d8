from __future__ import annotations

import pytest

from pet_stream.webrtc.sending.failed_steps import REMEMBERED_S, FailedSteps
from pet_stream.webrtc.sending.sender import Step

from ..clock import Clock

HOME, TUNNEL = "192.168.1.20", "10.8.0.1"


@pytest.mark.parametrize(
    ("failed", "first"),
    [
        ([], Step.GSO),
        ([Step.GSO], Step.PACKETS),
        ([Step.GSO, Step.PACKETS], Step.TRANSPORT),
        ([Step.TRANSPORT], Step.STOCK),
        ([Step.TRANSPORT, Step.GSO], Step.STOCK),
    ],
)
def test_viewers_begin_below_the_lowest_step_that_failed(failed: list[Step], first: Step) -> None:
    steps = FailedSteps()
    for step in failed:
        steps.add(HOME, step)
    assert steps.first_step(HOME) is first


def test_what_failed_from_one_address_costs_others_nothing() -> None:
    steps = FailedSteps()
    steps.add(TUNNEL, Step.GSO)
    steps.add(HOME, Step.PACKETS)
    assert steps.first_step(TUNNEL) is Step.PACKETS
    assert steps.first_step(HOME) is Step.TRANSPORT
    assert steps.first_step("192.168.1.21") is Step.GSO


def test_a_failure_is_forgotten() -> None:
    clock = Clock()
    steps = FailedSteps(clock=clock.monotonic)
    steps.add(HOME, Step.TRANSPORT)
    clock.now_ns += int(REMEMBERED_S * 1e9) - 1
    assert steps.first_step(HOME) is Step.STOCK
    clock.now_ns += 1
    assert steps.first_step(HOME) is Step.GSO
    steps.add(HOME, Step.GSO)
    assert steps.first_step(HOME) is Step.PACKETS


def test_addresses_that_come_and_go_are_not_kept() -> None:
    clock = Clock()
    steps = FailedSteps(clock=clock.monotonic)
    for count in range(100):
        steps.add(f"2001:db8::{count}", Step.GSO)
        clock.now_ns += int(REMEMBERED_S * 1e9 / 10)
    assert len(steps._failed) <= 10
