"""The account file: mode 600, read when it has changed, replaced whole, no link followed."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import AccountsUnusable
from ..private_file import Version, read_private_file, replace_private_file, version_of
from .book import KEY_BYTES, Book

MAX_FILE_BYTES = 1_000_000


class BookFile:
    """One account file. Any thread, and other processes beside this one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._version: Version | None = None
        self._book = Book(b"")

    def read(self) -> Book:
        """Returns what the file holds now; with an empty key if there is none yet.

        Costs one `stat` while it has not changed. Raises AccountsUnusable.
        """
        version = self._version_on_disk()
        with self._lock:
            if version != self._version:
                self._book = Book(b"") if version is None else self._load()
                self._version = version
            return self._book

    def change(self, change: Callable[[Book], Book]) -> Book:
        """Replace what the file holds by what `change` makes of it, and return that. The file is
        made if there is none. Raises AccountsUnusable, and whatever `change` raises: then the file
        stays as it is."""
        with self._alone():
            book = self.read()
            if not book.key:
                book = Book(new_key())
            changed = change(book)
            if changed != self._book:
                self._store(changed)
            return changed

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads and processes from changing it."""
        lock_path = self._path.with_name(f".{self._path.name}.lock")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(lock_path, flags, 0o600)
        except OSError as exc:
            raise _unusable("can't be written", exc) from exc
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _version_on_disk(self) -> Version | None:
        try:
            return version_of(self._path)
        except OSError as exc:
            raise _unusable("can't be read", exc) from exc

    def _load(self) -> Book:
        try:
            text = read_private_file(self._path, MAX_FILE_BYTES)
        except OSError as exc:
            raise _unusable("can't be read", exc) from exc
        except ValueError as exc:
            raise AccountsUnusable(f"The account file {exc}") from exc
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as exc:
            raise AccountsUnusable("The account file is not JSON") from exc
        return Book.from_json(value)

    def _store(self, book: Book) -> None:
        text = json.dumps(book.to_json(), indent=1, ensure_ascii=False).encode()
        try:
            replace_private_file(self._path, text)
        except OSError as exc:
            raise _unusable("can't be written", exc) from exc


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def _unusable(what: str, exc: OSError) -> AccountsUnusable:
    return AccountsUnusable(f"The account file {what}: {exc.strerror}")
