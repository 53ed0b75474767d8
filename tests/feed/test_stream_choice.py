"""Which video stream of a source is played."""

from __future__ import annotations

import contextlib
import logging
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pet_stream.errors import SourceError
from pet_stream.feed.feeder import Feeder
from pet_stream.feed.source_picture import SourceOptions, SourcePicture
from pet_stream.feed.sources import Source

from ..footage import encode
from .feeding import feeding
from .media_files import TICKS, jpeg, with_cover, write_audio, write_h264, write_video
from .recording_writer import RecordingWriter


def play(path: Path, video_stream: int | None = None) -> tuple[str, list[SourcePicture]]:
    plans: list[str] = []
    options = SourceOptions(str(path), video_stream=video_stream)
    with contextlib.closing(Source(options)) as source:
        pictures = list(source.pictures(plans.append))
    assert len(plans) == 1
    return plans[0], pictures


def write_streams(
    path: Path, streams: Sequence[tuple[str, tuple[int, int], Sequence[bytes]]]
) -> Path:
    """Mux several video streams, each of its codec and size, at 30 pictures a second."""
    with av.open(str(path), "w") as container:
        made = []
        for codec, (width, height), units in streams:
            stream = container.add_stream(codec, rate=30)
            stream.width, stream.height = width, height
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            stream.time_base = Fraction(1, TICKS)
            made.append((stream, units))
        for index in range(max(len(units) for _, units in made)):
            for stream, units in made:
                if index < len(units):
                    packet = av.Packet(units[index])
                    packet.stream = stream
                    packet.time_base = Fraction(1, TICKS)
                    packet.pts = packet.dts = index * TICKS // 30
                    packet.is_keyframe = index % 14 == 0
                    container.mux(packet)
    return path


def test_a_cover_in_front_of_the_film_is_not_played(tmp_path: Path) -> None:
    path = with_cover(write_h264(tmp_path / "v.mp4", encode(pictures=28)), jpeg())
    with av.open(str(path)) as container:
        assert [s.codec_context.name for s in container.streams.video] == ["mjpeg", "h264"]
    plan, pictures = play(path)
    assert plan == "H.264 is passed through"
    assert len(pictures) == 28


@pytest.mark.parametrize("pictures", [1, 3, 28])
def test_a_film_of_few_pictures_comes_before_its_cover(tmp_path: Path, pictures: int) -> None:
    path = with_cover(write_video(tmp_path / "v.mp4", "mpeg4", pictures=pictures), jpeg(640, 480))
    plan, played = play(path)
    assert plan == "encoding: it is mpeg4"
    assert len(played) == pictures


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_track_of_one_picture_is_not_played(tmp_path: Path, suffix: str) -> None:
    """A cover that is a track like any other."""
    cover = ("mjpeg", (640, 480), [jpeg(640, 480)])
    film = ("libx264", (320, 240), encode(pictures=28))
    plan, pictures = play(write_streams(tmp_path / f"v{suffix}", [cover, film]))
    assert plan == "H.264 is passed through"
    assert len(pictures) == 28


def test_which_of_several_is_played_is_said_and_can_be_chosen(
    writer: RecordingWriter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    streams = [
        ("libx264", (320, 240), encode(pictures=28)),
        ("libx264", (640, 480), encode(640, 480, pictures=28)),
    ]
    path = write_streams(tmp_path / "v.ts", streams)
    _, pictures = play(path)
    width, height = pictures[0].width, pictures[0].height
    played = [size for _, size, _ in streams].index((width, height))
    with caplog.at_level(logging.INFO, "pet_stream"):
        feeder = Feeder(SourceOptions(str(path), fps=120), writer, is_looping=True)
        with feeding(feeder) as wait_until:
            wait_until(lambda: feeder.counts.openings >= 3)
    said = f"video stream {played + 1} of 2 is played, {width}×{height} h264"
    assert caplog.text.count(said) == 1
    for number, (_, size, _) in enumerate(streams, 1):
        _, pictures = play(path, video_stream=number)
        assert {(p.width, p.height) for p in pictures} == {size}
        assert len(pictures) == 28


@pytest.mark.parametrize("number", [0, 2, -1])
def test_a_stream_that_is_not_there_is_said(tmp_path: Path, number: int) -> None:
    path = write_h264(tmp_path / "v.mp4", encode(pictures=14))
    with pytest.raises(SourceError, match=f"has no video stream {number}: it has 1"):
        Source(SourceOptions(str(path), video_stream=number))


def mp3_with_cover(path: Path) -> Path:
    write_audio(path, "libmp3lame")
    content = b"\0image/jpeg\0\3\0" + jpeg()
    frame = b"APIC" + struct.pack(">IH", len(content), 0) + content
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\3\0\0" + size + frame + path.read_bytes())
    return path


@pytest.mark.parametrize("name", ["song.mp3", "song.m4a"])
def test_a_song_has_no_video_but_a_cover(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("mp3"):
        mp3_with_cover(path)
    else:
        with_cover(write_audio(path, "aac"), jpeg())
    with pytest.raises(SourceError, match="has no video: its only picture is a cover"):
        Source(SourceOptions(str(path)))
    plan, pictures = play(path, video_stream=1)
    assert plan == "encoding: it is mjpeg"
    assert len(pictures) == 1


def test_audio_only_is_said(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "v.wav", "pcm_s16le")
    with pytest.raises(SourceError, match="has no video: it has audio only"):
        Source(SourceOptions(str(path)))


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "pictures"),
    [
        ("v.png", "png", "rgb24", 1),
        ("v.png", "png", "rgba", 1),
        ("v.jpg", "mjpeg", "yuvj420p", 1),
        ("v.gif", "gif", "rgb8", 12),
        ("v.gif", "gif", "rgb8", 1),
    ],
)
def test_still_and_animated_pictures_are_films(
    tmp_path: Path, name: str, codec: str, pixel_format: str, pictures: int
) -> None:
    path = write_video(tmp_path / name, codec, fps=10, pictures=pictures, pixel_format=pixel_format)
    plan, played = play(path)
    assert plan == f"encoding: it is {codec}"
    assert len(played) == pictures


def test_pixels_that_are_not_square_are_made_square(tmp_path: Path) -> None:
    """PAL's 720×576 of a film in 4:3 are 768×576."""
    path = write_video(tmp_path / "v.mkv", "mpeg4", size=(720, 576), pictures=3, aspect=(16, 15))
    _, pictures = play(path)
    assert {(p.width, p.height) for p in pictures} == {(768, 576)}
