"""Datagrams of strangers, and in a viewer's name, end nobody."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from pet_stream.webrtc.private import Drop
from pet_stream.webrtc.private.guard import MAX_ADDRESSES

from ..webrtc.conftest import Streaming, make_streaming, streaming
from ..webrtc.viewer import Viewer
from .strangers import (
    BYTES,
    MESSAGE_INTEGRITY,
    PRIORITY,
    USERNAME,
    addresses_in,
    binding_request,
    client_hello,
    password_in,
    send,
    username_in,
)

__all__ = ["make_streaming", "streaming"]


def connect(streaming: Streaming) -> tuple[Viewer, str]:
    """A viewer that sees pictures, and the answer that it got."""
    viewer = streaming.viewer()
    joined = streaming.peers.connected_count + 1
    answer = streaming.answer(viewer)
    streaming.run(viewer.accept(answer.sdp))
    streaming.run(viewer.becomes("connected"))
    streaming.until(lambda: streaming.peers.connected_count == joined)
    see_pictures(streaming, viewer)
    return viewer, answer.sdp


def see_pictures(streaming: Streaming, *viewers: Viewer) -> None:
    before = [len(viewer.units) for viewer in viewers]
    streaming.camera.publish(3)
    for viewer, seen in zip(viewers, before, strict=True):
        streaming.run(viewer.has(seen + 3))


def dropped(streaming: Streaming, *reasons: Drop) -> int:
    drops = streaming.peers.counts.datagrams_dropped
    return sum(drops[reason] for reason in reasons or tuple(Drop))


@pytest.mark.parametrize("data", BYTES.values(), ids=BYTES)
def test_a_sweep_of_all_ports_ends_no_viewer(streaming: Streaming, data: bytes) -> None:
    viewers = [connect(streaming) for _ in range(2)]
    addresses = [address for _, answer in viewers for address in addresses_in(answer)]
    before = dropped(streaming)
    send(data, addresses, 5)
    streaming.until(lambda: dropped(streaming) - before == 5 * len(addresses))
    see_pictures(streaming, *(viewer for viewer, _ in viewers))
    assert streaming.peers.connected_count == 2


@pytest.mark.parametrize("data", BYTES.values(), ids=BYTES)
def test_a_datagram_in_a_viewer_s_name_does_not_end_it(streaming: Streaming, data: bytes) -> None:
    viewer, _ = connect(streaming)
    for _ in range(5):
        viewer.send_raw(data)
    see_pictures(streaming, viewer)
    assert streaming.peers.connected_count == 1
    streaming.run(viewer.ask_for_a_keyframe())  # it is heard as before
    streaming.until(lambda: streaming.peers.counts.keyframe_requests == 1)


def test_a_stranger_s_hello_that_comes_first_does_not_take_the_viewer_s_place(
    streaming: Streaming,
) -> None:
    viewer = streaming.viewer()
    answer = streaming.answer(viewer)
    send(client_hello(), addresses_in(answer.sdp))
    streaming.until(lambda: dropped(streaming, Drop.UNCHECKED) == 1)
    streaming.run(viewer.accept(answer.sdp))
    streaming.run(viewer.becomes("connected"))
    streaming.until(lambda: streaming.peers.connected_count == 1)
    see_pictures(streaming, viewer)


@pytest.mark.parametrize(("size", "reason"), [(60_000, Drop.TOO_LONG), (1200, Drop.UNCHECKED)])
def test_nothing_is_kept_of_what_comes_to_an_offer_that_is_not_connected(
    streaming: Streaming, size: int, reason: Drop
) -> None:
    answer = streaming.answer(streaming.viewer())
    send(b"\x80" + bytes(size), addresses_in(answer.sdp), 2)  # they fit into the socket's buffer
    streaming.until(lambda: dropped(streaming, reason) == 2)
    assert dropped(streaming) == 2


def test_a_viewer_connects_in_a_flood_of_checks(streaming: Streaming) -> None:
    """They come from one who has read the user name on its way."""
    viewer = streaming.viewer()
    answer = streaming.answer(viewer)
    addresses = addresses_in(answer.sdp)
    name = f"{username_in(answer.sdp)}:nobody".encode()
    request = binding_request(1, (USERNAME, name), (MESSAGE_INTEGRITY, bytes(20)))
    has_connected = threading.Event()

    def flood() -> None:
        while not has_connected.is_set():
            send(request, addresses, 50)
            time.sleep(0.001)

    with ThreadPoolExecutor(1) as stranger:
        flooding = stranger.submit(flood)
        try:
            streaming.until(lambda: dropped(streaming, Drop.UNPROVED) > 500)
            streaming.run(viewer.accept(answer.sdp))
            streaming.run(viewer.becomes("connected"))
        finally:
            has_connected.set()
        flooding.result()
    streaming.until(lambda: streaming.peers.connected_count == 1)
    see_pictures(streaming, viewer)


def test_a_check_that_can_t_be_read_is_no_error_in_the_log(streaming: Streaming) -> None:
    """The viewer's own; the fixture looks at the log, where asyncio would write a traceback."""
    viewer, answer = connect(streaming)
    unreadable = binding_request(1, (PRIORITY, b""), password=password_in(answer))
    viewer.send_raw(unreadable)
    streaming.until(lambda: dropped(streaming, Drop.MALFORMED) == 1)
    see_pictures(streaming, viewer)


def test_a_viewer_that_comes_from_everywhere_is_known_from_so_many_addresses(
    streaming: Streaming,
) -> None:
    viewer, answer = connect(streaming)
    (address,) = addresses_in(answer)
    name = f"{username_in(answer)}:{viewer.ice_username}".encode()
    password = password_in(answer)
    with ExitStack() as ports:
        for number in range(MAX_ADDRESSES + 20):
            port = ports.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            check = binding_request(
                number, (USERNAME, name), (PRIORITY, bytes(4)), password=password
            )
            port.sendto(check, address)
        streaming.until(lambda: dropped(streaming, Drop.UNPROVED) > 0)
    see_pictures(streaming, viewer)


def test_what_a_viewer_may_not_send_is_dropped_before_it_is_decrypted(
    streaming: Streaming,
) -> None:
    viewer, _ = connect(streaming)
    rtp = b"\x80\x60" + bytes(60)
    streaming.run(viewer.send_rtcp(rtp))  # encrypted as the viewer's
    streaming.until(lambda: dropped(streaming, Drop.UNWANTED) == 1)


def test_every_record_of_a_datagram_is_read(streaming: Streaming) -> None:
    """aiortc reads one, and the others would pile up: the goodbye behind them was never heard."""
    viewer, _ = connect(streaming)
    streaming.run(viewer.send_records(9, says_goodbye=False))
    see_pictures(streaming, viewer)
    streaming.run(viewer.send_records(9, says_goodbye=True))
    streaming.until(lambda: streaming.peers.connected_count == 0)


def test_a_reader_that_meets_an_error_goes_on(streaming: Streaming) -> None:
    """RTCP of the viewer's own on which whoever listens fails."""
    viewer, _ = connect(streaming)
    streaming.run(viewer.send_rtcp(b"\x81\xc9\x00\x01" + bytes(4)))
    streaming.run(viewer.send_rtcp(b"\x81\xcd\x00\x30" + bytes(12)))
    streaming.run(viewer.ask_for_a_keyframe())
    streaming.until(lambda: streaming.peers.counts.keyframe_requests == 1)
