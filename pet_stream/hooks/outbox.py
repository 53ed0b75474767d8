"""What is not delivered yet: a bounded queue for each URL, in one file, beyond a restart."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from .event import Event

T = TypeVar("T")

logger = logging.getLogger(__name__)

MAX_EVENTS = 1000
"""For each URL. One more, and the oldest is dropped."""
_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL; -- a power cut may take the newest; no event waits for the disk
CREATE TABLE IF NOT EXISTS waiting (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL,
    id TEXT NOT NULL,
    at REAL NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS by_url ON waiting (url, number);
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that waits for one URL."""

    number: int
    id: str
    at: float
    """When it happened, epoch seconds."""
    body: bytes


class Outbox:
    """The letters of all URLs, in the order in which they were put. Any thread.

    A file that can't be used, because it is damaged or the disk is full, is left as it is, and what
    waits in it, as far as it can be read, and what comes is kept in memory until the process ends.
    Where it can be read again at the next start, what was sent meanwhile is sent once more.
    """

    def __init__(self, path: Path, max_events: int = MAX_EVENTS) -> None:
        self._path = path
        self._max_events = max_events
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self.waiting_count = 0
        """Letters, as of the last change."""
        self.dropped_count = 0
        """Letters that gave way to newer ones."""

    def put(self, event: Event, urls: Collection[str]) -> None:
        body = event.to_json()
        for url in urls:
            self._change(partial(self._put, event, body, url))

    def first(self, url: str) -> Letter | None:
        """Returns the oldest letter for `url`."""
        query = "SELECT number, id, at, body FROM waiting WHERE url = ? ORDER BY number LIMIT 1"
        row = self._do(lambda database: database.execute(query, (url,)).fetchone())
        return None if row is None else Letter(*row)

    def remove(self, letter: Letter) -> None:
        statement = "DELETE FROM waiting WHERE number = ?"
        self._change(lambda database: database.execute(statement, (letter.number,)))

    def forget_others(self, urls: Collection[str]) -> None:
        """Drop the letters of URLs that the settings don't name any more."""
        statement = f"DELETE FROM waiting WHERE url NOT IN ({', '.join('?' * len(urls))})"
        self._change(lambda database: database.execute(statement, (*urls,)))

    def close(self, timeout_s: float = 1.0) -> None:
        """Unless a thread in it waits for the disk. Idempotent; it opens again by itself."""
        if self._lock.acquire(timeout=timeout_s):
            try:
                database, self._database = self._database, None
                if database is not None:
                    database.close()
            finally:
                self._lock.release()

    def _put(self, event: Event, body: bytes, url: str, database: sqlite3.Connection) -> None:
        database.execute(
            "INSERT INTO waiting (url, id, at, body) VALUES (?, ?, ?, ?)",
            (url, event.id, event.at, body),
        )
        dropped = database.execute(
            "DELETE FROM waiting WHERE url = ?1 AND number NOT IN "
            "(SELECT number FROM waiting WHERE url = ?1 ORDER BY number DESC LIMIT ?2)",
            (url, self._max_events),
        )
        self.dropped_count += dropped.rowcount

    def _change(self, task: Callable[[sqlite3.Connection], object]) -> None:
        def change(database: sqlite3.Connection) -> int:
            task(database)
            [count] = database.execute("SELECT count(*) FROM waiting").fetchone()
            return int(count)

        self.waiting_count = self._do(change)

    def _do(self, task: Callable[[sqlite3.Connection], T]) -> T:
        """Returns what `task` returns, all of which is done or nothing; in memory, if the file
        can't be used."""
        with self._lock:
            try:
                with self._open() as database:
                    return task(database)
            except sqlite3.Error as exc:
                self._give_up_file(exc)
                with self._open() as database:
                    return task(database)

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            try:
                flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
                os.close(os.open(self._path, flags, 0o600))
            except OSError as exc:
                raise sqlite3.OperationalError(exc.strerror) from exc
            self._database = _connect(str(self._path))
        return self._database

    def _give_up_file(self, error: sqlite3.Error) -> None:
        logger.error(
            "webhooks that wait are kept in memory only: %s can't be used: %s", self._path, error
        )
        database, self._database = self._database, _connect(":memory:")
        if database is not None:
            with contextlib.suppress(sqlite3.Error), self._database as memory:
                rows = database.execute("SELECT * FROM waiting").fetchall()
                memory.executemany("INSERT INTO waiting VALUES (?, ?, ?, ?, ?)", rows)
            database.close()


def _connect(name: str) -> sqlite3.Connection:
    database = sqlite3.connect(name, timeout=1.0, check_same_thread=False)
    try:
        database.executescript(_SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database
