"""What somebody may try with a signed link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pet_stream.accounts.accounts import Accounts
from pet_stream.accounts.links import Link, read_link, write_link
from pet_stream.rights import Right

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NOW = 1_800_000_000
PATH = "/api/recordings/cat.mp4"
LINK = Link(PATH, Right.REPLAY, NOW + 100, device_id="abcdefghijkl")
TEXT = write_link(KEY, LINK)


def changed(at: int, text: str) -> str:
    parts = TEXT.split(".")
    parts[at] = text
    return ".".join(parts)


@pytest.mark.parametrize(
    "link", [LINK, replace(LINK, device_id=None, token_id="-_-_-_-_"), replace(LINK, target="")]
)
def test_a_link_reads_as_it_was_written(link: Link) -> None:
    text = write_link(KEY, link)
    assert len(text) <= 120
    assert read_link(KEY, text, link.target, NOW) == link


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "...",
        TEXT[:-1],
        TEXT[1:],
        TEXT + "A",
        TEXT + "\n",
        TEXT + "=",
        " " + TEXT,
        TEXT.upper(),
        TEXT.replace(".", "%2E"),
        TEXT * 10_000,
        "1" * 1_000_000,
        changed(0, str(NOW + 1000)),
        changed(0, f"+{NOW + 100}"),
        changed(0, f"0{NOW + 100}"),
        changed(0, f"{NOW + 100}.0"),
        changed(0, "１８００００００００"),
        changed(1, "view"),
        changed(1, "manage"),
        changed(1, "REPLAY"),
        changed(1, ""),
        changed(2, "d-abcdefghijkm"),
        changed(2, "t-abcdefghijkl"),
        changed(2, "d-"),
        changed(3, "A" * 43),
        changed(3, ""),
        changed(3, "é" * 43),
        write_link(OTHER_KEY, LINK),
        write_link(KEY, replace(LINK, target="/api/recordings/dog.mp4")),
        write_link(KEY, replace(LINK, ends_at=NOW)),
        write_link(KEY, replace(LINK, ends_at=NOW - 1)),
    ],
)
def test_a_link_that_was_changed_is_none(text: str) -> None:
    assert read_link(KEY, text, PATH, NOW) is None


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/api/recordings/cat.mp4/",
        "/api/recordings/cat.mp4/thumbnail",
        "/api/recordings/./cat.mp4",
        "/api/recordings/../recordings/cat.mp4",
        "//api/recordings/cat.mp4",
        "/api%2Frecordings%2Fcat.mp4",
        "/api/recordings/cat.mp4?x",
        "/api/recordings/cat.MP4",
        "/api/recordings/cat.mp4\0",
        "/api/recordings/cat\ud800.mp4",
        "/camera/api/recordings/cat.mp4",
    ],
)
def test_a_link_is_good_for_its_path_only(path: str) -> None:
    assert read_link(KEY, TEXT, path, NOW) is None


def test_a_link_ends() -> None:
    assert read_link(KEY, TEXT, PATH, NOW + 99) == LINK
    assert read_link(KEY, TEXT, PATH, NOW + 100) is None


def test_without_a_key_there_are_no_links() -> None:
    assert read_link(b"", TEXT, PATH, NOW) is None
    with pytest.raises(ValueError, match="no key"):
        write_link(b"", LINK)


ENDS: list[tuple[str, Callable[[Accounts, str, str], None]]] = [
    ("the device", lambda accounts, device, _: accounts.revoke("devices", device, by="test")),
    ("the person", lambda accounts, _, person: accounts.revoke("people", person, by="test")),
    ("everything", lambda accounts, _, __: accounts.revoke_all(by="test")),
]


@pytest.mark.parametrize(("what", "revoke"), ENDS, ids=[what for what, _ in ENDS])
def test_a_link_ends_with_whoever_made_it(
    tmp_path: Path, what: str, revoke: Callable[[Accounts, str, str], None]
) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    anna = accounts.accept(accounts.invite("family", name="Anna", by="test"), device="A").visitor
    text = accounts.make_link(PATH, Right.REPLAY, 60, by=anna)
    assert accounts.by_link(text, PATH, Right.REPLAY) == anna
    assert accounts.by_link(text, PATH, Right.VIEW) is None
    assert anna.device_id is not None
    assert anna.person_id is not None
    revoke(accounts, anna.device_id, anna.person_id)
    assert accounts.by_link(text, PATH, Right.REPLAY) is None


def test_a_link_gives_no_right_that_its_maker_has_not(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "accounts.json")
    guest = accounts.accept(accounts.invite("guest", name="Ben", by="test"), device="B").visitor
    text = accounts.make_link(PATH, Right.REPLAY, 60, by=guest)
    assert accounts.by_link(text, PATH, Right.REPLAY) is None
