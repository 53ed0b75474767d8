"""A viewer that can't be sent to, or not in the best way, costs the others nothing."""

from __future__ import annotations

import errno
import os
import resource

import pytest

from pet_stream.webrtc import private
from pet_stream.webrtc.sending.sender import Step

from ..webrtc.conftest import Streaming, make_streaming, streaming
from ..webrtc.sending.test_ladder import annex_b, break_socket, fail

__all__ = ["make_streaming", "streaming"]


def test_the_others_see_every_picture_while_one_is_ended(
    streaming: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, _ = streaming.connect()
    other, _ = streaming.connect()
    units = streaming.camera.publish(2)
    for viewer in (broken, other):
        streaming.run(viewer.has(2))
    break_socket(streaming, sendmsg=errno.EIO, sendto=errno.EBADF)
    monkeypatch.setattr(private, "send_by_transport", fail)
    units += streaming.camera.publish(5)
    streaming.run(broken.becomes("closed"))
    units += streaming.camera.publish(5)
    assert streaming.run(other.has(12)) == annex_b(units)
    streaming.until(lambda: streaming.places.active_count == 1)
    assert streaming.peers.count_by_step()[Step.GSO] == 1


def test_without_a_descriptor_left_a_viewer_is_sent_to_and_nothing_is_remembered(
    streaming: Streaming,
) -> None:
    viewer, _ = streaming.connect()

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, limits[1]))
    try:
        streaming.camera.publish(1)
        streaming.until(lambda: streaming.peers.counts.frames_sent == 1)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert streaming.run(viewer.has(1))
    assert streaming.peers.count_by_step()[Step.TRANSPORT] == 1
    streaming.connect()
    assert streaming.peers.count_by_step()[Step.GSO] == 1
