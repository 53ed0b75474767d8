"""An unusual stream leaves on every way as it came: who begins at its second GOP sees it all."""

from __future__ import annotations

import base64
import functools
import io
import json
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import av
import pytest

from pet_stream.ingest.access_units import AccessUnits
from pet_stream.ingest.camera_stream import Cameras, SlotCopy
from pet_stream.ingest.counts import CameraCounts
from pet_stream.ingest.ring_reader import Picture
from pet_stream.library.cutting import cut, joined
from pet_stream.library.pictures import newest_frame, thumbnail
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.gop_memory import GopMemory
from pet_stream.media.ring import FORMAT_H264, SlotHeader
from pet_stream.media.rtp.packetizer import Packetizer
from pet_stream.recording.containers import FORMATS
from pet_stream.recording.open_file import OpenFile
from pet_stream.websocket.video_messages import HEADER, VideoMessages

from .footage import decode
from .media.depacketizer import Depacketizer
from .media.rtp_packets import parse_packet
from .odd_streams import GOP, ODD_STREAMS, PICTURES, plain

FRAME_NS = 33_333_333
GOP_S = GOP * FRAME_NS / 1e9

STREAMS = pytest.mark.parametrize("stream", ODD_STREAMS)


def seen(frames: Iterable[av.VideoFrame]) -> list[int]:
    """A sum of each picture's pixels."""
    return list(map(_sum_of, frames))


def _sum_of(frame: av.VideoFrame) -> int:
    total = 0
    for plane in frame.planes:
        data, stride = bytes(plane), plane.line_size
        for y in range(plane.height):
            total = zlib.crc32(data[y * stride : y * stride + plane.width], total)
    return total


@functools.cache
def expected() -> list[int]:
    sums = seen(decode(plain()))
    assert len(set(sums)) == PICTURES
    return sums


@functools.cache
def published(stream: str) -> tuple[AccessUnit, ...]:
    """What the camera's thread makes of its slots."""
    cameras, counts = Cameras(), CameraCounts()
    access_units = AccessUnits(counts)
    units: list[AccessUnit] = []
    for number, data in enumerate(ODD_STREAMS[stream](list(plain()))):
        captured_at_ns = len(units) * FRAME_NS
        header = SlotHeader(number, 1, captured_at_ns, 0, 160, 128, FORMAT_H264, len(data))
        coded, _ = cameras.advance(SlotCopy(header, data))
        unit = access_units.make(Picture(header, coded, is_discontinuity=False), captured_at_ns)
        units += [] if unit is None else [unit]
    assert counts.process_errors == 0
    return tuple(units)


def decoded(units: Sequence[AccessUnit]) -> list[int]:
    return seen(decode(unit.to_annex_b() for unit in units))


@STREAMS
def test_every_picture_arrives_and_each_gop_decodes_alone(stream: str) -> None:
    units = published(stream)
    assert decoded(units) == expected()
    for start in range(0, PICTURES, GOP):
        assert units[start].is_idr
        assert decoded(units[start : start + GOP]) == expected()[start : start + GOP]


@STREAMS
def test_only_what_every_carrier_takes_is_in_it(stream: str) -> None:
    """A delimiter first, then parameter sets, each once, then SEI and slices."""
    for unit in published(stream):
        types = [nal_unit[0] & 31 for nal_unit in unit.nal_units]
        assert set(types) <= {1, 5, 6, 7, 8, 9}
        order = {9: 0, 7: 1, 8: 2, 6: 3, 1: 4, 5: 4}
        if not set(types) & {6}:
            assert [order[kind] for kind in types] == sorted(order[kind] for kind in types)
        sets = [n for n in unit.nal_units if n[0] & 31 in (7, 8, 9)]
        assert len(set(sets)) == len(sets)
        if unit.is_idr:
            assert {7, 8} <= set(types)


@STREAMS
def test_a_viewer_by_webrtc_joins_at_the_newest_idr(stream: str) -> None:
    memory = GopMemory()
    for unit in published(stream):
        memory.append(unit)
    packetizer = Packetizer(payload_type=102, ssrc=1, tag_bytes=10, sequence_number=0)
    depacketizer = Depacketizer()
    received = []
    for unit in memory.gop:
        block = packetizer.packetize(unit.nal_units, unit.pts_90k & 0xFFFFFFFF)
        packets = [parse_packet(block.packet(index)) for index in range(len(block.sizes))]
        nal_units = [nal_unit for packet in packets for nal_unit in depacketizer.push(packet)]
        received.append(b"".join(b"\0\0\0\1" + nal_unit for nal_unit in nal_units))
    assert seen(decode(received)) == expected()[-GOP:]


@STREAMS
@pytest.mark.parametrize("first", [0, GOP])
def test_a_viewer_by_websocket_joins_at_an_idr(stream: str, first: int) -> None:
    messages = VideoMessages()
    told, decoder = b"", None
    frames: list[av.VideoFrame] = []
    for unit in published(stream)[first:]:
        message = messages.message(unit, 0)
        assert message is not None
        if message.format_frame != told:
            frames += decoder.decode(None) if decoder is not None else []
            told = message.format_frame
            record = json.loads(told[told.index(b"{") :])["avcc"]
            decoder = av.CodecContext.create("h264", "r")
            decoder.extradata = base64.b64decode(record)
            decoder.options = {"err_detect": "explode"}
            decoder.thread_count = 1
        assert decoder is not None
        frames += decoder.decode(av.Packet(payload_of(message.frame)[HEADER.size :]))
    assert decoder is not None
    assert seen(frames + decoder.decode(None)) == expected()[first:]


