"""Sources played into a ring, in their own time."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from pet_stream.errors import SourceError
from pet_stream.feed.feeder import Feeder
from pet_stream.feed.source_picture import SourceOptions
from pet_stream.ingest.segment import open_segment
from pet_stream.media import ring
from pet_stream.media.access_unit import START_CODE
from pet_stream.media.h264 import NalUnitType, is_idr, nal_unit_type, split_annex_b
from pet_stream.media.ring import SlotHeader

from ..footage import decode, encode
from .feeding import BreakingCamera, feeding
from .media_files import write_h264, write_video
from .recording_writer import RecordingWriter


def test_a_file_is_played_once_in_its_own_time(writer: RecordingWriter, tmp_path: Path) -> None:
    units = encode(pictures=28)
    feeder = Feeder(SourceOptions(str(write_h264(tmp_path / "v.mp4", units))), writer)
    feeder.run(threading.Event())
    headers = [header for _, header, _ in writer.written]
    assert [header.frame_number for header in headers] == list(range(28))
    assert len(decode(data for data, _, _ in writer.written)) == 28
    times_s = [header.captured_at_ns / 1e9 for header in headers]
    assert times_s[-1] - times_s[0] == pytest.approx(27 / 30, abs=0.15)
    assert all(0 <= at_s - header.captured_at_ns / 1e9 < 0.1 for _, header, at_s in writer.written)
    assert feeder.counts.pictures == 28


def test_a_loop_goes_on_with_an_idr_and_rising_numbers(
    writer: RecordingWriter, tmp_path: Path
) -> None:
    path = write_h264(tmp_path / "v.mp4", encode(pictures=14))
    feeder = Feeder(SourceOptions(str(path), fps=120), writer, is_looping=True)
    with feeding(feeder) as wait_until:
        wait_until(lambda: feeder.counts.pictures >= 3 * 14)
    written = writer.written
    assert [header.frame_number for _, header, _ in written] == list(range(len(written)))
    assert all(is_idr(split_annex_b(data)) for data, _, _ in written[::14])
    assert feeder.counts.openings >= 3
    times = [header.captured_at_ns for _, header, _ in written]
    assert times == sorted(set(times))


def test_the_ring_holds_what_was_played_last(writer: RecordingWriter, tmp_path: Path) -> None:
    path = write_h264(tmp_path / "v.mp4", encode(pictures=14))
    Feeder(SourceOptions(str(path), fps=120), writer).run(threading.Event())
    segment = open_segment(writer.name, ring.RING_LAYOUTS)
    try:
        header = SlotHeader.parse(
            segment.read(ring.FIRST_LAYOUT.slot_offset(13), ring.SLOT_HEADER.size)
        )
        data = segment.read(
            ring.FIRST_LAYOUT.slot_offset(13) + ring.SLOT_HEADER.size, header.data_size
        )
        assert (data, header) == writer.written[13][:2]
    finally:
        segment.close()


def test_a_picture_too_large_takes_those_that_need_it_along(
    writer: RecordingWriter, tmp_path: Path
) -> None:
    units = encode(pictures=42)
    limit = max(map(len, units)) - 1  # the largest is an IDR
    writer.max_picture_bytes = limit
    fitting = [i for i in (0, 14, 28) if len(units[i]) <= limit]
    feeder = Feeder(
        SourceOptions(str(write_h264(tmp_path / "v.ts", units)), fps=120),
        writer,
    )
    feeder.run(threading.Event())
    counts = feeder.counts
    assert counts.too_large == 3 - len(fitting)
    assert counts.too_large > 0
    assert counts.pictures == 14 * len(fitting)
    assert counts.skipped == 13 * counts.too_large


@pytest.mark.parametrize("is_looping", [False, True])
def test_what_is_done_with_a_file_is_said_once(
    writer: RecordingWriter, tmp_path: Path, caplog: pytest.LogCaptureFixture, is_looping: bool
) -> None:
    """Also if a part of it has to be encoded: that is said at its first round."""
    units = [*encode(pictures=28), *encode(pictures=28, profile="main", bframes=2)]
    path = write_h264(tmp_path / "v.h264", units)
    options = SourceOptions(str(path), fps=120, look_s=0.1)
    feeder = Feeder(options, writer, is_looping=is_looping)
    with caplog.at_level(logging.INFO, "pet_stream"):
        if is_looping:
            with feeding(feeder) as wait_until:
                wait_until(lambda: feeder.counts.openings >= 4)
        else:
            feeder.run(threading.Event())
            assert 28 + 6 <= len(writer.written) <= 28 + 10  # encoded: 30 of 120 a second
    assert caplog.text.count("H.264 is passed through") == 1
    assert caplog.text.count("encoding from here on: it has B pictures") == 1


def test_a_single_picture_in_a_loop_is_no_flood(writer: RecordingWriter, tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.png", "png", pictures=1, pixel_format="rgb24")
    feeder = Feeder(SourceOptions(str(path)), writer, is_looping=True)
    with feeding(feeder) as wait_until:
        wait_until(lambda: feeder.counts.pictures == 2)
    first, second = (header.captured_at_ns / 1e9 for _, header, _ in writer.written)
    assert second - first >= 1


def test_a_file_that_is_missing_ends_it(writer: RecordingWriter, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="can't be opened"):
        Feeder(SourceOptions(str(tmp_path / "nothing")), writer).run(threading.Event())


@pytest.mark.parametrize("is_looping", [False, True])
def test_a_file_without_pictures_is_an_error(
    writer: RecordingWriter, tmp_path: Path, is_looping: bool
) -> None:
    headless = encode(pictures=28, headers="none")
    path = write_h264(tmp_path / "v.h264", headless)
    with pytest.raises(SourceError):
        Feeder(SourceOptions(str(path)), writer, is_looping=is_looping).run(threading.Event())


def test_a_short_file_without_an_idr_is_encoded(
    writer: RecordingWriter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Intra refresh: parts of the picture are renewed one after the other, none is an IDR."""
    units = encode(pictures=56, gop=14, x264=("intra-refresh=1",))
    head = [n for n in split_annex_b(units[0]) if nal_unit_type(n) != NalUnitType.IDR_SLICE]
    path = tmp_path / "v.h264"
    path.write_bytes(b"".join([*(START_CODE + n for n in head), *units[1:]]))
    with caplog.at_level(logging.INFO, "pet_stream"):
        Feeder(SourceOptions(str(path), fps=120), writer).run(threading.Event())
    assert "encoding: it has no IDR" in caplog.text
    assert writer.written


def test_a_live_source_that_breaks_off_is_opened_again(
    writer: RecordingWriter,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    camera = BreakingCamera(write_h264(tmp_path / "v.ts", encode(pictures=84)).read_bytes())
    camera.start()
    try:
        options = SourceOptions(f"tcp://127.0.0.1:{camera.port}")
        feeder = Feeder(options, writer, first_retry_s=0.05)
        with feeding(feeder) as wait_until:
            wait_until(lambda: feeder.counts.openings >= 3)
    finally:
        camera.close()
    assert camera.connections >= 3
    assert feeder.counts.pictures > 0
    assert "opening it again" in caplog.text


def test_a_live_source_that_is_not_there_is_waited_for(
    writer: RecordingWriter,
    free_port: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With longer and longer pauses."""
    options = SourceOptions(f"tcp://127.0.0.1:{free_port}")
    feeder = Feeder(options, writer, first_retry_s=0.01, max_retry_s=0.04)
    with feeding(feeder) as wait_until:
        wait_until(lambda: caplog.text.count("trying again in 0.04 s") >= 2)
    assert "trying again in 0.01 s" in caplog.text
    assert "trying again in 0.02 s" in caplog.text
