"""A few disturbances, most of them one after the other at one site. `make chaos` makes all."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.waiting import TIMEOUT_S

from .disturbance import Disturbance
from .disturbances import ALL
from .endurance import endure, site_for
from .site import Site

pytestmark = pytest.mark.slow
SHORT = [one for one in ALL if one.is_short]
TOGETHER = [one for one in SHORT if one.is_mild and not one.starts_again]
"""At one site."""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with site_for(TOGETHER[0], f"/pet_test_{os.getpid()}_chaos") as site:
        yield site


@pytest.mark.parametrize("disturbance", TOGETHER, ids=lambda one: one.name)
def test_everybody_goes_on_after(disturbance: Disturbance, site: Site) -> None:
    endure(site, disturbance, live_again_s=TIMEOUT_S)


@pytest.mark.parametrize(
    "disturbance", [one for one in SHORT if one not in TOGETHER], ids=lambda one: one.name
)
def test_all_is_well_again_after(disturbance: Disturbance, segment_name: str) -> None:
    with site_for(disturbance, segment_name) as site:
        endure(site, disturbance, live_again_s=TIMEOUT_S)
