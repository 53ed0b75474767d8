from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pet_stream.accounts.book import MAX_PEOPLE, Book, Person
from pet_stream.accounts.book_file import MAX_FILE_BYTES, BookFile, new_key
from pet_stream.errors import AccountsUnusable
from tests.waiting import TIMEOUT_S

ANNA: dict[str, Any] = {
    "id": "anna-id",
    "name": "Anna",
    "role": "owner",
    "added_at": 1000,
    "ends_at": None,
    "password_hash": None,
}


def book_json(**changes: object) -> dict[str, object]:
    return {**Book(new_key()).to_json(), "people": [ANNA], **changes}


def hashed(method: str) -> str:
    """A password's hash as Werkzeug writes it."""
    return f"{method}$A58FNPkezmuSmqTl${'ed' * 64}"


def write(path: Path, value: object, mode: int = 0o600) -> None:
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    path.chmod(mode)


def add_person(book: Book, number: int) -> Book:
    person = Person.from_json({**ANNA, "id": f"id-{number}", "name": f"Person {number}"})
    return replace(book, people=(*book.people, person))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.json"


def test_what_is_written_is_read_again(path: Path) -> None:
    written = BookFile(path).change(lambda book: add_person(book, 1))
    assert BookFile(path).read() == written
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(written.key) == 32


def test_without_a_file_there_is_nobody(path: Path) -> None:
    assert BookFile(path).read() == Book(b"")
    assert not path.exists()


def test_a_change_of_another_process_is_seen(path: Path) -> None:
    here, there = BookFile(path), BookFile(path)
    here.change(lambda book: add_person(book, 1))
    assert len(here.read().people) == 1
    there.change(lambda book: add_person(book, 2))
    assert [person.name for person in here.read().people] == ["Person 1", "Person 2"]
    path.unlink()
    assert here.read() == Book(b"")