def payload_of(frame: bytes) -> bytes:
    """Of a server's WebSocket frame (RFC 6455 section 5.2)."""
    return frame[{126: 4, 127: 10}.get(frame[1], 2) :]


def recorded(
    stream: str, folder: Path, file_format: str, first: int = 0, *, file_s: float = 0
) -> list[Path]:
    """The files of a recording that begins with picture `first`, each of about `file_s`."""
    paths: list[Path] = []
    opened: OpenFile | None = None
    for unit in published(stream)[first:]:
        if opened is None or (unit.is_idr and not opened.takes(unit, file_s)):
            if opened is not None:
                opened.complete(unit.capture_ns)
                opened.publish(paths[-1].name)
            paths.append(folder / f"cat.{len(paths) + 1:03d}.{file_format}")
            part = paths[-1].with_name(paths[-1].name + ".part")
            file = io.FileIO(part, "w+")
            opened = OpenFile(part, file, FORMATS[file_format](file, False))
        opened.write([unit])
    assert opened is not None
    opened.complete()
    opened.publish(paths[-1].name)
    return paths


def played(file: io.IOBase | Path, file_format: str = "mp4", seek_to: int = 0) -> list[int]:
    """What a player shows of a file, from its picture `seek_to` on."""
    with av.open(str(file) if isinstance(file, Path) else file, format=file_format) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        stream.codec_context.thread_count = 1
        if seek_to:
            assert stream.time_base is not None
            ticks = round(seek_to * FRAME_NS / 1e9 / stream.time_base)
            container.seek(ticks + 1, stream=stream)
        return seen(container.decode(stream))


def played_again(file: io.IOBase | Path) -> list[int]:
    """What a player shows of a file that it has shown before."""
    with av.open(str(file) if isinstance(file, Path) else file, format="mp4") as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        stream.codec_context.thread_count = 1
        list(container.decode(stream))
        container.seek(0, stream=stream)
        return seen(container.decode(stream))


@STREAMS
@pytest.mark.parametrize("first", [0, GOP])
def test_a_recording_plays_from_its_beginning(stream: str, first: int, tmp_path: Path) -> None:
    (mp4,) = recorded(stream, tmp_path, "mp4", first)
    assert played(mp4) == expected()[first:]
    (raw,) = recorded(stream, tmp_path, "h264", first)
    assert played(raw, "h264") == expected()[first:]
    for path in (mp4, raw):
        assert thumbnail(path, 160) is not None


@STREAMS
def test_a_recording_plays_from_the_middle(stream: str, tmp_path: Path) -> None:
    (mp4,) = recorded(stream, tmp_path, "mp4")
    for start in range(GOP, PICTURES, GOP):
        assert played(mp4, seek_to=start) == expected()[start:]


@STREAMS
def test_a_player_goes_back_to_the_beginning_of_a_file(stream: str, tmp_path: Path) -> None:
    (mp4,) = recorded(stream, tmp_path, "mp4")
    assert played_again(mp4) == expected()


@STREAMS
@pytest.mark.parametrize("gops", [1, 2])
def test_several_files_play_as_one(stream: str, gops: int, tmp_path: Path) -> None:
    files = recorded(stream, tmp_path, "mp4", file_s=(gops - 0.5) * GOP_S)
    assert len(files) == -(-PICTURES // (gops * GOP))
    with joined(files, 0) as file:
        whole = file.read()
    assert played(io.BytesIO(whole)) == expected()
    assert played_again(io.BytesIO(whole)) == expected()
    for start in range(GOP, PICTURES, GOP):
        assert played(io.BytesIO(whole), seek_to=start) == expected()[start:]


@STREAMS
def test_a_cut_over_the_border_of_two_files_plays(stream: str, tmp_path: Path) -> None:
    files = recorded(stream, tmp_path, "mp4", file_s=1.5 * GOP_S)
    with cut(files, 1.5 * GOP_S, 2.5 * GOP_S, 0) as part:
        assert played(part) == expected()[GOP:]


@STREAMS
def test_a_cut_plays(stream: str, tmp_path: Path) -> None:
    files = recorded(stream, tmp_path, "mp4")
    with cut(files, 1.5 * GOP_S, 1.5 * GOP_S + 0.01, 0) as part:
        assert played(part) == expected()[GOP : 2 * GOP]


@STREAMS
def test_a_snapshot_is_the_newest_picture(stream: str) -> None:
    units = published(stream)
    for end in (GOP + 1, GOP + 4, PICTURES):
        start = (end - 1) // GOP * GOP
        found, expected_ = newest_frame(units[start:end]), newest_frame(normal()[start:end])
        assert found is not None
        assert expected_ is not None
        assert seen([found[0]]) == seen([expected_[0]])


@functools.cache
def normal() -> tuple[AccessUnit, ...]:
    return published("sets with every picture")
