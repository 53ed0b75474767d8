"""One picture's way from the shared memory to `sendmsg` stays short, by count, which a busy
machine hardly changes."""

from __future__ import annotations

import pytest

from benchmarks.path import measure

ATTEMPTS = 3
"""A busy machine may wake the reader late for most pictures: then it finds two at once, or looks
at what it looks at ten times a second. But not every time."""

MOST_MODULES = 28
MOST_CALLS_UNWATCHED = 105
"""Of the camera's thread, for each picture. A look finds a dozen."""
MOST_CALLS_OF_A_LOOK = 125
"""Of the camera's thread, in a look that finds a picture."""
MOST_CALLS_ON_THE_LOOP = 50


def test_a_picture_that_one_viewer_watches() -> None:
    for _ in range(ATTEMPTS):
        way = measure(viewers=1, pictures=20)
        modules, calls = way.modules, (way.camera.calls_of_a_picture, way.loop.calls_of_a_picture)
        if (
            len(modules) <= MOST_MODULES
            and calls[0] <= MOST_CALLS_OF_A_LOOK
            and calls[1] <= MOST_CALLS_ON_THE_LOOP
        ):
            return
    pytest.fail(f"{len(modules)} modules, {calls} calls: {modules}")


def test_a_picture_that_nobody_watches() -> None:
    way = measure(viewers=0, pictures=60)
    assert way.calls(way.camera) <= MOST_CALLS_UNWATCHED
