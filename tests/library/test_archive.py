"""The folder over time: what is kept, starred, shown in small."""

from __future__ import annotations

import io
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import av
import pytest

from pet_stream.errors import NotFound, NotRecorderOwner, TooMany
from pet_stream.library.archive import Archive
from pet_stream.library.housekeeping import NICENESS, Housekeeper, Task
from pet_stream.library.library import Library
from pet_stream.library.ownership import OWNER_NAME
from pet_stream.library.pictures import newest_frame, to_jpeg
from pet_stream.library.retention import Retention
from pet_stream.library.thumbnails import MAX_WAITING, WIDTH, Thumbnails
from pet_stream.media.access_unit import AccessUnit
from pet_stream.recording.containers import Mp4Container
from pet_stream.recording.status import RecordingStatus

from ..recording.disks import Gate
from ..recording.playback import GOP, Showing, annex_b
from ..recording.test_mp4_container import timed
from ..test_extension import run_script
from ..waiting import TIMEOUT_S, wait_until

DAY_S = 86_400


def write_mp4(path: Path, units: list[AccessUnit]) -> None:
    with io.FileIO(path, "xb+") as file:
        container = Mp4Container(file)
        container.write(timed(units))
        container.close()


def make(folder: Path, name: str, size_bytes: int = 100, age_s: float = 0) -> None:
    path = folder / name
    path.write_bytes(bytes(size_bytes))
    changed_at = time.time() - age_s
    os.utime(path, (changed_at, changed_at))


def names(library: Library) -> list[str]:
    return [row.name for row in library.recordings()]


# ---- stars and details


def test_a_star_is_a_file_beside_the_recording(tmp_path: Path) -> None:
    make(tmp_path, "cat.mp4")
    library = Library(tmp_path)
    library.set_starred("cat.mp4", True)
    library.set_starred("cat.mp4", True)
    assert (tmp_path / "cat.mp4.star").stat().st_size == 0
    assert library.find("cat.mp4").is_starred
    library.set_starred("cat.mp4", False)
    library.set_starred("cat.mp4", False)
    assert not library.find("cat.mp4").is_starred
    with pytest.raises(NotFound):
        library.set_starred("dog.mp4", True)


