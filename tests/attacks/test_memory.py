"""What a viewer has cost is given back when it ends, not when the garbage collector comes by."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable, Iterator

import aioice
import pytest
from aiortc import RTCDtlsTransport, RTCIceTransport, RTCPeerConnection

from pet_stream.webrtc.connection import TimeLimits
from pet_stream.webrtc.peer import Peer
from pet_stream.webrtc.sending.fast_sender import FastSender

from ..webrtc.conftest import PATIENT, Streaming, make_streaming, streaming

__all__ = ["make_streaming", "streaming"]

KINDS = (Peer, FastSender, RTCPeerConnection, RTCDtlsTransport, RTCIceTransport, aioice.Connection)


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def living() -> list[object]:
    return [thing for thing in gc.get_objects() if type(thing) in KINDS]


def test_a_viewer_that_closed_is_freed(streaming: Streaming) -> None:
    viewer = streaming.viewer()
    own = living()
    answer = streaming.answer(viewer)
    streaming.run(viewer.accept(answer.sdp))
    streaming.until(lambda: streaming.peers.connected_count == 1)
    assert len(living()) - len(own) == len(KINDS)
    streaming.run(streaming.peers.close(answer.pc_id))
    streaming.until(lambda: living() == own)


def test_a_viewer_that_vanished_is_freed(make_streaming: Callable[..., Streaming]) -> None:
    limits = dataclasses.replace(PATIENT, silence_s=0.8, look_s=0.05)
    streaming = make_streaming(limits=limits)
    viewer = streaming.viewer()
    own = living()
    answer = streaming.answer(viewer)
    streaming.run(viewer.accept(answer.sdp))
    streaming.until(lambda: streaming.peers.connected_count == 1)
    viewer.vanish()
    streaming.until(lambda: streaming.places.active_count == 0)
    streaming.until(lambda: living() == own)


def test_an_offer_that_never_connected_is_freed(
    make_streaming: Callable[..., Streaming],
) -> None:
    """Its checks are still under way."""
    streaming = make_streaming(limits=TimeLimits(connect_s=0.6))
    viewer = streaming.viewer()
    own = living()
    streaming.answer(viewer)
    assert len(living()) > len(own)
    streaming.until(lambda: streaming.places.active_count == 0)
    streaming.until(lambda: living() == own)
