"""What was seen in a recording goes with every part of it that is cut, saved or exported."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from pet_stream.admission.token_bucket import TokenBucket
from pet_stream.errors import NotCuttable
from pet_stream.library.composite_file import Span
from pet_stream.library.cuts import Cuts
from pet_stream.library.library import Library
from pet_stream.library.recorded_detections import MAX_WINDOW_S, copy_seen, seen_in, window_of
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.sidecar import START, Box, Update, pack_chunk

from ..command_line.conftest import PetStreamCommand, pet_stream
from ..recording.playback import GOP
from .test_archive import write_mp4
from .test_cuts import FPS, units_of

__all__ = ["pet_stream"]

GOP_MS = 1000 * GOP / FPS


def write_sidecar(path: Path, places: dict[float, int]) -> None:
    """`places`: of one cat, by time in milliseconds."""
    updates = [Update(round(ms), (Box("cat", 90, x, 20, 30, 40),)) for ms, x in places.items()]
    chunks = [pack_chunk(updates[at : at + 3]) for at in range(0, len(updates), 3)]
    path.with_name(f"{path.name}.detections").write_bytes(START + b"".join(chunks))


def places(path: Path) -> list[tuple[int, int]]:
    found = sorted(seen_in([Span(path, 0, math.inf)]))
    return [(update.time_ms, box.x) for update in found for box in update.boxes]


@pytest.fixture
def library(tmp_path: Path, pictures: list[AccessUnit]) -> Library:
    """With a recording of two files, six GOPs each. Each GOP's first picture has a cat, whose place
    is the number of the GOP."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for file in (0, 1):
        path = folder / f"cat.00{file + 1}.mp4"
        write_mp4(path, units_of(pictures, 6))
        write_sidecar(path, {n * GOP_MS: 1 + 6 * file + n for n in range(6)})
    return Library(folder)


def numbers(found: list[tuple[int, int]]) -> list[int]:
    return [number for _, number in found]


def test_a_saved_part_begins_with_what_was_seen_in_its_first_picture(library: Library) -> None:
    cuts = Cuts(library, lambda size_bytes: None, saves=TokenBucket(1, 0.0))
    saved = cuts.save("cat.mp4", 4.5 * GOP_MS / 1000, 7.5 * GOP_MS / 1000, "part")
    found = places(library.folder / saved)
    assert numbers(found) == [5, 6, 7, 8]
    for n, (time_ms, _) in enumerate(found):
        assert time_ms == pytest.approx(n * GOP_MS, abs=1)
    assert library.find("part.mp4").has_detections
    cuts.save("cat.001.mp4", 0, 0.1, "one")
    assert numbers(places(library.folder / "one.mp4")) == [1]


def test_a_part_in_which_nothing_was_seen_has_no_sidecar(library: Library) -> None:
    for path in library.folder.glob("*.detections"):
        path.unlink()
    cuts = Cuts(library, lambda size_bytes: None, saves=TokenBucket(1, 0.0))
    cuts.save("cat.mp4", 0, 1, "part")
    assert not list(library.folder.glob("*.detections"))


def test_what_is_exported_takes_it_along(
    pet_stream: PetStreamCommand, library: Library, tmp_path: Path
) -> None:
    command = ("recordings", "export", "--record-path", library.folder)
    assert pet_stream(*command, "cat.mp4", tmp_path).exit_code == 0
    assert numbers(places(tmp_path / "cat.mp4")) == list(range(1, 13))
    assert pet_stream(*command, "cat.002.mp4", tmp_path).exit_code == 0
    assert numbers(places(tmp_path / "cat.002.mp4")) == list(range(7, 13))
    part = tmp_path / "part.mp4"
    assert pet_stream(*command, "cat.mp4", part, f"--from={9 * GOP_MS / 1000:f}").exit_code == 0
    assert numbers(places(part)) == [10, 11, 12]


def test_a_copy_of_any_length_is_whole(tmp_path: Path) -> None:
    """Much more than a window has."""
    source = tmp_path / "long.mp4"
    write_sidecar(source, {500 * n: n % 1000 for n in range(8000)})
    copy_seen([Span(source, 100, math.inf)], tmp_path / "copy.mp4")
    found = places(tmp_path / "copy.mp4")
    assert len(found) == 8000 - 200
    assert found[0] == (0, 200)


def test_a_window_lies_anywhere_in_the_files_of_a_recording(library: Library) -> None:
    border_s = 6 * GOP_MS / 1000
    window = window_of(library, "cat.mp4", border_s - 0.6, border_s + 0.6)
    assert [box[2] for _, box in window.to_json()["updates"]] == [5 + 1, 7, 8]
    assert window.is_complete
    assert window.version != window_of(library, "cat.mp4", 0, MAX_WINDOW_S).version
    second = window_of(library, "cat.002.mp4", 0, 0.1).to_json()
    assert second["updates"] == [[0, [0, 90, 7, 20, 30, 40]]]
    beyond = window_of(library, "cat.mp4", 1000, 1001).to_json()
    assert (beyond["classes"], beyond["updates"]) == ([], [])


def test_of_several_raw_files_nobody_knows_when_anything_was_seen(tmp_path: Path) -> None:
    for name in ("cat.001.h264", "cat.002.h264"):
        (tmp_path / name).write_bytes(b"\0\0\0\1\x65")
        write_sidecar(tmp_path / name, {0: 1})
    library = Library(tmp_path)
    with pytest.raises(NotCuttable):
        window_of(library, "cat.h264", 0, 1)
    assert len(window_of(library, "cat.001.h264", 0, 1).to_json()["updates"]) == 1
