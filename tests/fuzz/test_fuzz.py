"""Each target for a moment, with the same values each time. `make test` gives it all `examples`,
`make check` a fifth of them; `make fuzz` goes on for longer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from .target import Target, check
from .targets import TARGETS


@pytest.mark.parametrize("divisor", [5, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_but_its_own_errors_comes_of_anything(target: Target, divisor: int) -> None:
    with target.open() as call:

        @settings(
            max_examples=target.examples // divisor,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(target.values)
        def take(value: object) -> None:
            check(call, value, target.errors)

        take()
