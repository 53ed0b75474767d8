"""Files in the recordings folder that nobody recorded: each costs its own row, nothing else."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import struct
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from pet_stream.errors import BitstreamError, NotFound
from pet_stream.library.crash_recovery import repair
from pet_stream.library.details import FileState, ReadOnce
from pet_stream.library.housekeeping import Housekeeper
from pet_stream.library.library import Library
from pet_stream.library.listing import scan_for
from pet_stream.library.pictures import thumbnail
from pet_stream.library.thumbnails import Thumbnails
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.mp4.reading import first_pictures, growing_format, read_movie, read_summary
from pet_stream.media.mp4.recovery import recover_movie
from pet_stream.recording.containers import Mp4Container
from pet_stream.recording.disk import read_at

from ..apps import mounted_app
from ..footage import encode
from ..recording.playback import access_unit, annex_b
from ..recording.test_mp4_container import timed
from ..waiting import TIMEOUT_S

ReadAt = Callable[[int, int], bytes]
FUZZ_S = float(os.environ.get("PET_TEST_FUZZ_S", "1.5"))
SEED = 8


def first_picture(read_at: ReadAt, size: int) -> tuple[bytes, ...]:
    return next(first_pictures(read_at, size))


READERS = (read_summary, growing_format, read_movie, first_picture, recover_movie)


@pytest.fixture(scope="module")
def pictures() -> list[AccessUnit]:
    return timed([access_unit(data) for data in encode(160, 120, gop=5, pictures=15)])


def mp4(units: list[AccessUnit], *, is_complete: bool) -> bytes:
    """What the recorder writes."""
    file = io.FileIO(os.memfd_create("mp4"), "rb+")
    with file:
        container = Mp4Container(file)
        container.write(units)
        if is_complete:
            container.close()
        else:
            container.flush()
        file.seek(0)
        return file.readall()


def box(kind: bytes, *payload: bytes) -> bytes:
    body = b"".join(payload)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def nested(kind: bytes, depth: int) -> bytes:
    return b"".join(struct.pack(">I4s", 8 * (depth - n), kind) for n in range(depth))


def replaced(data: bytes, kind: bytes, payload: bytes) -> bytes:
    """`data` with other bytes at the beginning of its last box of this kind."""
    at = data.rindex(kind) + 4
    return data[:at] + payload + data[at + len(payload) :]


# ---- the folder


@pytest.fixture
def folder(tmp_path: Path, pictures: list[AccessUnit]) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "good.mp4").write_bytes(mp4(pictures, is_complete=True))
    return folder


@pytest.fixture
def client(tmp_path: Path, folder: Path) -> Iterator[FlaskClient]:
    with mounted_app(tmp_path, RECORD_PATH=folder, MIN_FREE_MB=0) as app:
        yield app.test_client()


def test_boxes_in_boxes_cost_their_own_row(client: FlaskClient, folder: Path) -> None:
    """24 kB of `trak` in `trak` in `trak`."""
    (folder / "bad.mp4").write_bytes(box(b"moov", nested(b"trak", 3000)))
    answer = client.get("/api/recordings")
    assert answer.status_code == 200
    widths = {row["name"]: row["width"] for row in answer.get_json()["recordings"]}
    assert widths == {"good.mp4": 160, "bad.mp4": None}
    assert client.get("/api/recordings/bad.mp4/thumbnail").status_code == 404
    assert client.get("/api/recordings/bad.mp4?from=0&to=1").status_code == 422


def test_the_strangest_folder_is_listed(
    client: FlaskClient, folder: Path, pictures: list[AccessUnit]
) -> None:
    with (folder / "sparse.mp4").open("wb") as file:
        file.truncate(3_000_000_000)
    with (folder / "sparse.h264").open("wb") as file:
        file.truncate(3_000_000_000)
    os.mkfifo(folder / "pipe.mp4")
    (folder / "cat.mp4").mkdir()
    (folder / "link.mp4").symlink_to(folder / "good.mp4")
    shutil.copy(folder / "good.mp4", folder / "secret.mp4")
    (folder / "secret.mp4").chmod(0)
    (folder / os.fsdecode(b"\xff\n.mp4")).touch()
    (folder / "empty.mp4").touch()
    answer = client.get("/api/recordings")
    assert answer.status_code == 200
    names = {row["name"] for row in answer.get_json()["recordings"]}
    assert names == {"good.mp4", "sparse.mp4", "sparse.h264", "secret.mp4", "empty.mp4"}
    for name in ("sparse.mp4", "sparse.h264", "empty.mp4", "pipe.mp4", "cat.mp4"):
        assert client.get(f"/api/recordings/{name}/thumbnail").status_code == 404
    with client.get("/api/recordings/good.mp4/thumbnail") as shown:
        assert shown.status_code == 200


def test_a_time_beyond_all_dates_is_a_row(tmp_path: Path, pictures: list[AccessUnit]) -> None:
    folder = Path(f"/dev/shm/pet_test_{os.getpid()}_dates")  # where a time has 64 bits
    folder.mkdir()
    try:
        for name, changed_at in (("late.mp4", 2**40), ("early.mp4", -(2**40))):
            (folder / name).write_bytes(mp4(pictures, is_complete=True))
            os.utime(folder / name, (changed_at, changed_at))
        with mounted_app(tmp_path, RECORD_PATH=folder, MIN_FREE_MB=0) as app:
            client = app.test_client()
            rows = client.get("/api/recordings").get_json()["recordings"]
            assert [row["name"] for row in rows] == ["late.mp4", "early.mp4"]
            with client.get("/api/recordings/late.mp4") as whole:
                assert whole.status_code == 200
    finally:
        shutil.rmtree(folder)


def test_what_fails_in_a_new_way_is_one_unknown_row_and_logged_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def read(descriptor: int, name: str, size: int) -> str:
        raise RecursionError

    known = ReadOnce(folder, read, "unknown")
    assert [known.of("good.mp4") for _ in range(3)] == ["unknown"] * 3
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_file_that_vanishes_between_two_looks_is_not_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete_and_scan(where: Path, name: str) -> dict[str, FileState]:
        (where / name).unlink()
        return scan_for(where, name)

    monkeypatch.setattr("pet_stream.library.library.scan_for", delete_and_scan)
    with pytest.raises(NotFound):
        Library(folder).find("good.mp4")


# ---- thumbnails


def test_a_thumbnail_that_is_not_the_wanted_one_is_412_in_json(client: FlaskClient) -> None:
    """The picture came with it."""
    answer = client.get("/api/recordings/good.mp4/thumbnail", headers={"If-Match": '"other"'})
    assert (answer.status_code, answer.get_json()["code"]) == (412, "precondition_failed")


def test_a_link_in_the_place_of_a_thumbnail_is_not_followed(folder: Path, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    for name in (".good.mp4.jpg.part", "good.mp4.jpg"):
        (folder / name).symlink_to(precious)
    housekeeper = Housekeeper("test-housekeeping")
    try:
        path = Thumbnails(Library(folder), housekeeper).path_of("good.mp4")
    finally:
        housekeeper.stop(TIMEOUT_S)
    assert path.read_bytes().startswith(b"\xff\xd8")
    assert precious.read_text() == "mine"


def test_a_picture_too_large_to_show_is_not_decoded(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    path = tmp_path / "cat.h264"
    path.write_bytes(annex_b(pictures))
    assert thumbnail(path, 320) is not None
    assert thumbnail(path, 320, max_pixels=160 * 100) is None


# ---- numbers that lie


def bytes_needed(read: Callable[[ReadAt, int], object], path: Path) -> int:
    """Python's memory at its peak; the file is refused or read."""
    with path.open("rb") as file:
        tracemalloc.start()
        try:
            read(partial(read_at, file.fileno()), path.stat().st_size)
        except BitstreamError:
            pass
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    return peak


