"""Files and cameras whose time stamps jump, end to end."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import av
import pytest

from pet_stream.feed.container import VideoPacket
from pet_stream.feed.feeder import Feeder
from pet_stream.feed.h264_pictures import H264Pictures
from pet_stream.feed.source_picture import SourceOptions, SourcePicture
from pet_stream.feed.sources import Source
from pet_stream.media.access_unit import START_CODE

from ..footage import decode, encode
from .feeding import BreakingCamera, feeding
from .media_files import TICKS, write_h264, write_video
from .recording_writer import RecordingWriter
from .test_sources import slices

INTERVAL = TICKS // 30
HOUR = 3600 * TICKS


def play(path: Path, **options: object) -> tuple[list[str], list[SourcePicture]]:
    plans: list[str] = []
    source_options = SourceOptions(str(path), **options)  # type: ignore[arg-type]
    with contextlib.closing(Source(source_options)) as source:
        return plans, list(source.pictures(plans.append))


def jumping_at(index: int, by: int, pictures: int = 84) -> list[int]:
    return [i * INTERVAL + (by if i >= index else 0) for i in range(pictures)]


def concatenated_ts(folder: Path) -> Path:
    """Broken off in the middle of a GOP, and begun anew with its stamps: a jump back to the
    beginning."""
    whole = write_h264(folder / "whole.ts", encode(pictures=84)).read_bytes()
    cut = write_h264(folder / "cut.ts", encode(pictures=84)[:20]).read_bytes()
    path = folder / "v.ts"
    path.write_bytes(cut + whole + cut)
    return path


def concatenated_flv(folder: Path) -> Path:
    whole = write_h264(folder / "whole.flv", encode(pictures=84)).read_bytes()
    path = folder / "v.flv"
    path.write_bytes(whole + whole[13:])  # header and length of no tag before the first
    return path


def jumping(suffix: str, index: int, by: int) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        stamps = jumping_at(index, by)
        return write_h264(folder / f"v{suffix}", encode(pictures=84), stamps=stamps)

    return write


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(concatenated_ts, id="concatenated-ts"),
        pytest.param(concatenated_flv, id="concatenated-flv"),
        *(
            pytest.param(jumping(suffix, index, by), id=f"{by // TICKS}s-at-{index}{suffix}")
            for suffix in (".ts", ".mkv", ".flv", ".mp4")
            for index, by in ((7, HOUR), (40, HOUR), (40, 7 * TICKS))
        ),
        pytest.param(jumping(".ts", 40, (1 << 33) - HOUR), id="wrap.ts"),
    ],
)
@pytest.mark.parametrize("must_encode", [False, True])
def test_a_jump_is_no_pause_and_no_reason_to_encode(
    tmp_path: Path, write: Callable[[Path], Path], must_encode: bool
) -> None:
    plans, pictures = play(write(tmp_path), must_encode=must_encode)
    assert plans == ["encoding" if must_encode else "H.264 is passed through"]
    assert len(pictures) >= 84
    assert_even(pictures)


def assert_even(pictures: Sequence[SourcePicture]) -> None:
    gaps = [b.time_s - a.time_s for a, b in itertools.pairwise(pictures)]
    assert min(gaps) > 0
    assert max(gaps) <= 2.1 / 30
    duration_s = pictures[-1].time_s - pictures[0].time_s
    assert duration_s == pytest.approx((len(pictures) - 1) / 30, rel=0.05)


@pytest.mark.parametrize("pause_s", [1.0, 2.5, 4.5])
def test_a_pause_is_kept_and_makes_no_gop_long(tmp_path: Path, pause_s: float) -> None:
    stamps = jumping_at(40, int(pause_s * TICKS))
    plans, pictures = play(write_h264(tmp_path / "v.ts", encode(pictures=84), stamps=stamps))
    assert plans == ["H.264 is passed through"]
    assert pictures[40].time_s - pictures[39].time_s == pytest.approx(pause_s + 1 / 30, abs=0.01)


def test_b_pictures_are_encoded_evenly(tmp_path: Path) -> None:
    """Over a jump, where their stamps of showing and of decoding differ."""
    options = {"x264-params": "bframes=2:b-adapt=0:keyint=30"}
    path = write_video(tmp_path / "part.ts", "libx264", options=options)
    path.write_bytes(path.read_bytes() * 2)
    plans, pictures = play(path)
    assert plans == ["encoding: it has B pictures"]
    assert len(pictures) == 90
    assert_even(pictures)


def test_mpeg4_is_encoded_evenly_over_a_jump(tmp_path: Path) -> None:
    path = write_video(tmp_path / "part.ts", "mpeg2video")
    path.write_bytes(path.read_bytes() * 2)
    plans, pictures = play(path)
    assert plans == ["encoding: it is mpeg2video"]
    assert len(pictures) >= 89
    assert_even(pictures)


@pytest.mark.parametrize("by", [HOUR, 6 * TICKS])
def test_a_file_is_played_in_real_time_over_a_jump(
    writer: RecordingWriter, tmp_path: Path, by: int
) -> None:
    """No burst, no standstill."""
    stamps = jumping_at(20, by, pictures=42)
    path = write_h264(tmp_path / "v.ts", encode(pictures=42), stamps=stamps)
    feeder = Feeder(SourceOptions(str(path)), writer)
    with feeding(feeder) as wait_until:
        wait_until(lambda: feeder.counts.pictures == 42)
    times_s = [header.captured_at_ns / 1e9 for _, header, _ in writer.written]
    assert len(times_s) == 42
    assert times_s[-1] - times_s[0] == pytest.approx(41 / 30, abs=0.5)
    assert times_s[30] - times_s[10] == pytest.approx(20 / 30, abs=0.3)


def test_a_live_source_is_passed_through_over_jumps(
    writer: RecordingWriter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "pet_stream")
    camera = BreakingCamera(concatenated_ts(tmp_path).read_bytes())
    camera.start()
    try:
        options = SourceOptions(f"tcp://127.0.0.1:{camera.port}")
        feeder = Feeder(options, writer, first_retry_s=0.05)
        with feeding(feeder) as wait_until:
            wait_until(lambda: feeder.counts.openings >= 3)
    finally:
        camera.close()
    assert "H.264 is passed through" in caplog.text
    assert "encoding" not in caplog.text


def long_gop(pictures: int) -> list[bytes]:
    return encode(pictures=pictures, gop=pictures)


def test_a_decision_is_reviewed_while_it_goes_on(tmp_path: Path) -> None:
    """Each picture is shown once, and nothing is decoded without its IDR."""
    units = [*encode(pictures=42), *long_gop(90), *encode(pictures=84)]
    path = write_h264(tmp_path / "v.ts", units)
    plans, pictures = play(path, look_s=0.5, review_s=1.0)
    assert plans == [
        "H.264 is passed through",
        "encoding from here on: more than 2 s between its key frames",
        "H.264 is passed through again",
    ]
    assert len(pictures) == len(units)
    assert len(decode(picture.data for picture in pictures)) == len(units)
    assert_even(pictures)
    given = [slices(picture.data) for picture in pictures]
    assert given[:42] == [slices(unit) for unit in units[:42]]
    assert given[-42:] == [slices(unit) for unit in units[-42:]]


def test_parameter_sets_that_came_once_are_known_to_the_decoder(tmp_path: Path) -> None:
    units = [
        *encode(pictures=28),
        *encode(400, 304, pictures=42, headers="first"),
        *encode(400, 304, pictures=80, gop=80, headers="none"),
    ]
    path = tmp_path / "v.h264"
    path.write_bytes(b"".join(units))
    plans, pictures = play(path, look_s=0.5)
    assert plans[1:] == ["encoding from here on: more than 2 s between its key frames"]
    assert len(pictures) == len(units)
    assert {(p.width, p.height) for p in pictures[28:]} == {(400, 304)}
    assert len(decode(picture.data for picture in pictures)) == len(units)


def test_a_stream_whose_idr_is_damaged_and_followed_by_none_is_encoded(tmp_path: Path) -> None:
    units = encode(pictures=28)
    damaged = START_CODE + b"\x65\x80"
    path = tmp_path / "v.h264"
    path.write_bytes(b"".join([*units, damaged, *units[1:14] * 50]))
    plans, _ = play(path, look_s=0.5)
    assert plans[:2] == [
        "H.264 is passed through",
        "encoding from here on: it has no IDR any more",
    ]


def test_a_source_that_is_much_without_an_idr_is_not_kept_whole(tmp_path: Path) -> None:
    """34 MB, of which less is held."""
    plans: list[tuple[str, int]] = []
    headless = encode(pictures=2)[1] + bytes(1 << 20)
    path = tmp_path / "v.h264"
    path.write_bytes(encode(pictures=2)[1] + headless * 34)
    taken = 0

    def packets(source: Iterator[VideoPacket]) -> Iterator[VideoPacket]:
        nonlocal taken
        for packet in source:
            taken += packet.size
            yield packet

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        demuxed = (packet for packet in container.demux(stream) if packet.size)
        pictures = H264Pictures(
            stream,
            packets(demuxed),
            SourceOptions(str(path)),
            lambda plan: plans.append((plan, taken)),
            rate_fps=30,
            is_live=False,
        )
        list(pictures.pictures())
    assert plans[0][0] == "encoding: it has no IDR"
    assert plans[0][1] < 34 << 20


def test_a_review_takes_longer_each_time(tmp_path: Path) -> None:
    with_b = encode(pictures=14, profile="main", bframes=2)
    units = [*encode(pictures=28), *with_b, *encode(pictures=70), *with_b, *encode(pictures=70)]
    path = write_h264(tmp_path / "v.h264", units)
    plans, _ = play(path, look_s=0.2, review_s=1.5)
    assert plans == [
        "H.264 is passed through",
        "encoding from here on: it has B pictures",
        "H.264 is passed through again",
        "encoding from here on: it has B pictures",
    ]


@pytest.mark.parametrize("must_encode", [False, True])
def test_the_last_picture_is_encoded_too(tmp_path: Path, must_encode: bool) -> None:
    path = write_h264(tmp_path / "v.mp4", long_gop(75))
    plans, pictures = play(path, must_encode=must_encode, review_s=0.0)
    assert plans[0].startswith("encoding")
    assert len(pictures) == 75


def test_reconnecting_begins_anew(
    writer: RecordingWriter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What was encoded may be passed through when the camera is there again."""
    caplog.set_level("INFO", "pet_stream")
    path = write_h264(tmp_path / "v.ts", [*encode(pictures=42), *long_gop(84)])
    camera = BreakingCamera(path.read_bytes())
    camera.start()
    try:
        options = SourceOptions(f"tcp://127.0.0.1:{camera.port}", look_s=0.5)
        feeder = Feeder(options, writer, first_retry_s=0.05)
        with feeding(feeder) as wait_until:
            wait_until(lambda: caplog.text.count("H.264 is passed through") >= 2)
    finally:
        camera.close()
    assert "encoding from here on: more than 2 s between its key frames" in caplog.text


def test_a_camera_that_breaks_off_before_an_idr_is_no_reason_to_encode(
    writer: RecordingWriter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "pet_stream")
    path = write_h264(tmp_path / "v.ts", encode(pictures=28)[1:14])
    camera = BreakingCamera(path.read_bytes())
    camera.start()
    try:
        options = SourceOptions(f"tcp://127.0.0.1:{camera.port}")
        feeder = Feeder(options, writer, first_retry_s=0.05)
        with feeding(feeder) as wait_until:
            wait_until(lambda: feeder.counts.openings >= 2)
    finally:
        camera.close()
    assert "encoding" not in caplog.text
    assert not writer.written