def test_changes_at_the_same_time_are_all_kept(path: Path) -> None:
    def change(number: int) -> None:
        BookFile(path).change(lambda book: add_person(book, number))

    threads = [threading.Thread(target=change, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(BookFile(path).read().people) == 20
    assert sorted(os.listdir(path.parent)) == [".accounts.json.lock", "accounts.json"]


def test_a_change_that_fails_changes_nothing(path: Path) -> None:
    file = BookFile(path)
    before = file.change(lambda book: add_person(book, 1))

    def fail(book: Book) -> Book:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        file.change(fail)
    assert file.read() == before


@pytest.mark.parametrize(
    "value",
    [
        "",
        "{",
        "[]",
        "null",
        "[" * 100_000,
        book_json(version=2),
        book_json(key=""),
        book_json(key="AAAA"),
        book_json(key=7),
        book_json(people={}),
        book_json(people=[None]),
        book_json(people=[{}]),
        book_json(people=[{**ANNA, "more": 1}]),
        book_json(people=[{**ANNA, "name": ""}]),
        book_json(people=[{**ANNA, "name": "a\x1b[31m"}]),
        book_json(people=[{**ANNA, "name": "a" * 51}]),
        book_json(people=[{**ANNA, "role": "root"}]),
        book_json(people=[{**ANNA, "role": ["owner"]}]),
        book_json(people=[{**ANNA, "added_at": -1}]),
        book_json(people=[{**ANNA, "added_at": True}]),
        book_json(people=[{**ANNA, "ends_at": 1e9}]),
        book_json(people=[{**ANNA, "ends_at": 2**70}]),
        book_json(people=[{**ANNA, "password_hash": "md5:x"}]),
        book_json(people=[{**ANNA, "password_hash": hashed("scrypt:scrypt:16384:8:1")}]),
        book_json(people=[{**ANNA, "password_hash": hashed("scrypt:6384:8:1")}]),
        book_json(people=[{**ANNA, "password_hash": hashed("scrypt:1073741824:8:1")}]),
        book_json(people=[ANNA, ANNA]),
        book_json(people=[{**ANNA, "id": f"anna-{n}"} for n in range(MAX_PEOPLE + 1)]),
        book_json(tokens=[{"id": "a"}]),
        book_json(devices="x"),
        json.dumps(book_json(note="x" * MAX_FILE_BYTES)),
    ],
    ids=range(31),
)
def test_a_broken_file_lets_nobody_in_and_stays_as_it_is(path: Path, value: object) -> None:
    write(path, value)
    before = path.read_text()
    with pytest.raises(AccountsUnusable):
        BookFile(path).read()
    with pytest.raises(AccountsUnusable):
        BookFile(path).change(lambda book: add_person(book, 1))
    assert path.read_text() == before


def test_a_file_that_was_mended_is_read_again(path: Path) -> None:
    file = BookFile(path)
    write(path, "{")
    with pytest.raises(AccountsUnusable):
        file.read()
    write(path, book_json())
    assert [person.name for person in file.read().people] == ["Anna"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_may_read_is_refused(path: Path, mode: int) -> None:
    write(path, book_json(), mode)
    with pytest.raises(AccountsUnusable, match="chmod 600"):
        BookFile(path).read()


def test_no_link_is_followed(tmp_path: Path, path: Path) -> None:
    other = tmp_path / "other.json"
    write(other, book_json())
    path.symlink_to(other)
    with pytest.raises(AccountsUnusable):
        BookFile(path).read()
    path.unlink()
    (tmp_path / ".accounts.json.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AccountsUnusable):
        BookFile(path).change(lambda book: add_person(book, 1))
    assert not (tmp_path / "elsewhere").exists()


def test_a_pipe_or_a_folder_under_the_name_blocks_nobody(path: Path) -> None:
    os.mkfifo(path, 0o600)
    with pytest.raises(AccountsUnusable):
        BookFile(path).read()
    path.unlink()
    path.mkdir()
    with pytest.raises(AccountsUnusable):
        BookFile(path).read()


def test_a_full_disk_is_told_and_loses_nothing(path: Path) -> None:
    import resource

    file = BookFile(path)
    before = file.change(lambda book: add_person(book, 1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(AccountsUnusable):
            file.change(lambda book: add_person(book, 2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert BookFile(path).read() == before
    assert sorted(os.listdir(path.parent)) == [".accounts.json.lock", "accounts.json"]


def test_who_is_stuck_with_the_lock_keeps_nobody_waiting(path: Path) -> None:
    with path.with_name(f".{path.name}.lock").open("w") as stuck:
        fcntl.flock(stuck, fcntl.LOCK_EX)
        book_file = BookFile(path, lock_timeout_s=0.05)
        with ThreadPoolExecutor(8) as pool:
            changes = [pool.submit(book_file.change, lambda b: add_person(b, 1)) for _ in range(8)]
            for change in changes:
                with pytest.raises(AccountsUnusable, match="by somebody else"):
                    change.result(TIMEOUT_S)
    assert book_file.change(lambda book: add_person(book, 1)).people


def test_a_child_that_was_forked_meanwhile_does_not_keep_the_lock(path: Path) -> None:
    children = []

    def fork(book: Book) -> Book:
        child = os.fork()
        if not child:
            signal.pause()
        children.append(child)
        return add_person(book, 1)

    BookFile(path).change(fork)
    try:
        BookFile(path, lock_timeout_s=TIMEOUT_S).change(lambda book: add_person(book, 2))
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def test_a_file_that_is_opened_to_others_is_refused_at_once(path: Path) -> None:
    book_file = BookFile(path)
    book_file.change(lambda book: add_person(book, 1))
    assert book_file.read().people
    path.chmod(0o644)
    with pytest.raises(AccountsUnusable, match="chmod 600"):
        book_file.read()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("is_first", [True, False])
def test_what_root_writes_is_for_the_service(path: Path, is_first: bool) -> None:
    """`sudo pet-stream invite` would lock everybody out otherwise."""
    service = 12345
    if is_first:
        os.chown(path.parent, service, service)
    else:
        write(path, book_json())
        os.chown(path, service, service)
    try:
        BookFile(path).change(lambda book: add_person(book, 1))
        assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (service, 0o600)
        if is_first:
            assert path.with_name(f".{path.name}.lock").stat().st_uid == service
    finally:
        os.chown(path.parent, 0, 0)
