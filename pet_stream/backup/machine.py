"""The files of one machine that a backup is made of: collects them, replaces them, removes them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from .. import page_settings
from ..accounts.accounts import Accounts, log_path
from ..accounts.book_file import BookFile
from ..config import Config
from ..errors import BackupUnusable, NotFound, StorageError
from ..library.facts import FACTS_FILE
from ..library.library import Library
from ..library.thumbnails import is_unfinished
from ..private_file import remove_private_file, replace_private_file
from ..recording.belongings import OF_FILE, OF_RECORDING
from ..recording.journal import JOURNAL_NAME
from ..recording.names import is_stored_name
from .content import Backup

_MAX_KEPT_BYTES = 4_000_000
BY = "the command line"
NO_SETTINGS = b"# Every setting has its default. pet-stream config lists them.\n"
_BESIDE = "|".join(map(re.escape, (*OF_RECORDING, *OF_FILE)))
_BELONGS_TO = re.compile(rf"(.+\.(?:mp4|h264))(?:\.part|(?:_[0-9]+)?\.unplayable)?(?:{_BESIDE})?")


@dataclass(frozen=True, slots=True)
class Restored:
    people: int = 0
    tokens: int = 0
    has_settings: bool = False
    has_page_settings: bool = False
    stars: int = 0
    missing: int = 0
    """Stars of recordings that are not here."""


class Machine:
    """The files that `config` names, and the settings' own. Nobody else may record into the folder
    while they change. For one thread.

    `known_accounts`: what may be replaced as the account file, whatever it holds.
    """

    def __init__(
        self, config: Config, settings_file: Path | None, known_accounts: Path | None = None
    ) -> None:
        self._config = config
        self._known_accounts = known_accounts
        self._settings_file = settings_file
        self._page_settings = config.record_path / page_settings.FILE_NAME
        self._library = Library(config.record_path)
        self._accounts = BookFile(config.accounts)

    def collect(self) -> Backup:
        """Raises AccountsUnusable, StorageError."""
        book = self._accounts.read()
        settings = None if self._settings_file is None else _content(self._settings_file)
        page = _content(self._page_settings)
        stars = (row.name for row in self._library.recordings() if row.is_starred)
        return Backup(book if book.key else None, settings, tuple(stars), page)

    def check(self, backup: Backup) -> None:
        """Raises BackupUnusable if there is no place for what is in it; AccountsUnusable if that of
        the account file is taken by something else, since a backup's settings may name any."""
        if backup.book is not None and self._config.accounts != self._known_accounts:
            self._accounts.read()
        if backup.settings is not None and self._settings_file is None:
            raise BackupUnusable("The backup has settings, and no file is named for them: --config")

    def replace(self, backup: Backup) -> Restored:
        """Have everything be as in `backup`, or nothing. Stars are added, none is removed: that
        might delete a recording. Raises AccountsUnusable, BackupUnusable, StorageError."""
        self.check(backup)
        try:
            with ExitStack() as undo:
                found = sum(self._star(name, undo) for name in backup.stars)
                if backup.book is not None:
                    undo.callback(_put, self._config.accounts, _content(self._config.accounts))
                    self._accounts.replace(backup.book)
                if backup.page_settings is not None:
                    undo.callback(_put, self._page_settings, _content(self._page_settings))
                    replace_private_file(self._page_settings, backup.page_settings)
                if backup.settings is not None and self._settings_file is not None:
                    self._write_settings(self._settings_file, backup.settings)
                undo.pop_all()
        except OSError as exc:
            raise StorageError(f"Nothing was restored: {exc.strerror}") from exc
        if backup.book is not None:
            Accounts(self._config.accounts).note(BY, "restores a backup")
        return Restored(
            people=len(backup.book.people) if backup.book else 0,
            tokens=len(backup.book.tokens) if backup.book else 0,
            has_settings=backup.settings is not None,
            has_page_settings=backup.page_settings is not None,
            stars=found,
            missing=len(backup.stars) - found,
        )

    def reset(self, also: Sequence[Path] = (), *, with_recordings: bool) -> list[str]:
        """Remove people, settings, what else was kept and `also`, and the recordings if they are
        meant, but nothing that is not ours. Returns what is gone. If it fails, doing it again does
        the rest. Raises StorageError."""
        gone: list[str] = []
        try:
            if self._settings_file is not None:
                self._write_settings(self._settings_file, NO_SETTINGS)  # a service names this file
                gone.append(str(self._settings_file))
            if with_recordings:
                self._library.bin.tidy()
                self._library.bin.empty()
            for path in (*self._kept(), *also, *(self._recorded() if with_recordings else ())):
                if os.path.lexists(path):
                    remove_private_file(path)
                    gone.append(str(path))
        except OSError as exc:
            raise StorageError(f"Not everything is gone: {exc.strerror}") from exc
        return gone

    def _kept(self) -> Iterator[Path]:
        accounts = self._config.accounts
        log = log_path(accounts)
        yield from (accounts, log, log.with_name(f"{log.name}.1"))
        yield accounts.with_name(f".{accounts.name}.lock")
        yield self._config.pause_file
        folder = self._config.record_path
        yield self._page_settings
        yield from sorted(folder.glob(page_settings.ASIDE.format("*")))
        yield folder / JOURNAL_NAME  # or it would record by itself

    def _recorded(self) -> Iterator[Path]:
        """Yields recordings, and what was made beside them, finished or not."""
        yield self._config.record_path / FACTS_FILE
        for path in sorted(self._config.record_path.iterdir()):
            match = _BELONGS_TO.fullmatch(path.name)
            is_ours = (match and is_stored_name(match[1])) or is_unfinished(path)
            if is_ours and stat.S_ISREG(path.lstat().st_mode):
                yield path

    def _star(self, name: str, undo: ExitStack) -> bool:
        """Set a star. Returns whether there is such a recording."""
        try:
            is_starred = self._library.find(name).is_starred
        except NotFound:
            return False
        if not is_starred:
            undo.callback(self._library.set_starred, name, False)
            self._library.set_starred(name, True)
        return True

    def _write_settings(self, path: Path, data: bytes) -> None:
        """The file keeps its mode: a service of another user may have to read it."""
        path = path.resolve()  # it may be a link to where settings are kept
        mode = 0o600
        with suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode) & ~0o022
        replace_private_file(path, data, mode)


def _content(path: Path) -> bytes | None:
    """Returns what is in the file; None if there is none. Raises StorageError."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return file.read(_MAX_KEPT_BYTES)
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise StorageError(f"{path.name} can't be read: {exc.strerror}") from exc


def _put(path: Path, data: bytes | None) -> None:
    """Have the file be as it was."""
    if data is None:
        remove_private_file(path)
    else:
        replace_private_file(path, data)