def test_what_a_file_says_is_read_again_when_it_changes(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    library = Library(tmp_path)
    write_mp4(tmp_path / "cat.mp4", pictures)
    details = library.details(library.find("cat.mp4"))
    assert details.duration_s == pytest.approx(len(pictures) / 30, abs=0.001)
    assert (details.width, details.height) == (320, 240)
    assert details.codec is not None
    assert details.codec.startswith("avc1.42c0")
    (tmp_path / "cat.mp4").write_bytes(b"something else")
    assert library.details(library.find("cat.mp4")).duration_s is None


def test_a_raw_file_tells_its_size_but_no_duration(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    (tmp_path / "cat.h264").write_bytes(annex_b(pictures))
    library = Library(tmp_path)
    details = library.details(library.find("cat.h264"))
    assert (details.duration_s, details.width, details.height) == (None, 320, 240)


@pytest.mark.slow
def test_a_days_folder_is_listed_in_a_tenth_of_a_second_of_cpu(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    write_mp4(tmp_path / "first.mp4", pictures)
    content = (tmp_path / "first.mp4").read_bytes()
    for number in range(1000):
        (tmp_path / f"recording_20240501_{number:06d}.mp4").write_bytes(content)
    library = Library(tmp_path)
    durations_s = []
    for _ in range(4):
        begun = time.thread_time()
        rows = library.recordings()
        assert all(library.details(row).duration_s for row in rows)
        durations_s.append(time.thread_time() - begun)
    assert min(durations_s[1:]) < 0.1, durations_s


# ---- repairs


class Holds(logging.Handler):
    """Whoever logs waits until it is let on."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.let_on = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.reached.set()
        assert self.let_on.wait(TIMEOUT_S)


def test_it_tells_how_many_repairs_are_left(tmp_path: Path, pictures: list[AccessUnit]) -> None:
    for name in ("a", "b"):
        with io.FileIO(tmp_path / f"{name}.mp4.part", "xb+") as file:
            Mp4Container(file).write(timed(pictures))
    archive = Archive(Library(tmp_path), Retention(), "test")
    assert archive.repairing_count == 0
    holds = Holds()
    repair_logger = logging.getLogger("pet_stream.library.crash_recovery")
    repair_logger.addHandler(holds)
    try:
        archive.start()
        assert holds.reached.wait(TIMEOUT_S)
        wait_until(lambda: archive.repairing_count == 2)
        holds.let_on.set()
        wait_until(lambda: archive.repairing_count == 0)
    finally:
        holds.let_on.set()
        repair_logger.removeHandler(holds)
        archive.stop()
    rows = {row.name: row.state for row in Library(tmp_path).recordings()}
    assert rows == {"a_recovered.mp4": "recovered", "b_recovered.mp4": "recovered"}


# ---- pictures


@pytest.fixture
def housekeeper() -> Iterator[Housekeeper]:
    housekeeper = Housekeeper("test-housekeeping")
    yield housekeeper
    housekeeper.stop(TIMEOUT_S)


def jpeg_size(data: bytes) -> tuple[int, int]:
    (frame,) = av.CodecContext.create("mjpeg", "r").decode(av.Packet(data))
    return frame.width, frame.height


@pytest.mark.parametrize("name", ["cat.mp4", "cat.h264"])
def test_a_thumbnail_is_made_once_and_kept_beside_the_file(
    tmp_path: Path, pictures: list[AccessUnit], housekeeper: Housekeeper, name: str
) -> None:
    if name == "cat.mp4":
        write_mp4(tmp_path / name, pictures)
    else:
        (tmp_path / name).write_bytes(annex_b(pictures))
    thumbnails = Thumbnails(Library(tmp_path), housekeeper)
    path = thumbnails.path_of(name)
    assert path == tmp_path / f"{name}.jpg"
    assert jpeg_size(path.read_bytes()) == (320, 240)
    assert path.stat().st_size < 40_000
    made_ns = path.stat().st_mtime_ns
    assert thumbnails.path_of(name).stat().st_mtime_ns == made_ns
    assert sorted(p.name for p in tmp_path.iterdir()) == [name, f"{name}.jpg"]


def shown_of(units: list[AccessUnit]) -> bytes:
    found = newest_frame(units)
    assert found is not None
    return to_jpeg(found[0], WIDTH)


def test_it_shows_the_middle(
    tmp_path: Path, pictures: list[AccessUnit], housekeeper: Housekeeper
) -> None:
    """Of a recording of several files, that of the file in its middle; of one that runs, the
    beginning."""
    pictures = pictures[: 3 * GOP]
    middle = shown_of(pictures[GOP : GOP + 1])
    write_mp4(tmp_path / "cat.mp4", pictures)
    (tmp_path / "raw.h264").write_bytes(annex_b(pictures))
    write_mp4(tmp_path / "dog.001.mp4", pictures[: 2 * GOP])
    write_mp4(tmp_path / "dog.002.mp4", pictures)
    write_mp4(tmp_path / "dog.003.mp4", pictures[: 2 * GOP])
    write_mp4(tmp_path / "fox.001.mp4", pictures)
    (tmp_path / "fox.002.mp4.part").touch()
    write_mp4(tmp_path / "short.mp4", pictures[:GOP])
    status = RecordingStatus(is_recording=True, has_file=True, filename="fox.mp4")
    thumbnails = Thumbnails(Library(tmp_path, Showing(status)), housekeeper)
    assert thumbnails.path_of("cat.mp4").read_bytes() == middle
    assert thumbnails.path_of("dog.mp4").read_bytes() == middle
    assert thumbnails.path_of("short.mp4").read_bytes() == shown_of(pictures[:1])
    half = annex_b(pictures)[len(annex_b(pictures)) // 2 :]
    later = [unit for unit in pictures if unit.is_idr and annex_b([unit]) in half]
    assert thumbnails.path_of("raw.h264").read_bytes() == shown_of(later[:1])
    assert shown_of(later[:1]) != shown_of(pictures[:1]) != middle


def test_a_recording_of_tomorrow_is_not_decoded_for_each_request(
    tmp_path: Path, pictures: list[AccessUnit], housekeeper: Housekeeper
) -> None:
    recording = tmp_path / "cat.mp4"
    write_mp4(recording, pictures)
    tomorrow = time.time() + DAY_S
    os.utime(recording, (tomorrow, tomorrow))
    thumbnails = Thumbnails(Library(tmp_path), housekeeper)
    first = thumbnails.path_of("cat.mp4").stat().st_ino
    assert thumbnails.path_of("cat.mp4").stat().st_ino == first


def test_a_recording_that_ends_while_its_thumbnail_is_made_has_one(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    running, ended = tmp_path / "cat.mp4.part", tmp_path / "cat.mp4"
    write_mp4(running, pictures)
    recorder = Showing(
        RecordingStatus(is_recording=True, has_file=True, filename=ended.name, started_at=1.0)
    )

    class EndsTheRecordingFirst(Housekeeper):
        def submit(self, task: Task) -> Future[None]:
            if running.exists():
                running.rename(ended)
                recorder.status = RecordingStatus()
            return super().submit(task)

    housekeeper = EndsTheRecordingFirst("test-housekeeping")
    try:
        thumbnails = Thumbnails(Library(tmp_path, recorder), housekeeper)
        assert jpeg_size(thumbnails.path_of("cat.mp4").read_bytes()) == (320, 240)
    finally:
        housekeeper.stop(TIMEOUT_S)


def test_what_can_not_be_shown_has_no_thumbnail_and_is_not_tried_again(
    tmp_path: Path, pictures: list[AccessUnit], housekeeper: Housekeeper
) -> None:
    make(tmp_path, "cat.mp4", age_s=10)
    library = Library(tmp_path)
    thumbnails = Thumbnails(library, housekeeper)
    assert thumbnails.can_make(library.find("cat.mp4"), has_picture=False)
    with pytest.raises(NotFound):
        thumbnails.path_of("cat.mp4")
    assert not thumbnails.can_make(library.find("cat.mp4"), has_picture=False)
    housekeeper.stop(TIMEOUT_S)  # whoever asks it now gets nothing
    with pytest.raises(NotFound):
        thumbnails.path_of("cat.mp4")
    housekeeper.start()
    (tmp_path / "cat.mp4").unlink()
    write_mp4(tmp_path / "cat.mp4", pictures)  # another file of that name
    assert jpeg_size(thumbnails.path_of("cat.mp4").read_bytes()) == (320, 240)


def test_so_many_wait_for_thumbnails_and_no_more(
    tmp_path: Path, pictures: list[AccessUnit], housekeeper: Housekeeper
) -> None:
    count = MAX_WAITING + 4
    write_mp4(tmp_path / "0.mp4", pictures)
    for number in range(1, count):
        shutil.copy(tmp_path / "0.mp4", tmp_path / f"{number}.mp4")
    thumbnails = Thumbnails(Library(tmp_path), housekeeper, timeout_s=TIMEOUT_S)
    all_are_refused = threading.Event()
    refused: list[TooMany] = []
    housekeeper.submit(lambda: all_are_refused.wait(TIMEOUT_S))

    def ask(number: int) -> None:
        try:
            thumbnails.path_of(f"{number}.mp4")
        except TooMany as exc:
            refused.append(exc)
            if len(refused) == 4:
                all_are_refused.set()

    with ThreadPoolExecutor(count) as threads:
        for future in [threads.submit(ask, number) for number in range(count)]:
            future.result(TIMEOUT_S)
    assert len(refused) == 4
    assert len(list(tmp_path.glob("*.jpg"))) == MAX_WAITING


def test_one_thing_at_a_time_and_with_low_priority(housekeeper: Housekeeper) -> None:
    running = 0
    most = 0
    seen: list[int] = []

    def task() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        time.sleep(0.005)
        running -= 1

    for future in [housekeeper.submit(task) for _ in range(8)]:
        future.result(TIMEOUT_S)
    assert most == 1
    assert set(seen) == {NICENESS}
    wait_until(lambda: "test-housekeeping" not in {t.name for t in threading.enumerate()})


def test_after_the_end_nothing_is_begun(housekeeper: Housekeeper) -> None:
    housekeeper.stop(TIMEOUT_S)
    assert housekeeper.submit(lambda: None).cancelled()


def test_a_task_that_is_forgotten_may_call_back(housekeeper: Housekeeper) -> None:
    gate = Gate()
    housekeeper.submit(gate.pass_through)
    assert gate.arrived.wait(TIMEOUT_S)
    answers: list[bool] = []
    housekeeper.submit(lambda: None).add_done_callback(
        lambda _: answers.append(housekeeper.submit(lambda: None).cancelled())
    )
    stopping = threading.Thread(target=housekeeper.stop, args=(0.0,), daemon=True)
    stopping.start()
    stopping.join(TIMEOUT_S)
    gate.open.set()
    assert not stopping.is_alive()
    assert answers == [True]


def test_a_disk_that_hangs_delays_the_end_by_its_limit_and_the_last_task(
    housekeeper: Housekeeper,
) -> None:
    gate = Gate()
    done: list[str] = []
    housekeeper.submit(gate.pass_through)
    assert gate.arrived.wait(TIMEOUT_S)
    housekeeper.submit(lambda: done.append("forgotten"))
    housekeeper.stop(0.0, lambda: done.append("last"))
    housekeeper.stop(0.0, lambda: done.append("last"))
    assert done == []
    gate.open.set()
    wait_until(lambda: done == ["last"])


def test_a_new_start_waits_for_what_hangs_and_drops_what_was_to_be_last(
    housekeeper: Housekeeper,
) -> None:
    gate = Gate()
    done: list[str] = []
    housekeeper.submit(gate.pass_through)
    assert gate.arrived.wait(TIMEOUT_S)
    housekeeper.stop(0.0, lambda: done.append("last"))
    housekeeper.start()
    later = housekeeper.submit(lambda: done.append("later"))
    assert not later.done()
    gate.open.set()
    later.result(TIMEOUT_S)
    assert done == ["later"]


def test_without_threads_nothing_is_begun_and_later_all_is(
    housekeeper: Housekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_more)
        assert housekeeper.submit(lambda: None).cancelled()
    housekeeper.submit(lambda: None).result(TIMEOUT_S)


def test_a_process_calls_its_exit_handlers_whatever_housekeeping_is_at(tmp_path: Path) -> None:
    output = run_script(
        """
        import atexit, os, sys, threading
        from pet_stream.library.housekeeping import Housekeeper

        begun = threading.Event()

        def hang() -> None:
            begun.set()
            open(sys.argv[1])  # nobody writes to it

        os.mkfifo(sys.argv[1])
        atexit.register(print, "the recording is finished")
        housekeeper = Housekeeper("housekeeping")
        housekeeper.submit(hang)
        housekeeper.submit(lambda: print("the next task"))
        begun.wait()
        """,
        tmp_path / "fifo",
    )
    assert output == "the recording is finished\n"


def test_the_folder_is_kept_for_a_recording_that_outlasts_the_end(
    tmp_path: Path, pictures: list[AccessUnit]
) -> None:
    """Whoever claims it repairs what is unfinished: under the writer's hands, if it were free."""
    archive = Archive(Library(tmp_path), Retention(), "test")
    archive.start()
    archive.claim()
    part = tmp_path / "cat.mp4.part"
    write_mp4(part, pictures)
    archive.stop(keeps_folder=True)
    archive.start()
    archive.claim()
    archive.let_go()  # too late: it was started again
    assert archive.repairing_count == 0
    assert part.exists()
    archive.stop(keeps_folder=True)
    other = Archive(Library(tmp_path), Retention(), "other")
    with pytest.raises(NotRecorderOwner):
        other.claim()
    archive.let_go()
    wait_until(lambda: not (tmp_path / OWNER_NAME).exists())
    other.claim()
    other.stop()


def test_a_thumbnail_that_a_crash_left_unfinished_goes(tmp_path: Path) -> None:
    for name in (".cat.mp4.jpg.part", ".cat.mp4.jpg.0123abcd.part"):
        (tmp_path / name).write_bytes(b"half a JPEG")
    archive = Archive(Library(tmp_path), Retention(), "test")
    archive.start()
    wait_until(lambda: not list(tmp_path.glob("*.part")))
    archive.stop()
    assert list(tmp_path.glob("*.unplayable")) == []
