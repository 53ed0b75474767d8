"""Old bytes at the end of a half-copied picture."""

from __future__ import annotations

import random

import pytest

from pet_stream.ingest.residue import Residue
from pet_stream.media import ring
from pet_stream.media.ring import RingLayout

LAYOUTS = list(ring.RING_LAYOUTS.values())


@pytest.mark.parametrize("layout", LAYOUTS, ids=[layout.name for layout in LAYOUTS])
def test_what_may_be_old_depends_on_what_a_writer_leaves_behind(layout: RingLayout) -> None:
    residue = Residue(layout)
    noise = random.Random(1)
    residue.add(noise.randbytes(2000), is_gap=True)
    for _ in range(layout.slot_count):
        residue.add(noise.randbytes(1000), is_gap=False)
    picture = noise.randbytes(1500)
    assert residue.may_end(picture) == layout.leaves_old_bytes
    assert not residue.surely_ends(picture)


def test_the_end_of_an_older_picture_is_known() -> None:
    residue = Residue(ring.FIRST_LAYOUT)
    noise = random.Random(1)
    old = noise.randbytes(2000)
    residue.add(old, is_gap=False)
    torn = noise.randbytes(700) + old[700:1500]
    assert residue.may_end(torn)
    assert residue.surely_ends(torn)
