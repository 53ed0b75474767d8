"""Each step of sending, forced: nothing is lost on the way down, and others begin below."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable
from typing import Any

import pytest

from pet_stream.media.access_unit import AccessUnit
from pet_stream.webrtc import private
from pet_stream.webrtc.sending import route
from pet_stream.webrtc.sending.sender import Step
from pet_stream.webrtc.sending.stock_sender import StockSender

from ..conftest import GOP, Streaming

MakeStreaming = Callable[..., Streaming]


def annex_b(units: list[AccessUnit]) -> list[bytes]:
    return [unit.to_annex_b() for unit in units]


def step(streaming: Streaming) -> Step:
    (only,) = (step for step, count in streaming.peers.count_by_step().items() if count)
    return only


def route_of(streaming: Streaming) -> route.Route:
    senders: list[Any] = [sender for _, sender in streaming.made]
    found = next(sender._active._route for sender in senders if sender._active)
    assert isinstance(found, route.Route)
    return found


class BrokenSocket:
    """A socket on which some calls fail for good."""

    def __init__(self, udp: Any, failing: dict[str, int]) -> None:
        self._udp = udp
        self._failing = failing

    def __getattr__(self, name: str) -> Any:
        if name not in self._failing:
            return getattr(self._udp, name)

        def fail(*_: object) -> None:
            raise OSError(self._failing[name], "broken")

        return fail


def break_socket(streaming: Streaming, **failing: int) -> None:
    way = route_of(streaming)

    async def replace() -> None:
        way._udp = BrokenSocket(way._udp, failing)  # type: ignore[assignment]

    streaming.run(replace())


def fail(*_: object, **__: object) -> None:
    raise AttributeError("moved")


@pytest.fixture
def publish_large(streaming: Streaming) -> Callable[[int], list[AccessUnit]]:
    """Pictures of several packets, so that there are runs to send."""

    def publish(count: int) -> list[AccessUnit]:
        return [
            streaming.camera.publish_picture((b"\x67\x42", b"\x68\xce", b"\x65" * 9000))
            for _ in range(count)
        ]

    return publish


@pytest.fixture
def old_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """It knows no segmentation of datagrams."""
    set_option = socket.socket.setsockopt

    def refuse(udp: socket.socket, level: int, option: int, value: int) -> None:
        if (level, option) == (route.SOL_UDP, route.UDP_SEGMENT):
            raise OSError(errno.ENOPROTOOPT, "Protocol not available")
        set_option(udp, level, option, value)

    monkeypatch.setattr(socket.socket, "setsockopt", refuse)


@pytest.mark.usefixtures("old_kernel")
def test_a_kernel_without_segmentation_gets_packets_one_by_one(streaming: Streaming) -> None:
    viewer, _ = streaming.connect()
    units = streaming.camera.publish(GOP)
    assert streaming.run(viewer.has(GOP)) == annex_b(units)
    assert step(streaming) is Step.PACKETS


@pytest.mark.usefixtures("old_kernel")
def test_without_segmentation_another_pair_of_addresses_is_no_step_down(
    streaming: Streaming,
) -> None:
    viewer, _ = streaming.connect()
    units = streaming.camera.publish(2)
    streaming.run(viewer.has(2))
    sending = route_of(streaming)

    async def forget_pair() -> None:
        sending._pair = None

    streaming.run(forget_pair())
    units += streaming.camera.publish(GOP)
    assert streaming.run(viewer.has(2 + GOP)) == annex_b(units)
    assert step(streaming) is Step.PACKETS


@pytest.mark.parametrize("code", [errno.EIO, errno.EMSGSIZE, errno.EINVAL])
def test_where_segmentation_fails_packets_go_one_by_one_from_there_on(
    streaming: Streaming, publish_large: Callable[[int], list[AccessUnit]], code: int
) -> None:
    viewer, _ = streaming.connect()
    units = publish_large(2)
    streaming.run(viewer.has(2))
    break_socket(streaming, sendmsg=code)
    units += publish_large(3)
    assert streaming.run(viewer.has(5)) == annex_b(units)
    assert step(streaming) is Step.PACKETS
    assert viewer.gap_count == 0


def test_where_the_socket_fails_the_transport_sends(
    streaming: Streaming, publish_large: Callable[[int], list[AccessUnit]]
) -> None:
    viewer, _ = streaming.connect()
    units = publish_large(2)
    streaming.run(viewer.has(2))
    break_socket(streaming, sendmsg=errno.EIO, sendto=errno.EBADF)
    units += publish_large(3)
    assert streaming.run(viewer.has(5)) == annex_b(units)
    assert step(streaming) is Step.TRANSPORT
    assert viewer.gap_count == 0


@pytest.fixture
def behind_turn_server(monkeypatch: pytest.MonkeyPatch) -> None:
    destination_of = private.destination_of
    monkeypatch.setattr(
        private, "destination_of", lambda pair: destination_of(pair)._replace(descriptor=None)
    )


@pytest.mark.usefixtures("behind_turn_server")
def test_through_a_turn_server_the_transport_sends(streaming: Streaming) -> None:
    viewer, _ = streaming.connect()
    units = streaming.camera.publish(GOP)
    assert streaming.run(viewer.has(GOP)) == annex_b(units)
    assert step(streaming) is Step.TRANSPORT


@pytest.mark.parametrize(("kind", "is_closed"), [("relay", False), ("host", True)])
def test_a_relay_or_a_closed_socket_can_not_be_sent_on(kind: str, is_closed: bool) -> None:
    class Pair:
        """As aioice's candidate pair, with a transport whose socket is there."""

        def __init__(self, udp: socket.socket) -> None:
            self.protocol = self.transport = self.local_candidate = self
            self.type = kind
            self.remote_addr = ("192.0.2.1", 9)
            self.host = "192.0.2.2"
            self._udp = udp

        def get_extra_info(self, name: str) -> socket.socket | None:
            return self._udp if name == "socket" else None

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        if is_closed:
            udp.close()
        assert private.destination_of(Pair(udp)).descriptor is None


