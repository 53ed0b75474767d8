"""What viewers, neighbours and pages send: SDP, candidates, RTCP, datagrams, WebSockets."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import logging
import struct
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from aiortc.sdp import SessionDescription
from hypothesis import strategies as st
from simple_websocket import ConnectionClosed
from wsproto.events import CloseConnection, Ping

from pet_stream.errors import BadCandidate, BitstreamError, InvalidOffer, NoUsableH264
from pet_stream.media.rtp.rtcp import (
    MAX_LOST,
    goodbye,
    middle_bits,
    ntp_time,
    parse_feedback,
    sender_report,
    source_description,
)
from pet_stream.webrtc import private
from pet_stream.webrtc.private import Drop
from pet_stream.webrtc.sending.congestion import MAX_PER_REQUEST, Congestion
from pet_stream.webrtc.sending.sender_reports import SenderReports
from pet_stream.webrtc.signaling.answer import answer_from_aiortc, offer_for_aiortc
from pet_stream.webrtc.signaling.candidates import usable_candidate
from pet_stream.webrtc.signaling.fragment import MAX_LINES, parse_fragment
from pet_stream.webrtc.signaling.h264_format import choose_format
from pet_stream.webrtc.signaling.offer import parse_offer
from pet_stream.websocket.frames import close_frame, pong_frame
from pet_stream.websocket.incoming import MAX_MESSAGE_SIZE, Incoming, Refused
from tests.apps import mounted_app
from tests.attacks import strangers
from tests.recording.playback import access_unit
from tests.webrtc import offers
from tests.webrtc.private.test_guard import dtls_transport
from tests.websocket.client import WebSocket, masked, served

from .camera import pictures
from .mutation import mutated_bytes, mutated_text
from .target import Call, Target, pure

# SDP

OFFERS = (
    *(offers.CHROMIUM, offers.CHROMIUM_AUDIO_FIRST, offers.FIREFOX_WITHOUT_H264),
    *(offers.SAFARI, offers.GSTREAMER, offers.PION),
)
SDP_WORDS = (
    *("m=video 9 ", "m=", "a=mid:", "a=group:BUNDLE ", "a=candidate:1 1 udp ", "a=rtpmap:"),
    *("a=fmtp:", "a=rtcp-fb:", "a=extmap:", "a=fingerprint:", "a=setup:", "a=ice-pwd:", "apt="),
    *("a=recvonly", "a=inactive", "\r\na=", "packetization-mode=1", "profile-level-id=", " "),
)
CANDIDATES = (
    "1 1 udp 2122260223 192.168.1.7 54321 typ host generation 0",
    "842163049 1 UDP 1677729535 8.1.2.3 5 typ srflx raddr 0.0.0.0 rport 0",
    "1 1 udp 100 2001:db8::1 5000 typ relay",
    "1 1 udp 100 28f26bae-43d2-4def-bdf4-e3acb5209b31.local 5000 typ host",
)


FRAGMENTS = (
    "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\n"
    f"a=mid:0\r\na=candidate:{CANDIDATES[0]}\r\na=end-of-candidates\r\n",
)


@functools.cache
def browsers_offers() -> tuple[str, ...]:
    return tuple(map(offers.load, OFFERS))


def fragment(text: str) -> None:
    found = parse_fragment(text)
    assert found.is_of("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1") in (True, False)
    assert len(found.candidates) <= MAX_LINES


def answer(sdp: str) -> None:
    offer = parse_offer(sdp)
    chosen = choose_format(offer.h264_formats, None)
    reduced = offer_for_aiortc(offer, chosen)
    assert reduced.isascii()
    assert all(line[1:2] == "=" and line.isprintable() for line in reduced.split("\r\n")[:-1])
    SessionDescription.parse(reduced)
    answer = answer_from_aiortc(reduced, offer, chosen, "42e01f")
    assert answer.count("\r\nm=") == len(offer.sections)


def candidate(text: str) -> None:
    usable = usable_candidate(text)
    assert usable is None or usable_candidate(usable) == usable


# RTCP and datagrams

SSRC = 0x89ABCDEF
PLI = struct.pack("!BBHII", 0x81, 206, 2, 1, SSRC)
FIR = struct.pack("!BBHIIII", 0x84, 206, 4, 1, 0, SSRC, 1 << 24)
NACK = struct.pack("!BBHIIHHHH", 0x81, 205, 4, 1, SSRC, 7, 0xFFFF, 65_535, 1)
SENT_NS = 1_700_000_000 * 10**9
LSR = middle_bits(ntp_time(SENT_NS))
REPORT = struct.pack("!BBHIIIIIII", 0x81, 201, 7, 1, SSRC, 0, 0, 0, LSR, 6)
RTCP = (
    REPORT + PLI + NACK,
    sender_report(SSRC, 1 << 40, 5, 6, 7) + source_description(SSRC, "cat") + goodbye(SSRC),
    REPORT + FIR,
)


def feedback(compound: bytes) -> None:
    """Of a viewer that answers our report a tenth of a second later."""
    told = parse_feedback(compound, SSRC)
    assert len(told.lost) <= MAX_LOST
    reports = SenderReports(SSRC, "cat", itertools.count(0, 10**8).__next__, lambda: SENT_NS)
    reports.compound(access_unit(pictures()[0]))
    if told.report is not None:
        reports.handle_report(told.report.lsr, told.report.dlsr)
    assert 0 < reports.round_trip_s < 5
    congestion = Congestion()
    chosen = congestion.missed(told.lost, reports.round_trip_s, stream_packets_per_s=200)
    assert len(congestion.worth_a_copy(chosen)) <= len(chosen) <= MAX_PER_REQUEST


class Datagram(NamedTuple):
    data: bytes
    is_proved: bool
    """Whether it is made into a STUN request whose sender knows our password."""


ATTRIBUTES = (
    strangers.binding_request(
        1,
        (strangers.USERNAME, b"abcd:efgh"),
        (strangers.PRIORITY, bytes(4)),
        (0x8029, bytes(8)),  # ICE-CONTROLLED
        (0x0025, b""),  # USE-CANDIDATE
    )[20:],
)
DATAGRAMS = st.lists(
    st.builds(Datagram, mutated_bytes(lambda: tuple(strangers.BYTES.values())), st.just(False))
    | st.builds(Datagram, mutated_bytes(lambda: ATTRIBUTES), st.just(True)),
    min_size=1,
    max_size=8,
)


def receive(datagrams: list[Datagram]) -> None:
    faults: list[dict[str, Any]] = []

    async def receive_all() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        transport = dtls_transport()
        guard = private.Guard(transport, Counter[Drop]())
        await transport.transport.iceGatherer.gather()
        connection: Any = transport.transport._connection
        (protocol,) = connection._protocols
        password = connection.local_password.encode()
        for data, is_proved in datagrams:
            sent = strangers.proved(data, password) if is_proved else data
            protocol.datagram_received(sent, ("127.0.0.1", 9))
        await asyncio.sleep(0)
        await transport.transport.stop()
        guard.leave()

    asyncio.run(receive_all())
    assert not faults, faults


# WebSockets

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FRAMES = (
    masked(TEXT, b'{"type": "ping", "t": 1}') + masked(PING, b"?") + masked(CLOSE, b"\x03\xe8bye"),
    masked(TEXT, "猫".encode(), first=0) + masked(PONG) + masked(CONTINUATION, b"\xe7\x8c\xab"),
    masked(BINARY, bytes(200)) + masked(BINARY, bytes(MAX_MESSAGE_SIZE)),
    masked(CLOSE, struct.pack(">H", 4000)),
)
OPCODES = tuple(bytes([first | opcode, 0x80]) for first in (0, 0x80, 0xF0) for opcode in range(11))


def hear(parts: list[bytes]) -> None:
    incoming = Incoming(0.0)
    is_over = False
    for part in parts:
        for heard in incoming.read(part, 0.0):
            assert not is_over
            if isinstance(heard, str | bytes):
                assert len(heard) <= MAX_MESSAGE_SIZE
            elif isinstance(heard, CloseConnection | Refused):
                is_over = True
                close_frame(heard.code, heard.reason or "")
            elif isinstance(heard, Ping):
                pong_frame(bytes(heard.payload))


MESSAGES = tuple(
    json.dumps(message)
    for message in (
        {"type": "ping", "t": 12.5},
        {"type": "candidate", "pc_id": "x", "candidate": {"candidate": CANDIDATES[0]}},
        {"type": "subscribe", "to": "detections"},
        {"type": "unsubscribe", "to": "detections"},
        {"type": "candidate", "pc_id": "x", "candidate": {"candidate": "", "sdpMid": "0"}},
        {"type": "candidate", "to": "detections", "candidate": "x"},
    )
)
JSON_WORDS = (
    *('"', "{", "[", "]", "}", ",", ":", "null", "true", "1e400", "NaN", "-Infinity", "\\ud800"),
    *("type", "ping", "candidate", "subscribe", "detections", "pc_id", "sdpMid", "t", "to"),
)


class Errors(logging.Handler):
    """Collects what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def errors_logged() -> Iterator[list[logging.LogRecord]]:
    handler = Errors()
    logging.getLogger().addHandler(handler)
    try:
        yield handler.records
    finally:
        logging.getLogger().removeHandler(handler)


