"""A few disturbances for a moment, one after the other at one site. `make chaos` makes all."""

from __future__ import annotations

import pytest

from tests.waiting import TIMEOUT_S

from .disturbance import Disturbance
from .disturbances import ALL
from .endurance import endure, site_for

pytestmark = pytest.mark.slow
SHORT = [one for one in ALL if one.is_short]


@pytest.mark.parametrize("disturbance", SHORT, ids=lambda one: one.name)
def test_all_is_well_again_after(disturbance: Disturbance, segment_name: str) -> None:
    with site_for(disturbance, segment_name) as site:
        endure(site, disturbance, live_again_s=TIMEOUT_S)
