"""The C writer does what it says: the tests of the reader rest on it."""

from __future__ import annotations

import os
import signal
import time
from itertools import pairwise
from pathlib import Path

import av
import pytest
import sysv_ipc

from pet_stream.media import ring
from pet_stream.media.h264 import (
    NalUnitType,
    ParameterSets,
    SliceHeader,
    nal_unit_type,
    parse_slice_header,
    parse_sps,
    split_annex_b,
)
from pet_stream.media.ring import SlotHeader
from tests.footage import encode, write_source
from tests.waiting import TIMEOUT_S, wait_until

from .camera import Camera, CameraError, Log, PictureRow, parse_payload

PAUSE_MS = 600


class Slots:
    """Reads a POSIX segment while the writer writes it."""

    def __init__(self, segment: str) -> None:
        self._path = Path("/dev/shm") / segment.lstrip("/")

    def __enter__(self) -> Slots:
        self._descriptor = os.open(self._path, os.O_RDONLY)
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._descriptor)

    @property
    def index(self) -> int:
        return int.from_bytes(os.pread(self._descriptor, 4, 0), "little")

    @property
    def inode(self) -> int:
        return os.fstat(self._descriptor).st_ino

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def header(self, write: int) -> SlotHeader:
        data = os.pread(
            self._descriptor, ring.SLOT_HEADER.size, ring.FIRST_LAYOUT.slot_offset(write)
        )
        return SlotHeader.parse(data)

    def data(self, write: int, size: int | None = None) -> bytes:
        offset = ring.FIRST_LAYOUT.slot_offset(write) + ring.SLOT_HEADER.size
        size = self.header(write).data_size if size is None else size
        return os.pread(self._descriptor, size, offset)


def write(camera: Camera, segment: str, count: int) -> list[tuple[SlotHeader, bytes]]:
    """Have `count` pictures written and read them; at most 30."""
    with Slots(segment) as slots:
        first = slots.index
        camera.command(f"write {count}")
        return [(slots.header(w), slots.data(w)) for w in range(first, first + count)]


def slice_headers(access_units: list[bytes]) -> list[SliceHeader]:
    """The first slice header of each, with the parameter sets met so far."""
    sets = ParameterSets()
    headers = []
    for access_unit in access_units:
        nal_units = split_annex_b(access_unit)
        sets = sets.including(nal_units)
        first_slice = next(n for n in nal_units if nal_unit_type(n) in (1, 5))
        headers.append(parse_slice_header(first_slice, sets))
    return headers


