"""A verdict that could not be bad would say nothing."""

from __future__ import annotations

import io
import random
from dataclasses import replace
from pathlib import Path

import av
import pytest

from pet_stream.recording.containers import Mp4Container
from tests.footage import encode
from tests.recording.playback import FRAME_NS, access_unit

from .verdict import check_recordings, growth_of

MINUTES = [float(minute) for minute in range(48)]


@pytest.mark.parametrize(
    ("per_hour", "is_too_much"), [(0.0, False), (1.5, False), (3.0, True), (60.0, True)]
)
def test_what_grows_is_told_from_what_only_varies(per_hour: float, is_too_much: bool) -> None:
    dice = random.Random(1)
    values = [90 + per_hour * minute / 60 + dice.gauss(0, 0.3) for minute in MINUTES]
    growth = growth_of(MINUTES, values)
    assert growth.exceeds(2.0) == is_too_much
    assert abs(growth.per_hour - per_hour) < 3 * growth.error_per_hour


def test_a_short_run_that_varies_much_proves_nothing() -> None:
    assert not growth_of([0.0, 1.0, 2.0], [90.0, 92.0, 91.0]).exceeds(2.0)


def test_a_recording_that_can_not_be_decoded_is_found(tmp_path: Path) -> None:
    pictures = [access_unit(data) for data in encode(160, 120, gop=7, pictures=14)]
    path = tmp_path / "cat.mp4"
    with io.FileIO(path, "xb+") as file:
        container = Mp4Container(file)
        container.write([replace(p, capture_ns=n * FRAME_NS) for n, p in enumerate(pictures)])
        container.close()
    assert check_recordings(tmp_path) == 14
    content = path.read_bytes()
    at = content.index(pictures[5].nal_units[-1]) + 8
    path.write_bytes(content[:at] + bytes(60) + content[at + 60 :])
    with pytest.raises((AssertionError, av.error.FFmpegError)):
        check_recordings(tmp_path)