@pytest.mark.parametrize("read", [read_summary, read_movie, first_picture])
@pytest.mark.parametrize("same_size", [1, 0])
def test_an_index_of_billions_of_pictures_costs_no_memory(
    tmp_path: Path,
    pictures: list[AccessUnit],
    read: Callable[[ReadAt, int], object],
    same_size: int,
) -> None:
    path = tmp_path / "bad.mp4"
    lie = struct.pack(">III", 0, same_size, 3_000_000_000)
    path.write_bytes(replaced(mp4(pictures, is_complete=True), b"stsz", lie))
    os.truncate(path, 3_500_000_000)
    assert bytes_needed(read, path) < 4_000_000


@pytest.mark.parametrize("read", READERS)
def test_a_fragment_of_millions_of_pictures_costs_no_memory(
    tmp_path: Path, pictures: list[AccessUnit], read: Callable[[ReadAt, int], object]
) -> None:
    count = 4_000_000
    run = box(b"trun", struct.pack(">IIiI", 0x305, count, 0, 0), bytes(8 * count))
    time_box = box(b"tfdt", struct.pack(">IQ", 1 << 24, 0))
    start = mp4(pictures, is_complete=False)
    start = start[: start.index(b"moof") - 4]
    path = tmp_path / "bad.mp4"
    path.write_bytes(start + box(b"moof", box(b"traf", time_box, run)) + box(b"mdat"))
    assert bytes_needed(read, path) < 8_000_000


