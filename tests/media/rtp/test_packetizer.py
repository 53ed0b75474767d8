"""One table of cases for both directions, and any NAL units in packets of any size."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_stream.errors import BitstreamError
from pet_stream.media.h264 import split_annex_b
from pet_stream.media.rtp.packetizer import (
    MAX_RUN_BYTES,
    MAX_RUN_PACKETS,
    MIN_PACKET_BYTES,
    PacketBlock,
    Packetizer,
    Run,
    block_of,
)
from pet_stream.media.rtp.packets import (
    MAX_PACKET_BYTES,
    STRIDE,
    retransmission,
    serialize_extensions,
)
from tests.footage import encode
from tests.media.depacketizer import Depacketizer
from tests.media.rtp_packets import original, parse_packet

AUD, SEI, SPS, PPS = b"\x09\x10", b"\x06\x05\x01\xaa\x80", b"\x67\x42\xc0\x1f\x95", b"\x68\xce\x3c"
SSRC, PAYLOAD_TYPE, TAG_BYTES = 0x12345678, 102, 10
FULL = STRIDE - TAG_BYTES - 12
"""Payload bytes of the longest packet."""


def filled(header: int, size: int) -> bytes:
    """A NAL unit of `size` bytes."""
    return bytes([header]) + random.Random(size).randbytes(size - 1)


def packetizer(packet_bytes: int = STRIDE, sequence_number: int = 65_530) -> Packetizer:
    return Packetizer(
        payload_type=PAYLOAD_TYPE,
        ssrc=SSRC,
        tag_bytes=TAG_BYTES,
        sequence_number=sequence_number,
        packet_bytes=packet_bytes,
    )


def packets_of(block: PacketBlock) -> list[bytes]:
    return [block.packet(index) for index in range(len(block.sizes))]


def depacketized(packets: list[bytes]) -> list[bytes]:
    depacketizer = Depacketizer()
    return [unit for packet in packets for unit in depacketizer.push(parse_packet(packet))]


TABLE: dict[str, tuple[list[bytes], list[bytes]]] = {
    "one small NAL unit goes as it is": ([b"\x41\x9a\x24"], [b"\x41\x9a\x24"]),
    "one byte": ([b"\x0a"], [b"\x0a"]),
    "small ones together in a STAP-A, the highest importance in front": (
        [AUD, SPS, PPS, b"\x65\x88"],
        [
            b"\x78"
            + b"\x00\x02\x09\x10"
            + b"\x00\x05\x67\x42\xc0\x1f\x95"
            + b"\x00\x03\x68\xce\x3c"
            + b"\x00\x02\x65\x88"
        ],
    ),
    "a NAL unit that just fits": ([filled(0x41, FULL)], [filled(0x41, FULL)]),
    "one byte more makes two fragments": (
        [filled(0x65, FULL + 1)],
        [
            b"\x7c\x85" + filled(0x65, FULL + 1)[1 : FULL - 1],
            b"\x7c\x45" + filled(0x65, FULL + 1)[FULL - 1 :],
        ],
    ),
    "three fragments, all but the last of full length": (
        [filled(0x01, 3 * FULL - 100)],
        [
            b"\x1c\x81" + filled(0x01, 3 * FULL - 100)[1 : FULL - 1],
            b"\x1c\x01" + filled(0x01, 3 * FULL - 100)[FULL - 1 : 2 * FULL - 3],
            b"\x1c\x41" + filled(0x01, 3 * FULL - 100)[2 * FULL - 3 :],
        ],
    ),
    "two that do not fit together": (
        [filled(0x41, FULL - 5), filled(0x41, 40)],
        [filled(0x41, FULL - 5), filled(0x41, 40)],
    ),
    "two that just fit together": (
        [filled(0x41, FULL - 45), filled(0x41, 40)],
        [
            b"\x58"
            + (FULL - 45).to_bytes(2, "big")
            + filled(0x41, FULL - 45)
            + b"\x00\x28"
            + filled(0x41, 40)
        ],
    ),
    "no more together than libwebrtc looks at": (
        [PPS] * 12,
        [b"\x78" + 10 * (b"\x00\x03" + PPS), b"\x78" + 2 * (b"\x00\x03" + PPS)],
    ),
    "parameter sets in front of a large slice": (
        [SPS, PPS, filled(0x65, FULL + 10), SEI],
        [
            b"\x78\x00\x05" + SPS + b"\x00\x03" + PPS,
            b"\x7c\x85" + filled(0x65, FULL + 10)[1 : FULL - 1],
            b"\x7c\x45" + filled(0x65, FULL + 10)[FULL - 1 :],
            SEI,
        ],
    ),
}


@pytest.mark.parametrize(("nal_units", "payloads"), TABLE.values(), ids=TABLE)
def test_packetizes(nal_units: list[bytes], payloads: list[bytes]) -> None:
    block = packetizer().packetize(nal_units, 90_000)
    assert [parse_packet(packet).payload for packet in packets_of(block)] == payloads


@pytest.mark.parametrize(("nal_units", "payloads"), TABLE.values(), ids=TABLE)
def test_depacketizes(nal_units: list[bytes], payloads: list[bytes]) -> None:
    block = packetizer().packetize(nal_units, 90_000)
    packets = [
        packet[:12] + payload for packet, payload in zip(packets_of(block), payloads, strict=True)
    ]
    assert depacketized(packets) == nal_units


any_nal_unit = st.builds(
    lambda header, kind, size, seed: (
        bytes([header << 5 | kind]) + random.Random(seed).randbytes(size)
    ),
    st.integers(0, 7),
    st.integers(1, 23),
    st.one_of(st.integers(0, 40), st.integers(0, 4000)),
    st.integers(0, 9),
)


@given(
    st.lists(any_nal_unit, min_size=1, max_size=12),
    st.integers(MIN_PACKET_BYTES + TAG_BYTES, STRIDE) | st.just(STRIDE),
    st.integers(0, 0xFFFF),
    st.integers(0, 2**40),
)
def test_any_nal_units_come_back_from_packets_of_any_size(
    nal_units: list[bytes], packet_bytes: int, sequence_number: int, timestamp: int
) -> None:
    block = packetizer(packet_bytes, sequence_number).packetize(nal_units, timestamp)
    packets = packets_of(block)
    assert max(map(len, packets)) + TAG_BYTES <= packet_bytes
    parsed = [parse_packet(packet) for packet in packets]
    assert {(p.payload_type, p.ssrc, p.timestamp) for p in parsed} == {
        (PAYLOAD_TYPE, SSRC, timestamp % 2**32)
    }
    assert [p.is_marked for p in parsed] == [False] * (len(parsed) - 1) + [True]
    numbers = [(sequence_number + index) % 2**16 for index in range(len(parsed))]
    assert [p.sequence_number for p in parsed] == numbers
    assert block.payload_bytes == sum(len(p.payload) for p in parsed)
    assert depacketized(packets) == nal_units


@pytest.mark.parametrize("pictures", [{"slices": 4}, {"aud": True}, {"headers": "first"}])
def test_real_pictures_come_back(pictures: dict[str, object]) -> None:
    sender, depacketizer = packetizer(), Depacketizer()
    for number, data in enumerate(encode(640, 480, pictures=16, **pictures)):  # type: ignore[arg-type]
        nal_units = split_annex_b(data)
        packets = packets_of(sender.packetize(nal_units, number * 3000))
        assert [u for p in packets for u in depacketizer.push(parse_packet(p))] == list(nal_units)
    assert depacketizer.lost_count == 0


# How a block is sent


def test_an_idr_of_300_kb_is_seven_runs_of_equal_packets() -> None:
    nal_units = [SPS, PPS, filled(0x65, 300_000)]
    block = packetizer().packetize(nal_units, 0)
    assert depacketized(packets_of(block)) == nal_units
    assert len(block.runs) == 7
    assert block.end == block.runs[-1].end
    for run in block.runs:
        assert run.packet_count <= MAX_RUN_PACKETS
        assert run.end - run.start <= MAX_RUN_BYTES
        assert -(-(run.end - run.start) // STRIDE) == run.packet_count
    assert sum(run.packet_count for run in block.runs) == len(block.sizes)
    assert all(first.end <= second.start for first, second in pairwise(block.runs))


def test_a_usual_picture_is_one_run() -> None:
    block = packetizer().packetize([filled(0x41, 8_800)], 0)
    assert block.runs == (Run(0, block.end, 8),)


def test_what_is_left_of_a_block_begins_at_any_packet() -> None:
    block = packetizer().packetize([SPS, PPS, filled(0x65, 120_000)], 0)
    for index in range(len(block.sizes)):
        start = index * STRIDE
        packets = block.packets_between(start, block.end)
        assert [p.start // STRIDE for p in packets] == list(range(index, len(block.sizes)))
        assert all(
            p.end - p.start == size + TAG_BYTES
            for p, size in zip(packets, block.sizes[index:], strict=True)
        )
        runs = block.runs_between(start, block.end)
        assert runs[0].start == start
        assert runs[-1].end == block.end
        assert sum(run.packet_count for run in runs) == len(packets)
    assert block.runs_between(block.end, block.end) == []
    assert block.packets_between(block.end, block.end) == []


def test_packets_of_one_stream_are_the_next_ones_of_another() -> None:
    extensions = serialize_extensions({5: b"\0\0\0"})
    block = packetizer().packetize([SPS, PPS, filled(0x65, 5000)], 9000, extensions)
    other = packetizer(sequence_number=0xFFFE)
    renumbered = other.renumber(block)
    packets = [parse_packet(packet) for packet in packets_of(renumbered)]
    count = len(block.sizes)
    assert [p.sequence_number for p in packets] == [
        0xFFFE + index & 0xFFFF for index in range(count)
    ]
    assert other.sequence_number == 0xFFFE + count & 0xFFFF
    assert renumbered.sequence_number == 0xFFFE
    same = packetizer(sequence_number=block.sequence_number).renumber(renumbered)
    assert same == block, "nothing else has changed"


# Header extensions


def test_header_extensions_travel_with_the_first_packet_and_keep_the_others_equal() -> None:
    elements = {5: b"\0\0\0", 3: bytes(range(8))}
    extensions = serialize_extensions(elements)
    assert extensions == b"\xbe\xde\x00\x04" + b"\x52\0\0\0" + b"\x37" + bytes(range(8)) + b"\0\0\0"
    nal_units = [filled(0x65, 5000)]
    block = packetizer().packetize(nal_units, 0, extensions)
    parsed = [parse_packet(packet) for packet in packets_of(block)]
    assert [p.extensions for p in parsed] == [elements, *[{}] * (len(parsed) - 1)]
    assert set(block.sizes[:-1]) == {STRIDE - TAG_BYTES}
    assert depacketized(packets_of(block)) == nal_units


def test_no_header_extensions_are_no_bytes() -> None:
    assert serialize_extensions({}) == b""


# Retransmissions


@pytest.mark.parametrize("extensions", [b"", serialize_extensions({1: b"abc"})])
def test_a_retransmission_gives_the_original_back_and_fits(extensions: bytes) -> None:
    block = packetizer().packetize([filled(0x65, 4000)], 77, extensions)
    for packet in packets_of(block):
        again = retransmission(packet, 103, 4711, SSRC + 1)
        parsed = parse_packet(again)
        assert (parsed.payload_type, parsed.sequence_number, parsed.ssrc, parsed.timestamp) == (
            103,
            4711,
            SSRC + 1,
            77,
        )
        assert parsed.is_marked == parse_packet(packet).is_marked
        assert original(again, PAYLOAD_TYPE, SSRC) == packet
        assert len(again) + TAG_BYTES <= MAX_PACKET_BYTES


def test_retransmissions_are_sent_in_runs_too() -> None:
    packets = packets_of(packetizer().packetize([filled(0x65, 4000)], 0))
    again = [retransmission(packet, 103, n, SSRC + 1) for n, packet in enumerate(packets)]
    block = block_of(again, MAX_PACKET_BYTES, TAG_BYTES)
    assert packets_of(block) == again
    assert [run.packet_count for run in block.runs] == [len(packets)]


# Loss and damage


def test_a_nal_unit_with_a_lost_fragment_is_left_out_and_the_loss_counted() -> None:
    nal_units = [filled(0x65, 5000), filled(0x41, 3000)]
    packets = packets_of(packetizer().packetize(nal_units, 0))
    depacketizer = Depacketizer()
    kept = packets[:2] + packets[3:]
    assert [u for p in kept for u in depacketizer.push(parse_packet(p))] == nal_units[1:]
    assert depacketizer.lost_count == 1


HEADER = b"\x80\x66\x00\x01" + bytes(8)
MALFORMED = {
    "shorter than a header": HEADER[:11],
    "another version": b"\x40" + HEADER[1:] + b"\x41",
    "contributing sources that are not there": b"\x82" + HEADER[1:] + b"\x41",
    "an extension that is not there": b"\x90" + HEADER[1:] + b"\xbe",
    "an extension longer than the packet": b"\x90" + HEADER[1:] + b"\xbe\xde\x00\x09\x41",
    "more padding than payload": b"\xa0" + HEADER[1:] + b"\x41\x09",
    "no payload": HEADER,
    "an unknown type": HEADER + b"\x1e\x00",
    "an empty STAP-A": HEADER + b"\x18",
    "a truncated STAP-A": HEADER + b"\x18\x00\x05\x67",
    "an empty fragment": HEADER + b"\x7c\x85",
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_malformed_packets_are_refused(data: bytes) -> None:
    with pytest.raises(BitstreamError):
        Depacketizer().push(parse_packet(data))


@given(st.binary(max_size=60))
def test_whatever_bytes_come_only_that_error_is_raised(data: bytes) -> None:
    try:
        Depacketizer().push(parse_packet(data))
    except BitstreamError:
        pass


@pytest.mark.parametrize("packet_bytes", [MIN_PACKET_BYTES + TAG_BYTES - 1, STRIDE + 1])
def test_impossible_packet_sizes_are_refused(packet_bytes: int) -> None:
    with pytest.raises(ValueError, match="packets of"):
        packetizer(packet_bytes)
