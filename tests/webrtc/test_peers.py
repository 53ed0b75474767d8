"""Real viewers over loopback: what they get, and that they leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from ipaddress import ip_network

import pytest
from aiortc import RTCPeerConnection

from pet_stream.admission.grants import Grants, Hold
from pet_stream.admission.places import LEASE_SWEEPS
from pet_stream.errors import Busy, InvalidOffer, NotFound, NoUsableH264, Superseded
from pet_stream.media.access_unit import AccessUnit
from pet_stream.rights import Grant
from pet_stream.webrtc.connection import TimeLimits
from pet_stream.webrtc.signaling.answer import AIORTC_H264, AIORTC_RTX
from tests.waiting import TIMEOUT_S

from ..admission.test_grants import Switch
from . import offers
from .conftest import GOP, Streaming
from .sps import sps

QUICK = TimeLimits(connect_s=1.0, silence_s=1.5, look_s=0.1)

MakeStreaming = Callable[..., Streaming]


def annex_b(units: list[AccessUnit]) -> list[bytes]:
    return [unit.to_annex_b() for unit in units]


def descriptor_count() -> int:
    return len(os.listdir("/proc/self/fd"))


def task_count(streaming: Streaming) -> int:
    async def count() -> int:
        return len(asyncio.all_tasks())

    return streaming.run(count())


# What a viewer gets


def test_a_viewer_starts_at_the_newest_idr_and_gets_every_byte_from_there(
    streaming: Streaming,
) -> None:
    published = streaming.camera.publish(GOP + 5)[GOP:]
    viewer, _ = streaming.connect()
    published += streaming.camera.publish(2 * GOP)
    received = streaming.run(viewer.has(len(published)))
    assert received == annex_b(published)
    assert viewer.gap_count == 0
    assert streaming.peers.counts.frames_sent == len(published)
    assert streaming.peers.counts.frames_dropped == 0


def test_a_replayed_gop_keeps_its_capture_times(streaming: Streaming) -> None:
    published = streaming.camera.publish(GOP)
    viewer, _ = streaming.connect()
    streaming.run(viewer.has(GOP))
    ticks = [unit.pts_90k - published[0].pts_90k for unit in published]
    first = viewer.timestamps[0]
    assert [(timestamp - first) & 0xFFFFFFFF for timestamp in viewer.timestamps] == ticks


def test_while_the_camera_is_offline_a_viewer_connects_and_the_picture_follows(
    streaming: Streaming,
) -> None:
    viewer, _ = streaming.connect()
    assert viewer.units == []
    published = streaming.camera.publish(3)
    assert streaming.run(viewer.has(3)) == annex_b(published)


def test_who_comes_later_gets_the_same_pictures_as_those_already_there(
    streaming: Streaming,
) -> None:
    first, _ = streaming.connect()
    published = streaming.camera.publish(5)
    second, _ = streaming.connect()
    published += streaming.camera.publish(5)
    assert streaming.run(first.has(10)) == annex_b(published)
    assert streaming.run(second.has(10)) == annex_b(published)


def test_nothing_is_taken_from_the_camera_while_nobody_watches(streaming: Streaming) -> None:
    assert not streaming.broadcaster.has_urgent_subscriber
    _, first = streaming.connect()
    _, second = streaming.connect()
    assert streaming.broadcaster.has_urgent_subscriber
    streaming.run(streaming.peers.close(first))
    assert streaming.broadcaster.has_urgent_subscriber
    streaming.run(streaming.peers.close(second))
    assert not streaming.broadcaster.has_urgent_subscriber


def test_pictures_that_the_loop_is_too_busy_for_are_dropped_up_to_an_idr(
    streaming: Streaming,
) -> None:
    viewer, _ = streaming.connect()

    async def publish_in_one_go() -> list[AccessUnit]:  # the loop can't take them out meanwhile
        return streaming.camera.publish(40)

    published = streaming.run(publish_in_one_go())
    published = published[:30] + streaming.camera.publish(4)[2:]  # 42 is the next IDR
    assert published[30].is_idr
    assert streaming.run(viewer.has(32)) == annex_b(published)
    assert streaming.peers.counts.frames_dropped == 12


def test_rtp_carries_the_payload_type_that_the_viewer_offered(streaming: Streaming) -> None:
    streaming.camera.publish(1)
    viewer = streaming.viewer()
    answer = streaming.answer(viewer)
    streaming.run(viewer.accept(answer.sdp))
    streaming.run(viewer.has(1))
    (payload_type,) = viewer.payload_types
    assert f"a=rtpmap:{payload_type} H264/90000" in answer.sdp.splitlines()
    assert payload_type not in (AIORTC_H264, AIORTC_RTX)


def test_a_request_for_a_key_frame_is_counted(streaming: Streaming) -> None:
    streaming.camera.publish(1)
    viewer, _ = streaming.connect()
    streaming.run(viewer.has(1))
    streaming.run(viewer.ask_for_a_keyframe())
    streaming.until(lambda: streaming.peers.counts.keyframe_requests == 1)


# Who gets in


@pytest.mark.parametrize(
    "name", [offers.CHROMIUM, offers.CHROMIUM_AUDIO_FIRST, offers.SAFARI, offers.PION]
)
def test_browsers_offers_are_answered_with_h264_and_the_cameras_level(
    streaming: Streaming, name: str
) -> None:
    streaming.sps = sps("42c028")
    answer = streaming.run(streaming.peers.answer(offers.load(name)))
    assert "profile-level-id=42e028" in answer.sdp
    assert "VP8" not in answer.sdp
    assert " 127.0.0.1 " in answer.sdp
    assert len(answer.pc_id) >= 16


def test_an_answer_that_nobody_can_reach_is_warned_about(
    make_streaming: MakeStreaming, caplog: pytest.LogCaptureFixture
) -> None:
    streaming = make_streaming(ice_hosts=(ip_network("198.51.100.0/24"),))
    streaming.answer(streaming.viewer())
    assert "PET_STREAM_ICE_HOSTS" in caplog.text


def test_an_offer_without_h264_takes_no_place(streaming: Streaming) -> None:
    with pytest.raises(NoUsableH264):
        streaming.run(streaming.peers.answer(offers.load(offers.FIREFOX_WITHOUT_H264)))
    with pytest.raises(InvalidOffer):
        streaming.run(streaming.peers.answer("v=0\r\n"))
    assert (streaming.places.active_count, streaming.places.total_count) == (0, 0)


def test_an_offer_takes_no_place_until_its_viewer_has_connected(streaming: Streaming) -> None:
    viewer = streaming.viewer()
    answer = streaming.answer(viewer)
    assert (streaming.places.active_count, streaming.peers.pending_count) == (0, 1)
    streaming.run(viewer.accept(answer.sdp))
    streaming.until(lambda: streaming.peers.connected_count == 1)
    assert (streaming.places.active_count, streaming.peers.pending_count) == (1, 0)
    assert streaming.places.total_count == 1


def test_who_connects_when_all_places_have_been_taken_meanwhile_is_told_goodbye(
    make_streaming: MakeStreaming,
) -> None:
    streaming = make_streaming(max_clients=2)
    late = streaming.viewer()
    answer = streaming.answer(late)
    first, _ = streaming.connect()
    streaming.connect()
    streaming.run(late.accept(answer.sdp))
    streaming.run(late.becomes("closed"))
    assert streaming.peers.counts.came_too_late == 1
    assert (streaming.places.active_count, streaming.places.total_count) == (2, 2)
    published = streaming.camera.publish(1)
    assert streaming.run(first.has(1)) == annex_b(published)


def test_a_viewer_renews_its_place(make_streaming: MakeStreaming) -> None:
    streaming = make_streaming(limits=TimeLimits(connect_s=TIMEOUT_S, silence_s=300.0, look_s=0.01))
    streaming.connect()
    looks = 0

    def sweep() -> bool:
        nonlocal looks
        looks += 1
        assert streaming.places.sweep()
        return looks > 3 * LEASE_SWEEPS

    streaming.until(sweep)
    assert streaming.places.active_count == 1


# How it ends


def test_closing_a_viewer_ends_its_connection_once(streaming: Streaming) -> None:
    viewer, pc_id = streaming.connect()
    streaming.run(streaming.peers.close(pc_id))
    assert streaming.places.active_count == 0
    streaming.run(viewer.becomes("closed"))
    with pytest.raises(NotFound):
        streaming.run(streaming.peers.close(pc_id))


def test_a_viewer_that_says_goodbye_frees_its_place(streaming: Streaming) -> None:
    viewer, _ = streaming.connect()
    streaming.run(viewer.close())
    streaming.until(lambda: streaming.places.active_count == 0)


def test_a_viewer_whose_tab_is_gone_frees_its_place(streaming: Streaming) -> None:
    viewer, _ = streaming.connect()
    streaming.camera.publish(1)
    streaming.run(viewer.has(1))
    viewer.crash()
    streaming.camera.publish(1)  # its host answers that nobody is there any more
    streaming.until(lambda: streaming.places.active_count == 0)


def test_one_refused_packet_does_not_end_a_viewer_that_is_there(streaming: Streaming) -> None:
    viewer, _ = streaming.connect()

    async def refuse() -> None:
        (life,) = streaming.peers._lives.values()
        life.peer._on_refusal()
        assert life.peer._refusal is not None
        await life.peer._refusal

    streaming.run(refuse())
    published = streaming.camera.publish(1)
    assert streaming.run(viewer.has(1)) == annex_b(published)
    assert streaming.places.active_count == 1


@pytest.mark.slow
@pytest.mark.parametrize("has_pictures", [True, False])
def test_a_viewer_that_vanishes_frees_its_place(
    make_streaming: MakeStreaming, has_pictures: bool
) -> None:
    streaming = make_streaming(limits=TimeLimits())
    viewer, _ = streaming.connect()
    if has_pictures:
        streaming.camera.publish(GOP)
        streaming.run(viewer.has(GOP))
    viewer.vanish()
    streaming.until(lambda: streaming.places.active_count == 0)
    assert streaming.peers.counts.vanished == 1


@pytest.mark.slow
@pytest.mark.parametrize("reports", [True, False])
def test_a_viewer_that_is_there_stays_whether_there_are_pictures_or_not(
    make_streaming: MakeStreaming, reports: bool
) -> None:
    streaming = make_streaming(limits=QUICK)
    viewer, pc_id = streaming.connect(reports=reports)
    with pytest.raises(Exception, match="no answer within"):
        streaming.until(lambda: viewer.state != "connected", timeout_s=3 * QUICK.silence_s)
    streaming.run(streaming.peers.close(pc_id))


def test_who_never_connects_leaves_nothing(
    make_streaming: MakeStreaming,
) -> None:
    streaming = make_streaming(limits=QUICK)
    viewer = streaming.viewer()
    offer = streaming.run(viewer.offer())
    tasks, descriptors = task_count(streaming), descriptor_count()

    async def answer_both() -> int:
        await streaming.peers.answer(offer)
        await streaming.peers.answer(offers.load(offers.CHROMIUM))
        return descriptor_count()

    assert streaming.run(answer_both()) > descriptors
    streaming.until(lambda: streaming.peers.pending_count == 0)
    streaming.until(lambda: descriptor_count() == descriptors)
    streaming.until(lambda: len(asyncio.all_tasks()) == tasks)
    assert streaming.peers.counts.errors == 2


@pytest.mark.parametrize("ticks", range(0, 24, 2))
def test_a_request_given_up_in_the_middle_leaves_nothing(streaming: Streaming, ticks: int) -> None:
    offer = offers.load(offers.CHROMIUM)
    tasks, descriptors = task_count(streaming), descriptor_count()

    async def give_up() -> None:
        request = asyncio.create_task(streaming.peers.answer(offer))
        for _ in range(ticks):
            await asyncio.sleep(0)
        request.cancel()
        await asyncio.wait({request})

    streaming.run(give_up())
    streaming.run(streaming.peers.close_all())
    assert streaming.peers.pending_count == 0
    streaming.until(lambda: descriptor_count() == descriptors)
    streaming.until(lambda: len(asyncio.all_tasks()) == tasks)


def test_shutdown_ends_all_viewers_at_once_in_any_state(streaming: Streaming) -> None:
    connected = [streaming.connect()[0] for _ in range(3)]
    for _ in range(2):
        streaming.answer(streaming.viewer())
    streaming.run(streaming.peers.close_all())
    assert streaming.places.active_count == 0
    for viewer in connected:
        streaming.run(viewer.becomes("closed"))


@pytest.mark.parametrize("ticks", [2, 3, 4, 7, 13])
def test_a_viewer_cancelled_in_mid_answer_leaves_nothing(streaming: Streaming, ticks: int) -> None:
    async def cancel() -> None:
        request = asyncio.create_task(streaming.peers.answer(offers.load(offers.CHROMIUM)))
        for _ in range(ticks):
            await asyncio.sleep(0)
        for life in streaming.peers._lives.values():
            assert life.task is not None
            life.task.cancel()
        await asyncio.wait({request})

    streaming.run(cancel())
    streaming.until(lambda: streaming.peers.pending_count == 0)
    assert not streaming.peers._lives


@pytest.mark.slow
def test_fifty_viewers_one_after_the_other_leave_nothing_behind(streaming: Streaming) -> None:
    def come_and_go() -> None:
        viewer, _ = streaming.connect()
        streaming.run(viewer.close())
        streaming.until(lambda: streaming.places.active_count == 0)

    streaming.camera.publish(3)
    come_and_go()
    tasks, descriptors = task_count(streaming), descriptor_count()
    for _ in range(50):
        come_and_go()
    streaming.until(lambda: len(asyncio.all_tasks()) == tasks)
    streaming.until(lambda: gc.collect() is not None and descriptor_count() == descriptors)
    assert streaming.places.total_count == 51


def test_a_viewer_whose_place_was_taken_away_does_not_come_back_by_itself(
    streaming: Streaming,
) -> None:
    _, pc_id = streaming.connect()
    [place] = streaming.places.taken
    assert streaming.places.remove(place.id)
    streaming.until(lambda: streaming.peers.connected_count == 0)
    sdp = streaming.run(streaming.viewer().offer())
    with pytest.raises(Superseded):
        streaming.run(streaming.peers.answer(sdp, replaces=pc_id))
    streaming.run(streaming.peers.answer(sdp, replaces="another"))


def test_a_viewer_ends_with_its_right_whatever_it_is_doing(streaming: Streaming) -> None:
    """One watches, one has been answered, one stays."""
    streaming.camera.publish(1)
    switch, others = Switch(), Switch()
    watching, pc_id = streaming.connect(grant=switch)
    streaming.connect(grant=others)
    streaming.run(watching.has(1))
    streaming.answer(streaming.viewer(), switch)
    assert streaming.peers.pending_count == 1
    switch.is_on = False
    streaming.grants.check_soon()
    streaming.run(watching.becomes("closed"))
    streaming.until(
        lambda: (streaming.peers.pending_count, streaming.places.active_count) == (0, 1)
    )
    with pytest.raises(NotFound):
        streaming.run(streaming.peers.close(pc_id, switch.holder))


def test_a_viewer_is_found_by_its_own_device_only(streaming: Streaming) -> None:
    _, pc_id = streaming.connect()
    with pytest.raises(NotFound):
        streaming.run(streaming.peers.close(pc_id, "device of somebody else"))
    with pytest.raises(NotFound):
        streaming.peers.add_candidate(pc_id, "", None, None, "device of somebody else")
    streaming.run(streaming.peers.close(pc_id))


class NoThreads(Grants):
    def hold(self, grant: Grant, end: Callable[[], object]) -> Hold:
        raise Busy("This machine can't start the thread")


def test_a_viewer_whose_right_nobody_could_check_leaves_nothing(
    make_streaming: Callable[..., Streaming],
) -> None:
    streaming = make_streaming(grants=NoThreads("test"))
    viewer = streaming.viewer()
    offered = streaming.run(viewer.offer())
    before = open_connections()
    with pytest.raises(Busy) as refused:
        streaming.run(streaming.peers.answer(offered))
    assert refused.value.retry_after_s  # the traceback keeps what it had made
    assert streaming.peers.pending_count == 0
    assert open_connections() == before


def open_connections() -> int:
    everything = gc.get_objects()
    connections = [one for one in everything if isinstance(one, RTCPeerConnection)]
    return sum(one.connectionState != "closed" for one in connections)