@pytest.mark.parametrize("inner", [b"free", b"trak", b"moof"])
def test_hundreds_of_thousands_of_boxes_take_no_memory(tmp_path: Path, inner: bytes) -> None:
    path = tmp_path / "bad.mp4"
    for content in (box(b"moov", box(inner) * 200_000), box(b"moov", box(inner)) * 50_000):
        path.write_bytes(content)
        assert bytes_needed(read_movie, path) < 4_000_000


def test_a_part_of_fragments_that_overlap_is_given_up(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    """Each `moof` claims the same megabytes behind all of them, and the last byte is wrong."""
    start = mp4(pictures, is_complete=False)
    start = start[: start.index(b"moof") - 4]
    sample = struct.pack(">I", 4_000_000) + b"\x65" + b"\1" * 3_999_998 + b"\0"
    time_box = box(b"tfdt", struct.pack(">IQ", 1 << 24, 0))
    entries = struct.pack(">IIiIII", 0x305, 1, 0, 0, 3000, len(sample))
    traf = box(b"traf", time_box, box(b"trun", entries))
    count = 3000
    size = (8 + len(traf)) * count
    heads = b"".join(
        struct.pack(">I4s", size - n * (8 + len(traf)), b"moof") + traf for n in range(count)
    )
    path = tmp_path / "bad.mp4.part"
    path.write_bytes(start + heads + box(b"mdat", sample))
    begun = time.thread_time()
    assert repair(path).name == "bad.mp4.unplayable"
    assert time.thread_time() - begun < 2


class CountedReads:
    """Reads from memory, and knows how much was read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.count = self.total_bytes = 0

    def __call__(self, offset: int, size: int) -> bytes:
        data = self._data[offset : offset + size]
        self.count += 1
        self.total_bytes += len(data)
        return data


def reads_of(read: Callable[[ReadAt, int], object], data: bytes) -> CountedReads:
    reads = CountedReads(data)
    with contextlib.suppress(BitstreamError):
        read(reads, len(data))
    return reads


@pytest.mark.parametrize("missing", [0, 1])
def test_one_list_of_pictures_is_read_for_one_fragment(
    pictures: list[AccessUnit], missing: int
) -> None:
    """Each `moof` holds all that follow it in a box to be skipped, and claims the one list and the
    one `mdat` behind them: 900 kB took 13 s."""
    count, heads = 20_000, 200
    run = struct.pack(">IIiI", 0x305, count, 0, 0) + struct.pack(">II", 3000, 1) * count
    traf = box(b"traf", box(b"tfdt", struct.pack(">IQ", 1 << 24, 0)), box(b"trun", run))
    rests = [16 * left for left in reversed(range(heads))]
    moofs = [
        struct.pack(">I4sI4s", 16 + rest + len(traf), b"moof", 8 + rest, b"free") for rest in rests
    ]
    start = mp4(pictures, is_complete=False)
    start = start[: start.index(b"moof") - 4]
    data = b"".join((start, *moofs, traf, box(b"mdat", bytes(count - missing))))
    begun_s = time.thread_time()
    reads = reads_of(recover_movie, data)
    took_s = time.thread_time() - begun_s
    assert took_s < 2
    if not missing:
        assert reads.total_bytes < 3 * len(data)


@pytest.mark.parametrize("read", [read_summary, read_movie])
def test_a_track_is_where_the_standard_puts_it_and_nowhere_else(
    read: Callable[[ReadAt, int], object],
) -> None:
    """Boxes in boxes, two of each kind: every one of them was read, several times."""
    inner = box(b"free") * 60
    for kind in (b"stbl", b"minf", b"mdia", b"trak"):
        inner = box(kind, inner) * 2
    assert reads_of(read, box(b"moov", inner * 30)).count < 15_000


def test_the_ends_of_a_file_are_looked_at_within_bounds(pictures: list[AccessUnit]) -> None:
    start = mp4(pictures, is_complete=False)
    start = start[: start.index(b"moof") - 4]
    fragment = box(b"moof", box(b"traf", box(b"free") * 60) * 60) + box(b"mdat")
    assert reads_of(read_summary, start + fragment * 20).count < 30_000
