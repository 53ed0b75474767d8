from __future__ import annotations

import itertools
import time

import pytest

from pet_stream.errors import BadName
from pet_stream.recording.names import (
    MAX_NAME_CHARS,
    MAX_STORED_CHARS,
    automatic_stem,
    composite_of,
    is_recovered,
    is_stored_name,
    numbered,
    recovered_name,
    requested_name,
    start_time_in,
    stored_name,
)

NOT_PLAIN = [
    "",
    ".",
    "..",
    ".h264",
    "../evil",
    "..\\evil",
    "a/../../evil",
    "sub/name",
    "/etc/passwd",
    "/tmp/name.h264",
    "~/name",
    "C:name",
    ".hidden",
    ".hidden.h264",
    "-rf",
    "na\0me",
    "name.h264\0",
    "\0name.h264",
    "name\n",
    "name.h264\n",
    "\nname",
    "na\tme",
    "na\u2024me",  # one dot leader
    "na\u2215me",  # division slash
    "na\uff0fme",  # fullwidth solidus
    "n\u0430me",  # Cyrillic a
    "na\u0308me",  # combining diaeresis
    "name\u200b",  # zero width space
    "na\u202eme",  # right-to-left override
    "name\u0661",  # Arabic-Indic digit one
    "name\ud800",  # lone surrogate
    "naïve",
    "na%me",
    "na%2fme",
    "na%252fme",
    "na$me",
    "na;me",
    "na*me",
    "na?me",
    "na|me",
    "na<me",
    "na:me",
    "name:stream.mp4",
    "na'me",
    '"name"',
    "..name",
    "name..h264",
    "name.h264.",
    "name.h264 ",
    " name",
    "\uff0e\uff0e/name",  # fullwidth full stops
]


@pytest.mark.parametrize(
    "text", [*NOT_PLAIN, "name.", "name ", "two words", "movie.mp4", "a.b", "NAME.H264", "n.H264"]
)
def test_a_request_can_not_name_anything_but_a_plain_file(text: str) -> None:
    with pytest.raises(BadName) as refused:
        requested_name(text, ".h264")
    assert refused.value.http_status == 400
    assert refused.value.code == "bad_name"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cat", "cat.h264"),
        ("cat.h264", "cat.h264"),
        ("Cat_2024-05-01", "Cat_2024-05-01.h264"),
        ("_", "_.h264"),
        ("7", "7.h264"),
        ("h264", "h264.h264"),
        ("a" * (MAX_NAME_CHARS - 5), "a" * (MAX_NAME_CHARS - 5) + ".h264"),
    ],
)
def test_a_requested_name_comes_with_or_without_its_ending(text: str, name: str) -> None:
    assert requested_name(text, ".h264") == name


@pytest.mark.parametrize("text", ["a" * (MAX_NAME_CHARS - 4), "a" * MAX_NAME_CHARS, "a" * 100_000])
def test_an_overlong_name_is_refused(text: str) -> None:
    with pytest.raises(BadName):
        requested_name(text, ".h264")


@pytest.mark.parametrize("length", [MAX_STORED_CHARS - 4, 100_000])
def test_no_stored_name_is_overlong(length: int) -> None:
    with pytest.raises(BadName):
        stored_name("a" * length + ".h264")


def test_the_longest_name_can_be_stored_in_several_files_and_recovered() -> None:
    name = requested_name("a" * (MAX_NAME_CHARS - 5), ".h264")
    first = name.removesuffix(".h264") + ".001.h264"
    assert stored_name(recovered_name(first))
    assert composite_of(recovered_name(first)) == (name, 1)
    assert is_recovered(recovered_name(first))
    assert not is_recovered(first)


@pytest.mark.parametrize(
    ("name", "composite"),
    [
        ("cat.001.mp4", ("cat.mp4", 1)),
        ("cat.1000.mp4", ("cat.mp4", 1000)),
        ("cat.012_recovered.mp4", ("cat.mp4", 12)),
        ("cat.012_recovered_2.mp4", ("cat.mp4", 12)),
        ("cat_001.mp4", None),
        ("cat.2.mp4", None),
        ("cat.00001.mp4", None),
        ("cat .001.mp4", None),
        ("cat.mp4", None),
        (".001.mp4", None),
        ("recording_20240501_120000.mp4", None),
        ("recording_20240501_120000_2.003.mp4", ("recording_20240501_120000_2.mp4", 3)),
    ],
)
def test_the_files_of_a_recording_are_numbered(
    name: str, composite: tuple[str, int] | None
) -> None:
    assert composite_of(name) == composite


@pytest.mark.parametrize("ending", [".001", "_recovered", "_2.007_recovered", "_recovered_2"])
def test_numbered_and_repaired_files_tell_the_time_of_their_recording(ending: str) -> None:
    name = "recording_20240501_120000"
    assert start_time_in(f"{name}{ending}.mp4") == start_time_in(f"{name}.mp4")


@pytest.mark.parametrize(
    "text",
    [
        *NOT_PLAIN,
        "name",
        "name.txt",
        "name.h264.part",
        "name.jpg",
        "name.H264",
        "name.Mp4",
        "name .h264",
        "h264",
    ],
)
def test_a_stored_name_is_that_of_a_recording(text: str) -> None:
    assert not is_stored_name(text)
    with pytest.raises(BadName):
        stored_name(text)


@pytest.mark.parametrize(
    "text",
    ["cat.h264", "cat.mp4", "recording_20240501_120000_2.h264", "2024.05.01 cat.mp4", "a.h264.mp4"],
)
def test_files_copied_in_by_hand_may_have_dots_and_spaces(text: str) -> None:
    assert stored_name(text) == text


def test_automatic_names_tell_local_time_and_number_the_further_ones() -> None:
    started_at = time.mktime((2024, 5, 1, 7, 8, 9, 0, 0, -1)) + 0.9
    stems = itertools.islice(numbered(automatic_stem(started_at)), 3)
    names = [f"{stem}.h264" for stem in stems]
    assert names == [
        "recording_20240501_070809.h264",
        "recording_20240501_070809_2.h264",
        "recording_20240501_070809_3.h264",
    ]
    assert all(requested_name(name, ".h264") == stored_name(name) for name in names)
    assert [start_time_in(name) for name in names] == [started_at - 0.9] * 3


@pytest.mark.parametrize(
    "name",
    [
        "cat.h264",
        "recording_20240501.h264",
        "recording_20241301_000000.h264",
        "recording_99999999_999999.h264",
        "recording_20240501_070809_.h264",
        "recording_20240501_070809_x.h264",
        "my_recording_20240501_070809.h264",
    ],
)
def test_other_names_tell_no_time(name: str) -> None:
    assert start_time_in(name) is None