def test_a_viewer_that_no_step_is_left_for_is_ended_and_begins_below_when_it_comes_again(
    streaming: Streaming,
    publish_large: Callable[[int], list[AccessUnit]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    viewer, _ = streaming.connect()
    units = publish_large(2)
    assert streaming.run(viewer.has(2)) == annex_b(units)
    break_socket(streaming, sendmsg=errno.EIO, sendto=errno.EBADF)
    monkeypatch.setattr(private, "send_by_transport", fail)
    publish_large(1)
    streaming.run(viewer.becomes("closed"))
    streaming.until(lambda: streaming.places.active_count == 0)
    assert streaming.peers.counts.errors == 1
    ours = [r.message for r in caplog.records if r.name.startswith("pet_stream.")]
    assert "sending by transport failed" in ours[-1]
    again, _ = streaming.connect()
    units = publish_large(3)
    assert streaming.run(again.has(3)) == annex_b(units)
    assert step(streaming) is Step.STOCK


@pytest.mark.usefixtures("behind_turn_server")
@pytest.mark.parametrize("has_gop", [False, True])
def test_the_first_packets_may_be_the_ones_that_fail(
    streaming: Streaming, monkeypatch: pytest.MonkeyPatch, *, has_gop: bool
) -> None:
    monkeypatch.setattr(private, "send_by_transport", fail)
    streaming.camera.publish(5 * has_gop)
    viewer = streaming.viewer()
    streaming.run(viewer.accept(streaming.answer(viewer).sdp))
    streaming.run(viewer.becomes("connected"))
    streaming.until(lambda: streaming.peers.connected_count or has_gop)
    streaming.camera.publish(GOP)
    streaming.run(viewer.becomes("closed"))
    streaming.until(lambda: streaming.places.active_count == 0)
    again, _ = streaming.connect()
    units = streaming.camera.publish(2 * GOP)
    streaming.run(again.until(lambda: again.units[-GOP:] == annex_b(units[-GOP:])))
    assert step(streaming) is Step.STOCK


def test_what_can_not_be_encrypted_ends_the_viewer_and_is_remembered(
    streaming: Streaming, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> memoryview:
        raise private.SrtpError("srtp_protect")

    monkeypatch.setattr(private.SrtpBuffer, "protect", refuse)
    viewer, _ = streaming.connect()
    units = streaming.camera.publish(1)
    streaming.run(viewer.becomes("closed"))
    streaming.until(lambda: streaming.places.active_count == 0)
    again, _ = streaming.connect()
    units += streaming.camera.publish(GOP)
    assert streaming.run(again.has(1 + GOP)) == annex_b(units)
    assert step(streaming) is Step.STOCK


@pytest.mark.parametrize(
    ("failing", "first"),
    [
        ({"sendmsg": errno.EIO}, Step.PACKETS),
        ({"sendmsg": errno.EIO, "sendto": errno.EBADF}, Step.TRANSPORT),
    ],
)
def test_who_comes_later_begins_below_what_has_failed(
    streaming: Streaming,
    publish_large: Callable[[int], list[AccessUnit]],
    failing: dict[str, int],
    first: Step,
) -> None:
    viewer, pc_id = streaming.connect()
    publish_large(1)
    streaming.run(viewer.has(1))
    break_socket(streaming, **failing)
    publish_large(1)
    streaming.run(viewer.has(2))
    streaming.run(streaming.peers.close(pc_id))
    streaming.connect()
    assert step(streaming) is first


# What another release may have moved


@pytest.fixture(
    params=["pylibsrtp's functions", "the SRTP session", "the pairs", "a pair", "the SSRC"]
)
def hidden(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    match request.param:
        case "pylibsrtp's functions":
            monkeypatch.setattr(private.srtp, "_libsrtp", object())
        case "the SRTP session":
            monkeypatch.setattr(private.SrtpSession, "__init__", fail)
        case "the pairs":
            monkeypatch.setattr(private, "nominated_pairs", fail)
        case "a pair":
            monkeypatch.setattr(private, "destination_of", fail)
        case "the SSRC":
            monkeypatch.setattr(private, "set_ssrcs", fail)


@pytest.mark.usefixtures("hidden")
def test_without_a_private_name_aiortcs_sender_serves_from_the_start(
    make_streaming: MakeStreaming,
) -> None:
    streaming = make_streaming()
    units = streaming.camera.publish(5)
    viewer, _ = streaming.connect()
    units += streaming.camera.publish(GOP)
    assert streaming.run(viewer.has(5 + GOP)) == annex_b(units)
    assert step(streaming) is Step.STOCK


# Errors that are no reason for another way


def test_a_closed_port_or_an_unreachable_host_changes_nothing(
    streaming: Streaming, publish_large: Callable[[int], list[AccessUnit]]
) -> None:
    viewer, _ = streaming.connect(reports=False)
    way, counts = route_of(streaming), streaming.peers.counts

    def send_one() -> AccessUnit:
        before = counts.frames_sent
        (unit,) = publish_large(1)
        streaming.until(lambda: counts.frames_sent > before)
        return unit

    send_one()
    break_socket(streaming)
    assert isinstance(way._udp, BrokenSocket)
    for code in (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH):
        way._udp._failing["sendmsg"] = code
        send_one()
    assert way.step is Step.GSO
    way._udp._failing.clear()
    timestamp = send_one().pts_90k % 2**32
    streaming.run(viewer.until(lambda: timestamp in {p.timestamp for p in viewer.packets}))


def test_an_error_about_an_earlier_packet_loses_nothing(streaming: Streaming) -> None:
    """With IP_RECVERR a call reports what became of an earlier packet, and sends nothing."""
    viewer, _ = streaming.connect()
    units = streaming.camera.publish(2)
    streaming.run(viewer.has(2))
    way = route_of(streaming)

    class ReportingSocket(BrokenSocket):
        def __getattr__(self, name: str) -> Any:
            if name in self._failing:
                code = self._failing.pop(name)
                raise OSError(code, "about an earlier packet")
            return getattr(self._udp, name)

    async def replace() -> None:
        way._udp = ReportingSocket(way._udp, {"sendto": errno.ECONNREFUSED})  # type: ignore[assignment]

    streaming.run(replace())
    units += streaming.camera.publish(GOP)
    assert streaming.run(viewer.has(2 + GOP)) == annex_b(units)
    assert viewer.gap_count == 0


def test_stock_alone_can_be_chosen(make_streaming: MakeStreaming) -> None:
    streaming = make_streaming(make_sender=StockSender)
    units = streaming.camera.publish(3)
    viewer, _ = streaming.connect()
    assert streaming.run(viewer.has(3)) == annex_b(units)
    assert step(streaming) is Step.STOCK
