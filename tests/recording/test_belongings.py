from __future__ import annotations

import io
from pathlib import Path

import pytest

from pet_stream.recording.belongings import OF_FILE, OF_RECORDING, of_recording
from pet_stream.recording.disk import PART_SUFFIX, create_part, publish, remove
from pet_stream.recording.names import SUFFIXES, is_stored_name

BESIDE = (*OF_RECORDING, *OF_FILE)


def test_what_lies_beside_a_recording_is_taken_for_none() -> None:
    for suffix in BESIDE:
        assert not suffix.endswith((*SUFFIXES, PART_SUFFIX))
        assert not is_stored_name(f"cat.mp4{suffix}")


@pytest.mark.parametrize(
    ("name", "files", "others", "expected"),
    [
        ("a.mp4", ["a.mp4"], [], ["a.mp4"]),
        ("a.mp4", ["a.001.mp4"], [], ["a.mp4", "a.001.mp4"]),
        ("a_recovered.mp4", ["a_recovered.mp4"], [], ["a_recovered.mp4", "a.mp4"]),
        ("a_recovered.mp4", ["a_recovered.mp4"], ["a.mp4"], ["a_recovered.mp4"]),
        (
            "a.mp4",
            ["a.001.mp4", "a.002_recovered.mp4"],
            ["a.002.mp4"],
            ["a.mp4", "a.001.mp4", "a.002_recovered.mp4"],
        ),
    ],
)
def test_what_has_an_earlier_name_belongs_to_it_unless_it_is_anothers(
    name: str, files: list[str], others: list[str], expected: list[str]
) -> None:
    found = set(of_recording(name, files, others.__contains__))
    of_files = {file + suffix for file in files for suffix in OF_FILE}
    assert found == {one + suffix for one in expected for suffix in OF_RECORDING} | of_files


def unfinished(folder: Path) -> tuple[Path, io.FileIO]:
    part, file = create_part(folder, "cat", ".mp4")
    for suffix in OF_FILE:
        (folder / f"cat.mp4{suffix}").write_text(suffix)
    return part, file


@pytest.mark.parametrize("name", ["cat.mp4", "cat.001.mp4", "cat_recovered.mp4"])
def test_what_belongs_to_a_file_is_renamed_with_it(tmp_path: Path, name: str) -> None:
    part, file = unfinished(tmp_path)
    with file:
        publish(file, part, name)
    expected = {name, *(name + suffix for suffix in OF_FILE)}
    assert {path.name for path in tmp_path.iterdir()} == expected


def test_what_belongs_to_a_file_goes_with_it(tmp_path: Path) -> None:
    part, file = unfinished(tmp_path)
    file.close()
    remove(part)
    remove(part)
    assert not list(tmp_path.iterdir())
