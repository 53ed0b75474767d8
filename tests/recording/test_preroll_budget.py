"""How much of the past starts and stops may write, again and again."""

from __future__ import annotations

from pathlib import Path

import pytest

from pet_stream.admission.token_bucket import TokenBucket
from pet_stream.broadcaster import Broadcaster
from pet_stream.event_loop import EventLoopThread
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.gop_memory import GopMemory
from pet_stream.recording.recorder import Recorder

from ..footage import encode
from ..waiting import TIMEOUT_S
from .playback import FRAME_NS, GOP, Camera, access_unit

SHOWN = 20 * GOP
SHOWN_S = SHOWN * FRAME_NS / 1e9


@pytest.fixture(scope="module")
def pictures() -> list[AccessUnit]:
    return [access_unit(data) for data in encode(160, 120, gop=GOP, pictures=2 * GOP)]


@pytest.mark.parametrize("preroll_s", [SHOWN_S, 86_400])
def test_the_same_past_is_not_written_for_each_start(
    event_loop: EventLoopThread, tmp_path: Path, pictures: list[AccessUnit], preroll_s: float
) -> None:
    broadcaster = Broadcaster(memory=GopMemory(2 * SHOWN_S, 10_000_000))
    camera = Camera(broadcaster, pictures)
    now_s = 0.0
    recorder = Recorder(
        broadcaster=broadcaster,
        folder=tmp_path,
        file_format="h264",
        starts=TokenBucket(1, 0.0),
        prerolls=TokenBucket(int(SHOWN_S), 1.0, lambda: now_s),
        clock_ns=lambda: camera.clock_ns,
    )

    def record() -> int:
        event_loop.call(recorder.start(preroll_s=preroll_s), TIMEOUT_S)
        return event_loop.call(recorder.stop(), TIMEOUT_S).frame_count

    camera.publish(SHOWN)
    written = [record() for _ in range(4)]
    assert written[0] >= SHOWN - GOP
    assert sum(written[1:]) <= len(written[1:]) * 2 * GOP
    now_s += SHOWN_S
    assert record() >= SHOWN - GOP
