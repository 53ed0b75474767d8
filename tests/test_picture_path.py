"""One picture's way from the shared memory to `sendmsg` stays short, by count: a busy machine does
not change it."""

from __future__ import annotations

from benchmarks.path import measure

MOST_MODULES = 28
MOST_CALLS_UNWATCHED = 105
"""Of the camera's thread, for each picture. A look finds a dozen."""
MOST_CALLS_OF_A_LOOK = 125
"""Of the camera's thread, in a look that finds a picture."""
MOST_CALLS_ON_THE_LOOP = 50


def test_a_picture_that_one_viewer_watches() -> None:
    way = measure(viewers=1, pictures=20)
    assert len(way.modules) <= MOST_MODULES, way.modules
    assert way.camera.calls_of_a_picture <= MOST_CALLS_OF_A_LOOK
    assert way.loop.calls_of_a_picture <= MOST_CALLS_ON_THE_LOOP


def test_a_picture_that_nobody_watches() -> None:
    way = measure(viewers=0, pictures=60)
    assert way.calls(way.camera) <= MOST_CALLS_UNWATCHED