@contextmanager
def state_socket() -> Iterator[Call]:
    with (
        tempfile.TemporaryDirectory() as folder,
        mounted_app(Path(folder)) as app,
        served(app) as url,
        errors_logged() as errors,
    ):

        def say(texts: list[str]) -> None:
            with WebSocket(f"{url}/api/stream/ws") as page, suppress(ConnectionClosed):
                for text in texts:
                    page.send_text(text)
                page.send({"type": "ping", "t": 77})
                page.receive_until(lambda m: m == {**m, "type": "pong", "t": 77})
            assert not errors, errors[0].getMessage()

        yield say


# A client sends no surrogates; JSON can escape them.
PAGES_TEXT = mutated_text(lambda: MESSAGES, JSON_WORDS)
TARGETS = (
    pure("SDP", mutated_text(browsers_offers, SDP_WORDS), answer, InvalidOffer, NoUsableH264),
    pure("SDP fragments", mutated_text(lambda: FRAGMENTS, SDP_WORDS), fragment, BadCandidate),
    pure("candidates", mutated_text(lambda: CANDIDATES, (" ", ":", ".")), candidate, BadCandidate),
    pure(
        "RTCP", mutated_bytes(lambda: RTCP, (b"\x81", b"\xa1", b"\xcd")), feedback, BitstreamError
    ),
    pure("datagrams", DATAGRAMS, receive, examples=40),
    pure("frames", st.lists(mutated_bytes(lambda: FRAMES, OPCODES), max_size=4), hear),
    Target("WebSocket messages", st.lists(PAGES_TEXT, max_size=5), state_socket, (), examples=30),
)