class TestSlot:
    def test_carries_the_picture_that_the_log_names(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True) as camera:
            slots = write(camera, segment_name, 30)
            rows = camera.log().pictures
        assert [row.write for row in rows] == list(range(30))
        for (header, data), row in zip(slots, rows, strict=True):
            stamp = parse_payload(data)
            assert stamp is not None
            assert stamp.crc_ok
            assert (stamp.camera_id, stamp.number) == (row.camera_id, row.number)
            assert (stamp.capture_ns, stamp.camera_id, stamp.frame_number) == header.identity
            assert header.identity == row.identity
            assert header.data_size == row.size == len(data)
            assert (header.width, header.height, header.format) == (1280, 720, ring.FORMAT_H264)

    def test_keeps_the_rest_of_a_longer_picture_behind_a_shorter_one(
        self, segment_name: str
    ) -> None:
        with Camera(segment_name, hold=True, gop=100) as camera:
            (_, longer), (header, shorter), *_ = write(camera, segment_name, 2)
            with Slots(segment_name) as slots:
                residue = slots.data(1, len(longer))[header.data_size :]
        assert len(shorter) < len(longer)
        assert residue == longer[len(shorter) :]

    def test_order_jumps_where_the_index_wraps(self, segment_name: str) -> None:
        first = ring.WRITE_INDEX_MODULUS - 5
        with Camera(segment_name, hold=True, start_index=first) as camera:
            camera.command("write 10")
            with Slots(segment_name) as slots:
                assert slots.index == 5
                rows = camera.log().pictures
                assert [row.write for row in rows] == [*range(first, first + 5), *range(5)]
                assert all(slots.header(row.write).identity == row.identity for row in rows)

    @pytest.mark.parametrize("fps", [30, 300])
    def test_is_written_at_the_camera_rate(self, segment_name: str, fps: int) -> None:
        with Camera(segment_name, fps=fps, count=fps // 2, encode_delay_ms=5) as camera:
            camera.wait_until_done(TIMEOUT_S)
            rows = camera.log().pictures
        steps = [later.capture_ns - earlier.capture_ns for earlier, later in pairwise(rows)]
        assert sorted(steps)[len(steps) // 2] == int(1e9 / fps)
        assert all(row.index_ns - row.capture_ns >= 5_000_000 for row in rows)
        assert all(row.end_ns > row.index_ns for row in rows)

    def test_can_carry_capture_times_of_the_wall_clock(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True, clock="realtime", encode_delay_ms=8) as camera:
            [(header, data)] = write(camera, segment_name, 1)
        assert 0 < time.time_ns() - header.captured_at_ns < TIMEOUT_S * 1e9
        stamp = parse_payload(data)
        assert stamp is not None
        assert stamp.capture_ns == header.captured_at_ns

    def test_holds_another_format_in_between(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True, other_formats_every=4) as camera:
            slots = write(camera, segment_name, 16)
        assert [header.format for header, _ in slots] == [3, 3, 3, 0, 3, 3, 3, 1] * 2
        assert [header.frame_number for header, _ in slots] == list(range(16))
        pictures = [data for header, data in slots if header.format == ring.FORMAT_H264]
        stamps = [parse_payload(data) for data in pictures]
        assert [stamp.number for stamp in stamps if stamp] == list(range(12))


class TestCopy:
    """What a reader finds in a slot that is just being written."""

    @pytest.mark.parametrize(
        ("copy", "pause_at", "has_header", "has_first_half", "has_second_half"),
        [
            ("memcpy", "0", False, False, False),
            ("forward", "data", True, True, False),
            ("backward", "data", False, False, True),
            ("backward", "header", False, True, True),
        ],
    )
    def test_raises_the_index_first(
        self,
        segment_name: str,
        copy: str,
        pause_at: str,
        has_header: bool,
        has_first_half: bool,
        has_second_half: bool,
    ) -> None:
        with (
            Camera(
                segment_name, count=1, copy=copy, pause_at=pause_at, pause_ms=PAUSE_MS
            ) as camera,
            Slots(segment_name) as slots,
        ):
            wait_until(lambda: slots.index == 1)
            begun_ns = time.monotonic_ns()
            time.sleep(PAUSE_MS / 4000)  # the copy up to the pause takes far less
            header, early = slots.header(0), slots.data(0, 2_000_000)
            assert time.monotonic_ns() - begun_ns < PAUSE_MS * 1e6, "too slow to look in time"
            camera.wait_until_done(TIMEOUT_S)
            data = slots.data(0)
            # The header ends with data_size; "header" pauses in the middle of it.
            assert (header.data_size == len(data)) == (has_header or pause_at == "header")
            half = len(data) // 2
            assert (early[: half - 64] == data[: half - 64]) == has_first_half
            assert (early[half + 64 : len(data)] == data[half + 64 :]) == has_second_half
            assert (header.frame_number, header.capture_s > 0) == (0, has_header)

    def test_pauses_only_in_every_nth(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True, pause_ms=20, pause_every=3) as camera:
            camera.command("write 9")
            rows = camera.log().pictures
        paused = [row.number for row in rows if row.end_ns - row.index_ns >= 20_000_000]
        assert set(paused) >= {2, 5, 8}
        assert len(paused) < 9


class TestPictures:
    def test_are_h264_with_frame_num_counted_modulo_its_length(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True, gop=20) as camera:
            slots = write(camera, segment_name, 25)
            rows = camera.log().pictures
        headers = slice_headers([data for _, data in slots])
        assert [header.frame_num for header in headers] == [*range(16), 0, 1, 2, 3, *range(5)]
        assert [header.frame_num for header in headers] == [row.frame_num for row in rows]
        assert [header.is_idr for header in headers] == [n % 20 == 0 for n in range(25)]
        assert headers[0].idr_pic_id != headers[20].idr_pic_id
        assert all(header.is_reference for header in headers)

    def test_of_day_and_night_have_their_own_parameter_sets(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True, height=1080, width=1920, gop=2) as camera:
            [(_, day)] = write(camera, segment_name, 1)
            camera.command("camera 1")
            _, (_, night) = write(camera, segment_name, 2)
        day_sps, night_sps = (parse_sps(first_of(unit, NalUnitType.SPS)) for unit in (day, night))
        assert (day_sps.profile_idc, day_sps.log2_max_frame_num) == (66, 4)
        assert (night_sps.profile_idc, night_sps.log2_max_frame_num) == (77, 5)
        assert {(sps.width, sps.height) for sps in (day_sps, night_sps)} == {(1920, 1080)}

    @pytest.mark.parametrize(("headers_every", "expected"), [(1, 5), (2, 3), (0, 1)])
    def test_have_parameter_sets_as_often_as_asked(
        self, segment_name: str, headers_every: int, expected: int
    ) -> None:
        with Camera(segment_name, hold=True, gop=4, headers_every=headers_every) as camera:
            slots = write(camera, segment_name, 20)
        with_sps = [
            data
            for _, data in slots
            if any(nal_unit_type(n) == NalUnitType.SPS for n in split_annex_b(data))
        ]
        assert len(with_sps) == expected

    def test_have_start_codes_of_both_lengths(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True, slices=3) as camera:
            slots = write(camera, segment_name, 10)
        data = b"".join(data for _, data in slots)
        long = data.count(b"\0\0\0\1")
        assert 0 < long < data.count(b"\0\0\1")
        assert all(len(split_annex_b(data)) in (4, 6) for _, data in slots)

    def test_have_sizes_between_the_limits(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True, size_min=1000, size_max=9000) as camera:
            slots = write(camera, segment_name, 30)
        sizes = [header.data_size for header, _ in slots]
        assert min(sizes) >= 1000
        assert max(sizes) <= 9000 + 500
        assert len(set(sizes)) > 10

    def test_can_be_real_footage_looped(self, segment_name: str, tmp_path: Path) -> None:
        source = tmp_path / "footage"
        write_source(source, encode(gop=5, pictures=10))
        with Camera(segment_name, hold=True, source=source, width=320, height=240) as camera:
            slots = write(camera, segment_name, 25)
        decoder = av.CodecContext.create("h264", "r")
        decoded = [f for _, data in slots for f in decoder.decode(av.Packet(data))]
        decoded += decoder.decode(None)
        assert len(decoded) == 25
        stamps = [parse_payload(data) for _, data in slots]
        assert [(stamp.number, stamp.crc_ok) for stamp in stamps if stamp] == [
            (number, True) for number in range(25)
        ]


class TestStamp:
    def test_does_not_pass_a_mixture_of_two_pictures(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True, size_min=3000, size_max=3000, gop=100) as camera:
            (_, first), (_, second), (_, third) = write(camera, segment_name, 3)
        for cut in range(1, len(second), 7):
            for older, newer in ((first, second), (second, third)):
                for mixture in (newer[:cut] + older[cut : len(newer)], older[:cut] + newer[cut:]):
                    if mixture not in (older, newer):
                        stamp = parse_payload(mixture)
                        assert stamp is None or not stamp.crc_ok, cut

    def test_passes_nal_units_without_or_with_added_parameter_sets(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True, gop=2, headers_every=0, slices=2) as camera:
            units = [split_annex_b(data) for _, data in write(camera, segment_name, 3)]
        sps, pps = units[0][:2]
        bare_idr = parse_payload(units[2])
        assert bare_idr == parse_payload((sps, pps, *units[2]))
        assert bare_idr is not None
        assert bare_idr.crc_ok
        wrong = parse_payload((sps, pps[:-1] + b"\x01", *units[2]))
        assert wrong is not None
        assert not wrong.crc_ok
        assert parse_payload((*units[0], *units[2])) is None


class TestCommands:
    def test_stall_leaves_a_hole_in_the_capture_times(self, segment_name: str) -> None:
        with Camera(segment_name, fps=100, count=20, hold=True) as camera:
            camera.command("write 1")
            camera.command("stall 300")
            camera.command("start")
            camera.wait_until_done(TIMEOUT_S)
            rows = camera.log().pictures
        assert rows[1].capture_ns - rows[0].capture_ns >= 300_000_000
        assert [row.number for row in rows] == list(range(20))

    def test_restart_by_unlink_makes_another_segment_of_the_same_name(
        self, segment_name: str
    ) -> None:
        with Camera(segment_name, hold=True) as camera:
            camera.command("write 5")
            with Slots(segment_name) as old:
                camera.command("restart-unlink")
                [(header, data)] = write(camera, segment_name, 1)
                with Slots(segment_name) as new:
                    assert new.inode != old.inode
                    assert (old.index, new.index) == (5, 1)
            row = camera.log().pictures[-1]
        assert header.frame_number == 0
        assert slice_headers([data])[0].is_idr
        assert (row.generation, row.number, row.write) == (1, 5, 0)

    def test_restart_in_place_zeroes_the_segment(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True) as camera, Slots(segment_name) as slots:
            camera.command("write 5")
            camera.command("restart-inplace")
            assert slots.index == 0
            assert not any(slots.data(3, 10_000))
            camera.command("write 1")
            assert slots.index == 1
            assert slots.header(0).frame_number == 0
            assert slice_headers([slots.data(0)])[0].is_idr

    def test_camera_change_begins_in_the_middle_of_a_gop(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True, gop=6) as camera:
            write(camera, segment_name, 3)
            camera.command("camera 1")
            slots = write(camera, segment_name, 6)
            is_idr = [row.is_idr for row in camera.log().pictures if row.camera_id == 1]
        assert {header.camera_id for header, _ in slots} == {1}
        assert not is_idr[0]
        assert sum(is_idr) == 1

    def test_gap_loses_pictures_of_the_encoder(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True) as camera:
            camera.command("write 2")
            camera.command("gap 3")
            camera.command("write 2")
            rows = camera.log().pictures
        assert [row.number for row in rows] == [0, 1, 5, 6]
        assert [row.frame_num for row in rows] == [0, 1, 5, 6]
        assert [row.write for row in rows] == [0, 1, 2, 3]

    def test_truncate_shortens_the_segment_until_a_restart(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True) as camera:
            with Slots(segment_name) as slots:
                camera.command("truncate 1000")
                assert slots.size == 1000
            with pytest.raises(CameraError, match="refused"):
                camera.command("write 1")
            camera.command("restart-unlink")
            [(header, _)] = write(camera, segment_name, 1)
        assert header.is_plausible

    def test_rate_can_change(self, segment_name: str) -> None:
        with Camera(segment_name, fps=1, count=3) as camera:
            camera.command("fps 1000")
            camera.wait_until_done(TIMEOUT_S)

    def test_unknown_ones_are_refused(self, segment_name: str) -> None:
        with Camera(segment_name, hold=True) as camera, pytest.raises(CameraError, match="refused"):
            camera.command("dance")


@pytest.mark.slow
class TestRelay:
    def test_repeats_every_picture_that_it_relays(self, segment_name: str) -> None:
        log = relay(segment_name, count=4, fps=8)
        whole = [row.identity for row in log.relayed if row.is_whole]
        assert len(whole) > 2 * len(set(whole))
        day = [row for row in log.pictures if row.camera_id == 0]
        assert set(whole) <= {row.identity for row in day}
        assert [row.write for row in log.relayed] == list(range(len(log.relayed)))

    def test_brings_back_older_pictures_when_the_header_comes_late(self, segment_name: str) -> None:
        log = relay(segment_name, count=45, copy="backward", pause_ms=4, pause_at="200")
        order = [row.identity for row in log.relayed if row.capture_ns]
        older = sum(later < earlier for earlier, later in pairwise(order))
        assert older >= 3

    def test_leaves_mixed_slots_for_good(self, segment_name: str) -> None:
        log = relay(segment_name, count=45, copy="forward", pause_ms=4, pause_every=3)
        torn = [row for row in log.relayed if row.capture_ns and not row.has_whole_bytes]
        assert len(torn) >= 3

    def test_leaves_headers_over_other_bytes_for_good(self, segment_name: str) -> None:
        log = relay(
            segment_name,
            count=50,
            gop=100,
            size_min=8000,
            size_max=8000,
            copy="forward",
            pause_ms=4,
            pause_at="48",
        )
        foreign = [row for row in log.relayed if row.has_whole_bytes and not row.is_whole]
        numbers = {row.identity: row.number for row in log.pictures if row.camera_id == 0}
        assert len(foreign) >= 3
        assert all(row.stamp_number == numbers[row.identity] - 30 for row in foreign)

    def test_writes_what_its_log_says(self, segment_name: str) -> None:
        with Camera(segment_name, relay=True, relay_rate=200, count=10) as camera:
            camera.wait_until_done(TIMEOUT_S)
            camera.command("freeze 60000")
            rows = camera.log().relayed[-20:]
            with Slots(segment_name) as slots:
                assert slots.index == rows[-1].write + 1
                for row in rows:
                    stamp = parse_payload(slots.data(row.write))
                    assert slots.header(row.write).identity == row.identity
                    assert (stamp is not None and stamp.crc_ok) == row.has_whole_bytes

    @pytest.mark.parametrize("rate", [100, 200])
    def test_can_be_throttled(self, segment_name: str, rate: int) -> None:
        log = relay(segment_name, count=10, relay_rate=rate)
        begins = [row.index_ns for row in log.relayed]
        assert (len(begins) - 1) / (begins[-1] - begins[0]) * 1e9 <= rate * 1.05

    def test_follows_the_active_camera(self, segment_name: str) -> None:
        with Camera(segment_name, relay=True, night_fps=50) as camera, Slots(segment_name) as slots:
            wait_until(lambda: slots.index > 0)
            camera.command("camera 1")
            switched_ns = time.monotonic_ns()
            index = slots.index
            wait_until(lambda: slots.index > index + 5)
            log = camera.log()
        after = [row for row in log.relayed if row.index_ns > switched_ns and row.capture_ns]
        assert {row.camera_id for row in after} == {1}
        assert {row.camera_id for row in log.pictures} == {0, 1}

    def test_goes_on_repeating_while_its_camera_stalls(self, segment_name: str) -> None:
        with Camera(segment_name, relay=True, relay_rate=200) as camera:
            with Slots(segment_name) as slots:
                wait_until(lambda: slots.index > 0)
                camera.command("stall 60000")
                index = slots.index
                wait_until(lambda: slots.index > index + 10)
            rows = camera.log().relayed
        assert len({row.identity for row in rows[-10:]}) == 1

    def test_restarts_while_its_cameras_live_on(self, segment_name: str) -> None:
        with Camera(segment_name, relay=True, relay_rate=200) as camera:
            with Slots(segment_name) as slots:
                wait_until(lambda: slots.index > 3)
            camera.command("restart-unlink 50")
            with Slots(segment_name) as slots:
                wait_until(lambda: slots.index > 3)
            log = camera.log()
        assert {row.generation for row in log.relayed} == {0, 1}
        day = [row.number for row in log.pictures if row.camera_id == 0]
        assert day == list(range(len(day)))


class TestSystemV:
    def test_segment_has_the_same_layout(self, sysv_key: int) -> None:
        with Camera(f"sysv:{sysv_key:#x}", hold=True) as camera:
            camera.command("write 2")
            memory = sysv_ipc.SharedMemory(sysv_key)
            try:
                assert memory.size == ring.FIRST_LAYOUT.segment_bytes
                header = SlotHeader.parse(
                    memory.read(ring.SLOT_HEADER.size, ring.FIRST_LAYOUT.slot_offset(1))
                )
                offset = ring.FIRST_LAYOUT.slot_offset(1) + ring.SLOT_HEADER.size
                stamp = parse_payload(memory.read(header.data_size, offset))
            finally:
                memory.detach()
        assert stamp is not None
        assert (stamp.number, stamp.crc_ok) == (1, True)

    def test_restart_makes_another_segment_of_the_same_key(self, sysv_key: int) -> None:
        with Camera(f"sysv:{sysv_key:#x}", hold=True) as camera:
            before = sysv_ipc.SharedMemory(sysv_key)
            try:
                camera.command("restart-unlink")
                after = sysv_ipc.SharedMemory(sysv_key)
                after.detach()
            finally:
                before.detach()
        assert before.id != after.id

    def test_segment_cannot_be_truncated(self, sysv_key: int) -> None:
        with (
            Camera(f"sysv:{sysv_key:#x}", hold=True) as camera,
            pytest.raises(CameraError, match="refused"),
        ):
            camera.command("truncate 1000")


class TestEnd:
    @pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
    def test_signal_ends_it_with_log_and_without_segments(
        self, segment_name: str, signal_number: int
    ) -> None:
        camera = Camera(segment_name, hold=True, relay=True).start()
        camera.command("write 3")
        os.kill(camera.pid, signal_number)
        with pytest.raises(CameraError, match="ended with 0"):
            camera.wait_until_done(TIMEOUT_S)
        camera.stop()
        assert len(camera.log().pictures) == 3

    def test_segments_of_a_crash_stay_until_it_is_stopped(self, segment_name: str) -> None:
        camera = Camera(segment_name, relay=True).start()
        camera.kill()
        assert Path("/dev/shm" + segment_name).exists()
        camera.stop()
        assert not list(Path("/dev/shm").glob(segment_name[1:] + "*"))

    def test_wrong_options_are_refused(self, segment_name: str) -> None:
        with pytest.raises(CameraError, match="ended with 2"):
            Camera(segment_name, no_such_option=1).start()

    def test_log_can_be_read_while_it_runs(self, segment_name: str) -> None:
        def is_contiguous(rows: tuple[PictureRow, ...]) -> bool:
            return [row.number for row in rows] == list(range(len(rows)))

        with Camera(segment_name, fps=300) as camera:
            with Slots(segment_name) as slots:
                wait_until(lambda: slots.index >= 10)
            early = camera.log().pictures
            assert len(early) >= 9
        late = camera.log().pictures
        assert late[: len(early)] == early
        assert is_contiguous(late)


def relay(segment: str, *, count: int, **options: str | float) -> Log:
    """The log of a relay that ran until its day camera had written `count` pictures."""
    with Camera(segment, relay=True, count=count, **options) as camera:
        camera.wait_until_done(TIMEOUT_S)
    return camera.log()


def first_of(access_unit: bytes, kind: NalUnitType) -> bytes:
    return next(n for n in split_annex_b(access_unit) if nal_unit_type(n) == kind)
