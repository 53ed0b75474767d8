"""Files of a newer program are neither misread nor lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pet_stream.accounts.book import VERSION as BOOK_VERSION
from pet_stream.accounts.book import Book
from pet_stream.accounts.book_file import BookFile, new_key
from pet_stream.errors import AccountsUnusable, StorageError
from pet_stream.format_version import NewerFormat, check_version
from pet_stream.pause.choice import VERSION as CHOICE_VERSION
from pet_stream.pause.choice import Choice, load, store
from pet_stream.pause.pause import Pause


def test_every_version_up_to_the_known_one_is_taken() -> None:
    assert [check_version({"version": found}, 3) for found in (1, 2, 3)] == [1, 2, 3]
    assert check_version({}, 3, unmarked=1) == 1


def test_a_newer_one_is_told_with_what_to_do() -> None:
    with pytest.raises(NewerFormat, match=r"newer pet_stream \(version 4 .*, and 3 is.* move"):
        check_version({"version": 4}, 3, unmarked=1)


@pytest.mark.parametrize("found", [0, -1, "1", None, True, 1.0, [1]])
def test_what_is_no_version_is_refused(found: object) -> None:
    with pytest.raises(ValueError, match="has no version") as refused:
        check_version({"version": found}, 3, unmarked=1)
    assert not isinstance(refused.value, NewerFormat)


def test_a_newer_account_file_lets_nobody_in_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    newer = {**Book(new_key()).to_json(), "version": BOOK_VERSION + 1, "people": {"new": "form"}}
    path.write_text(json.dumps(newer))
    path.chmod(0o600)
    before = path.read_text()
    for use in (BookFile(path).read, lambda: BookFile(path).change(lambda book: book)):
        with pytest.raises(AccountsUnusable, match="was written by a newer pet_stream"):
            use()
    assert path.read_text() == before


def write_newer_pause(path: Path) -> str:
    newer = json.dumps({"version": CHOICE_VERSION + 1, "paused": False, "zones": ["garden"]})
    path.write_text(newer)
    path.chmod(0o600)
    return newer


def test_a_newer_pause_file_means_a_pause_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Who knows what it says? Nobody shall be seen who has asked for the opposite."""
    path = tmp_path / "pause.json"
    write_newer_pause(path)
    pause = Pause(path)
    pause.look()
    assert pause.state.cause == "unreadable"
    assert "was written by a newer pet_stream" in caplog.text


@pytest.mark.parametrize("begins", [True, False])
def test_a_choice_by_hand_counts_but_does_not_overwrite_it(tmp_path: Path, begins: bool) -> None:
    path = tmp_path / "pause.json"
    newer = write_newer_pause(path)
    pause = Pause(path)
    pause.look()
    with pytest.raises(StorageError, match=r"not after a restart: .* newer pet_stream"):
        pause.begin() if begins else pause.end()
    assert pause.is_on == begins
    assert path.read_text() == newer


def test_a_pause_of_the_first_version_had_none_in_its_file(tmp_path: Path) -> None:
    path = tmp_path / "pause.json"
    path.write_text('{"paused": true, "ends_at": null}')
    path.chmod(0o600)
    assert load(path) == Choice(paused=True)
    store(path, Choice(paused=True, ends_at=5.0))
    assert json.loads(path.read_text()) == {"version": 1, "paused": True, "ends_at": 5.0}
