from __future__ import annotations

import io

import av
import pytest

from pet_stream.errors import BitstreamError
from pet_stream.media.h264 import split_annex_b
from pet_stream.media.h264.avcc import DecoderConfiguration, length_prefixed, split_length_prefixed
from tests.footage import encode

NAL_UNITS = {
    "none": (),
    "one": (b"\x65abc",),
    "several": (b"\x09\xf0", b"\x65" + bytes(300), b"\x41"),
}


@pytest.mark.parametrize("nal_units", NAL_UNITS.values(), ids=NAL_UNITS)
def test_length_prefixed_there_and_back(nal_units: tuple[bytes, ...]) -> None:
    assert split_length_prefixed(length_prefixed(nal_units)) == nal_units


@pytest.mark.parametrize("data", [b"\x00\x00", b"\x00\x00\x00\x02\x65", b"\xff\xff\xff\xff"])
def test_truncated_lengths_are_an_error(data: bytes) -> None:
    with pytest.raises(BitstreamError):
        split_length_prefixed(data)


@pytest.mark.parametrize("profile", ["baseline", "main", "high", "high10", "high422", "high444"])
def test_record_is_the_one_that_ffmpeg_writes(profile: str) -> None:
    pixel_format = {"high10": "yuv420p10le", "high422": "yuv422p", "high444": "yuv444p"}
    units = encode(pictures=2, profile=profile, pixel_format=pixel_format.get(profile, "yuv420p"))
    nal_units = split_annex_b(units[0])
    configuration = DecoderConfiguration.of((*nal_units, *nal_units))
    record = configuration.serialize()
    assert configuration.codec == f"avc1.{record[1:4].hex()}"
    assert DecoderConfiguration.parse(record) == configuration

    file = io.BytesIO()
    with (
        av.open(io.BytesIO(b"".join(units)), format="h264") as source,
        av.open(file, "w", format="mp4") as container,
    ):
        stream = container.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            packet.stream, packet.pts, packet.dts = stream, number, number
            container.mux(packet)
    with av.open(io.BytesIO(file.getvalue())) as container:
        expected = container.streams.video[0].codec_context.extradata
    assert expected is not None
    assert record == expected


@pytest.mark.parametrize("profile", ["baseline", "high"])
def test_record_and_samples_decode(profile: str) -> None:
    units = [split_annex_b(unit) for unit in encode(pictures=15, profile=profile)]
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = DecoderConfiguration.of(units[0]).serialize()
    decoder.thread_count = 1
    frames = []
    for unit in units:
        slices = [nal_unit for nal_unit in unit if nal_unit[0] & 0x1F not in (7, 8)]
        frames += decoder.decode(av.Packet(length_prefixed(slices)))
    assert len(frames + decoder.decode(None)) == 15


@pytest.mark.parametrize(
    "nal_units", [(), (b"\x68\xce",), (b"\x67\x42\xc0\x1f",), (b"\x67", b"\x68")]
)
def test_without_both_parameter_sets_there_is_no_configuration(
    nal_units: tuple[bytes, ...],
) -> None:
    with pytest.raises(BitstreamError):
        DecoderConfiguration.of(nal_units)


def test_record_that_is_cut_off_is_an_error() -> None:
    record = DecoderConfiguration((b"\x67\x42\xc0\x1f",), (b"\x68\xce",)).serialize()
    for size in range(len(record)):
        with pytest.raises(BitstreamError):
            DecoderConfiguration.parse(record[:size])


def test_malformed_sps_is_an_error() -> None:
    with pytest.raises(BitstreamError):
        DecoderConfiguration((b"\x67\x64\x00\x1f",), (b"\x68\xce",)).serialize()
