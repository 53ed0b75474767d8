"""The account file: mode 600, read when it has changed, replaced whole, no link followed."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import AccountsUnusable
from ..private_file import (
    Version,
    hand_over,
    read_private_file,
    replace_private_file,
    version_of,
)
from .book import KEY_BYTES, Book

MAX_FILE_BYTES = 1_000_000

LOCK_TIMEOUT_S = 5.0
"""Then whoever else changes the file is taken to be stuck."""
_LOOK_S = 0.01


class BookFile:
    """One account file. Any thread, and other processes beside this one."""

    def __init__(self, path: Path, lock_timeout_s: float = LOCK_TIMEOUT_S) -> None:
        self._path = path
        self._lock_timeout_s = lock_timeout_s
        self._turn = threading.Lock()
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

    def replace(self, book: Book) -> None:
        """Have the file hold `book`, whatever it holds now, even if that can't be read. Raises
        AccountsUnusable; then it stays as it is."""
        with self._alone():
            self._store(book)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads and processes from changing it. Raises AccountsUnusable."""
        deadline_s = time.monotonic() + self._lock_timeout_s
        if not self._turn.acquire(timeout=self._lock_timeout_s):
            raise _locked()
        try:
            descriptor = self._open_lock()
            try:
                _lock(descriptor, deadline_s)
                yield
            finally:
                with suppress(OSError):  # closing alone would leave it to a forked child
                    fcntl.flock(descriptor, fcntl.LOCK_UN)
                os.close(descriptor)
        finally:
            self._turn.release()

    def _open_lock(self) -> int:
        lock_path = self._path.with_name(f".{self._path.name}.lock")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(lock_path, flags, 0o600)
            hand_over(descriptor, self._path.parent)
            return descriptor
        except OSError as exc:
            raise _unusable("can't be written", exc) from exc

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


def _lock(descriptor: int, deadline_s: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # noqa: PERF203 (it waits in any case)
            if time.monotonic() > deadline_s:
                raise _locked() from None
            time.sleep(_LOOK_S)
        except OSError as exc:  # a file system without locks
            raise _unusable("can't be locked", exc) from exc


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def _locked() -> AccountsUnusable:
    return AccountsUnusable("The account file is being changed by somebody else")


def _unusable(what: str, exc: OSError) -> AccountsUnusable:
    return AccountsUnusable(f"The account file {what}: {exc.strerror}")
