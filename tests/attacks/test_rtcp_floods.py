"""A viewer that reports and asks without end costs the others nothing, and is ended."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable

import pytest

from pet_stream.webrtc.connection import TimeLimits
from pet_stream.webrtc.private import Drop
from pet_stream.webrtc.private.rtcp_budget import PACKETS_PER_S
from pet_stream.webrtc.sending.congestion import MAX_PER_S, MAX_REPEATED
from tests.waiting import TIMEOUT_S

from ..webrtc.conftest import Streaming, make_streaming, streaming
from ..webrtc.viewer import Viewer
from .test_datagrams import connect, dropped, see_pictures

__all__ = ["make_streaming", "streaming"]

IMPATIENT = TimeLimits(
    connect_s=10 * TIMEOUT_S, silence_s=10 * TIMEOUT_S, look_s=0.05, flood_s=0.15
)


def picture_loss(viewer: Viewer, count: int) -> bytes:
    """One compound packet that says it `count` times (RFC 4585 section 6.3.1)."""
    return struct.pack("!BBHII", 0x81, 206, 2, 1, viewer.packets[-1].ssrc) * count


def nack(viewer: Viewer, count: int) -> bytes:
    """For `count` times 17 packets (RFC 4585 section 6.2.1)."""
    last = viewer.packets[-1].sequence_number
    entries = b"".join(
        struct.pack("!HH", last - 17 * i & 0xFFFF, 0xFFFF) for i in range(1, count + 1)
    )
    return struct.pack("!BBHII", 0x81, 205, 2 + count, 1, viewer.packets[-1].ssrc) + entries


async def flood(viewer: Viewer, data: bytes, count: int) -> None:
    for _ in range(count):
        await viewer.send_rtcp(data)


def test_a_packet_that_asks_a_hundred_times_is_answered_once(streaming: Streaming) -> None:
    viewer, _ = connect(streaming)
    streaming.run(viewer.send_rtcp(picture_loss(viewer, 100)))
    streaming.run(viewer.ask_for_a_keyframe())
    streaming.until(lambda: streaming.peers.counts.keyframe_requests >= 2)
    assert streaming.peers.counts.keyframe_requests == 2


@pytest.mark.parametrize("storm", [picture_loss, nack])
def test_what_is_over_the_budget_is_dropped_unread(
    streaming: Streaming, storm: Callable[[Viewer, int], bytes]
) -> None:
    viewer, _ = connect(streaming)
    other, _ = connect(streaming)
    data = storm(viewer, 1)

    async def flood_until_dropped() -> int:
        sent_count = 0
        while not dropped(streaming, Drop.OVER_BUDGET):
            await flood(viewer, data, 50)
            await asyncio.sleep(0)  # the other end has the same loop
            sent_count += 50
        return sent_count

    sent_count = streaming.run(flood_until_dropped())
    counts = streaming.peers.counts
    assert counts.keyframe_requests <= sent_count - dropped(streaming, Drop.OVER_BUDGET)
    see_pictures(streaming, viewer, other)


def test_a_viewer_that_goes_on_is_ended(make_streaming: Callable[..., Streaming]) -> None:
    streaming = make_streaming(limits=IMPATIENT)
    viewer, _ = connect(streaming)
    other, _ = connect(streaming)
    data = picture_loss(viewer, 1)

    async def go_on() -> None:
        while streaming.peers.connected_count == 2:
            await flood(viewer, data, 50)
            await asyncio.sleep(0.005)

    streaming.run(go_on())
    see_pictures(streaming, other)


def test_rtcp_in_a_viewer_s_name_does_not_end_it(
    make_streaming: Callable[..., Streaming],
) -> None:
    streaming = make_streaming(limits=IMPATIENT)
    viewer, _ = connect(streaming)

    async def pretend() -> None:
        """For longer than the viewer itself might."""
        clock = asyncio.get_running_loop().time
        begun_s = clock()
        while clock() - begun_s < 5 * IMPATIENT.flood_s:
            for _ in range(50):
                viewer.send_raw(b"\x81\xce" + bytes(60))
            await asyncio.sleep(0.005)

    streaming.run(pretend())
    assert dropped(streaming, Drop.OVER_BUDGET) > PACKETS_PER_S
    assert streaming.peers.connected_count == 1
    see_pictures(streaming, viewer)


def test_who_asks_for_a_few_again_and_again_gets_no_second_stream(streaming: Streaming) -> None:
    """Within the budget of RTCP, and never for as many at once as tells of a narrow link."""
    viewer, _ = streaming.connect(reports=False)
    other, _ = connect(streaming)
    for count in range(len(viewer.units) + 1, len(viewer.units) + 61):
        streaming.camera.publish_picture((b"\x41" + bytes(16_000),))
        streaming.run(viewer.has(count))
    numbers = [packet.sequence_number for packet in viewer.packets[-95 * MAX_REPEATED :]]
    starts = list(range(0, len(numbers), MAX_REPEATED))

    async def ask_for_all_twice() -> tuple[int, float]:
        """What was sent again, and in which time."""
        begun_s = time.monotonic()
        for start in 2 * starts:
            await viewer.ask_for(numbers[start : start + MAX_REPEATED])
            await asyncio.sleep(0.003)
        return streaming.peers.counts.packets_retransmitted, time.monotonic() - begun_s

    sent_count, taken_s = streaming.run(ask_for_all_twice())
    assert MAX_REPEATED < sent_count <= MAX_PER_S * (1 + taken_s)
    see_pictures(streaming, viewer, other)
