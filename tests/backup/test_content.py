"""A backup's file: what is written is read the same, and any tar can unpack it."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from pet_stream.accounts.accounts import Accounts
from pet_stream.accounts.book import Book
from pet_stream.accounts.book_file import new_key
from pet_stream.backup.content import Backup
from pet_stream.errors import BackupUnusable

MADE_AT = 1_790_000_000
STARS = ("recording_20240501_120000.mp4", "cat.h264")
SETTINGS = b"max_clients = 3\n"
PAGE = b'{"version": 1, "settings": {"keep_days": 7}}'


@pytest.fixture
def book(tmp_path: Path) -> Book:
    accounts = Accounts(tmp_path / "accounts.json")
    accounts.accept(accounts.invite("owner", name="Änna", by="test"), device="Phone")
    accounts.add_token("Script", ["view"], by="test")
    return accounts.book()


@pytest.mark.parametrize("has_book", [False, True])
@pytest.mark.parametrize("settings", [None, b"", SETTINGS])
@pytest.mark.parametrize("page", [None, PAGE])
def test_what_is_written_is_read_the_same(
    book: Book, has_book: bool, settings: bytes | None, page: bytes | None
) -> None:
    backup = Backup(book if has_book else None, settings, STARS, page)
    assert Backup.from_bytes(backup.to_bytes(MADE_AT)) == backup


def test_any_tar_can_unpack_it(book: Book) -> None:
    data = Backup(book, SETTINGS, STARS).to_bytes(MADE_AT)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = {member.name: member for member in archive}
    assert list(members) == ["pet_stream_backup.json", "accounts.json", "settings.toml"]
    assert {(each.mode, each.mtime) for each in members.values()} == {(0o600, MADE_AT)}


def test_an_older_program_reads_one_that_has_nothing_new_in_it() -> None:
    for page, version in ((None, 1), (PAGE, 2)):
        data = gzip.decompress(Backup(page_settings=page).to_bytes(MADE_AT))
        assert b'"version": %d' % version in data


@pytest.mark.parametrize("page", [b"", b"[]", b'{"version": 1}', b'{"version": 2, "settings": {}}'])
def test_settings_of_the_page_that_can_not_be_used_are_no_backup(page: bytes) -> None:
    with pytest.raises(BackupUnusable, match=r"page_settings|newer pet_stream"):
        Backup.from_bytes(Backup(page_settings=page).to_bytes(MADE_AT))


def test_the_largest_account_file_fits() -> None:
    accounts = Book(new_key())
    backup = Backup(accounts, b"#" * 65_536, tuple(f"r{n}.mp4" for n in range(20_000)))
    assert Backup.from_bytes(backup.to_bytes(MADE_AT)) == backup


def test_a_version_of_a_newer_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pet_stream.backup.content.VERSION", 3)
    newer = Backup(page_settings=PAGE).to_bytes(MADE_AT)
    monkeypatch.undo()
    with pytest.raises(BackupUnusable, match=r"^The backup was written by a newer pet_stream"):
        Backup.from_bytes(newer)
