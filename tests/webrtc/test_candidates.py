"""Trickle ICE: what a viewer's candidate may be, and that one helps it connect."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import pytest

from pet_stream.errors import BadCandidate, NotFound
from pet_stream.webrtc.signaling.candidates import MAX_CANDIDATES, usable_candidate

from . import offers
from .conftest import PATIENT, Streaming
from .viewer import Viewer

HOST = "1 1 udp 100 127.0.0.1 5000 typ host"


@pytest.mark.parametrize(
    ("value", "usable"),
    [
        (HOST, HOST),
        ("1 1 UDP 9 8.1.2.3 5 typ srflx raddr 0.0.0.0 rport 0", "1 1 udp 9 8.1.2.3 5 typ srflx"),
        ("1 1 udp 100 28f26bae-43d2-4def-bdf4-e3acb5209b31.local 5000 typ host", None),
        ("1 1 tcp 100 192.168.1.7 9 typ host tcptype active", None),
        ("1 2 udp 100 192.168.1.7 5000 typ host", None),
        ("1 1 udp 100 fe80::1%eth0 5000 typ host", None),
        ("1 1 udp 100 192.168.1.7 0 typ host", None),
    ],
)
def test_a_candidate_is_written_anew_or_can_not_be_used(value: str, usable: str | None) -> None:
    assert usable_candidate(value) == usable


@pytest.mark.parametrize("value", ["", "x", "1 1 udp 100 127.0.0.1", HOST + "\r\na=x", "9" * 9999])
def test_what_is_no_candidate_is_refused(value: str) -> None:
    with pytest.raises(BadCandidate):
        usable_candidate(value)


def split_offer(streaming: Streaming, viewer: Viewer) -> tuple[str, list[str]]:
    """The viewer's offer without its candidates, and these."""
    sdp = streaming.run(viewer.offer())
    values = re.findall(r"a=candidate:(.*)\r\n", sdp)
    return re.sub(r"a=(candidate:|end-of-candidates).*\r\n", "", sdp), values


def add(streaming: Streaming, pc_id: str, value: str, mid: str | None = None) -> None:
    added = streaming.peers.add_candidate(pc_id, value, mid, None)
    assert added is not None
    streaming.run(added)


def test_a_viewer_that_does_not_check_by_itself_is_found_by_its_candidate(
    streaming: Streaming,
) -> None:
    viewer = streaming.viewer()
    sdp, values = split_offer(streaming, viewer)
    answer = streaming.run(streaming.peers.answer(sdp))
    # It is told of no address of ours: only our checks can make the connection.
    streaming.run(viewer.accept(re.sub(r"a=(candidate:|end-of-candidates).*\r\n", "", answer.sdp)))
    for value in values:
        add(streaming, answer.pc_id, value, "0")
    streaming.run(viewer.becomes("connected"))


def test_a_viewer_is_waited_for_longer_once_there_is_a_sign_of_it(
    make_streaming: Callable[..., Streaming],
) -> None:
    streaming = make_streaming(limits=dataclasses.replace(PATIENT, reach_s=0.5))
    viewer = streaming.viewer()
    sdp, values = split_offer(streaming, viewer)
    answer = streaming.run(streaming.peers.answer(sdp))
    add(streaming, answer.pc_id, values[0])
    streaming.run(streaming.peers.answer(offers.load(offers.CHROMIUM)))  # from nobody
    streaming.until(lambda: streaming.peers.pending_count == 1)
    streaming.run(viewer.accept(answer.sdp))
    streaming.run(viewer.becomes("connected"))


@pytest.mark.parametrize(
    ("candidate", "mid", "ice_ufrag"),
    [("nonsense", None, None), (HOST, "other", None), (HOST, None, "other")],
)
def test_a_bad_one_does_the_viewer_no_harm(
    streaming: Streaming, candidate: str, mid: str | None, ice_ufrag: str | None
) -> None:
    viewer = streaming.viewer()
    answer = streaming.answer(viewer)
    with pytest.raises(BadCandidate):
        streaming.peers.add_candidate(answer.pc_id, candidate, mid, ice_ufrag)
    streaming.run(viewer.accept(answer.sdp))
    streaming.run(viewer.becomes("connected"))
    add(streaming, answer.pc_id, HOST)  # too late: fine


def test_their_number_is_bounded(streaming: Streaming) -> None:
    viewer = streaming.viewer()
    sdp, _ = split_offer(streaming, viewer)
    pc_id = streaming.run(streaming.peers.answer(sdp)).pc_id

    for number in range(MAX_CANDIDATES):
        add(streaming, pc_id, HOST.replace("5000", str(5000 + number)))
    with pytest.raises(BadCandidate, match="More than 32"):
        add(streaming, pc_id, HOST)


def test_one_that_can_not_be_used_is_no_work_for_the_loop(streaming: Streaming) -> None:
    pc_id = streaming.answer(streaming.viewer()).pc_id
    for _ in range(MAX_CANDIDATES + 1):
        value = HOST.replace("127.0.0.1", "28f26bae-43d2-4def-bdf4-e3acb5209b31.local")
        assert streaming.peers.add_candidate(pc_id, value, None, None) is None


def test_one_viewers_candidate_reaches_no_other(
    make_streaming: Callable[..., Streaming],
) -> None:
    streaming = make_streaming()
    pc_id = streaming.answer(streaming.viewer()).pc_id
    for other in ("", pc_id[:-1], pc_id + "x"):
        with pytest.raises(NotFound):
            streaming.peers.add_candidate(other, HOST, None, None)
    streaming.run(streaming.peers.close(pc_id))
    with pytest.raises(NotFound):
        streaming.peers.add_candidate(pc_id, HOST, None, None)
