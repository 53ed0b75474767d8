"""The settings that owners change on the page: a small file beside the recordings.

A file that can't be used is named in the log and in `/health`, and the settings have the values
that they have without it. It stays where it is until an owner saves something; then it is kept
aside. What stands in it and is no setting, perhaps of a newer version, stays in it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .config import SETTINGS
from .config_source import Source, name_of
from .errors import Busy, SettingsChanged, StorageError
from .format_version import NewerFormat, check_version
from .lifecycle import start_run
from .private_file import Version, read_private_file, replace_private_file, version_of
from .reason import NO_REASON, Reason

logger = logging.getLogger(__name__)

FILE_NAME = ".pet_stream.settings.json"
ASIDE = ".pet_stream.settings.unusable_{}.json"
"""Name of one that can't be used, with the time at which it was kept aside."""
VERSION = 1
MAX_FILE_BYTES = 16_384
DISK_TIMEOUT_S = 2.0
"""Time for a disk to say what is in the file."""
OWNERS = {setting.name: setting for setting in SETTINGS if setting.is_owners}


@dataclass(frozen=True, slots=True)
class _Content:
    """What was found at one look."""

    said: Mapping[str, object] = field(default_factory=dict)
    """By name, as it stands there."""
    fault: Reason = NO_REASON
    is_foreign: bool = False
    """It can't be read: it is kept aside before another one is written."""
    is_newer: bool = False

    @property
    def revision(self) -> str:
        """Differs when something else is said."""
        return hashlib.sha256(_json(self.said)).hexdigest()[:16]


class PageSettings:
    """The file in `folder`. Any thread may use it. Of several processes only the one that owns the
    folder may change it: the caller claims it.

    A disk that does not answer in `timeout_s` leaves what was known; `on_late` is called, in a
    thread of its own, when it has answered after all.
    """

    def __init__(
        self,
        folder: Path,
        on_late: Callable[[], object] = lambda: None,
        timeout_s: float = DISK_TIMEOUT_S,
    ) -> None:
        self.on_late = on_late
        self._folder = folder
        self._path = folder / FILE_NAME
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._changing = threading.Lock()
        self._looked: threading.Event | None = None
        self._version: Version | None = None
        self._content = _Content()

    def anew(self) -> PageSettings:
        """Returns the same, of which nothing is known yet."""
        return PageSettings(self._folder, self.on_late, self._timeout_s)

    @property
    def fault(self) -> Reason | None:
        """Returns what is wrong with the file, as of the last look."""
        return self._content.fault or None

    @property
    def revision(self) -> str:
        return self._content.revision

    def read(self) -> Source:
        """Returns what the file says, as far as it can be used. Raises nothing."""
        with self._lock:
            looked, is_mine = self._looked, self._looked is None
            if looked is None:
                looked = self._looked = threading.Event()
        if is_mine:
            try:
                start_run("pet-stream-settings", lambda _run: self._look_in_time(looked))
            except Busy:
                self._look_in_time(looked)
        if not looked.wait(self._timeout_s):
            self._version = None
            self._note(_Content(self._content.said, _fault("can't be read: the disk is silent")))
        return _source(self._content.said)

    def change(self, values: Mapping[str, object | None], revision: str | None = None) -> None:
        """Have the file say this, too, by name; None: no longer. Values are checked already.

        Raises SettingsChanged if it says something else than `revision` did, Busy while somebody
        else changes it, and StorageError; then it stays as it is.
        """
        with self._alone():
            before = self._content = self._found()
            if revision is not None and revision != before.revision:
                raise SettingsChanged
            if before.is_newer:
                raise StorageError(f"{before.fault}. Nothing was changed")
            said = {key: value for key, value in before.said.items() if key not in values}
            said |= {key: value for key, value in values.items() if value is not None}
            if (text := _json(said)) and len(text) > MAX_FILE_BYTES:
                raise StorageError("There is no room for more settings of the page")
            try:
                if before.is_foreign:
                    self._keep_aside()
                replace_private_file(self._path, text)
                self._version = version_of(self._path)
            except OSError as exc:
                raise StorageError(f"The settings can't be kept: {exc.strerror}") from exc
            self._note(_content_of(said))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._changing.acquire(timeout=self._timeout_s):
            raise Busy("The settings are just being changed")
        try:
            yield
        finally:
            self._changing.release()

    def _look_in_time(self, looked: threading.Event) -> None:
        began_s = time.monotonic()
        try:
            with self._changing:
                self._note(self._found())
        finally:
            self._looked = None
            looked.set()
        if time.monotonic() - began_s > self._timeout_s:
            self.on_late()

    def _note(self, content: _Content) -> None:
        if content.fault and content.fault != self._content.fault:
            logger.warning("%s", content.fault)
        self._content = content

    def _found(self) -> _Content:
        """Returns what the file holds now; what is known if it has not changed."""
        try:
            version = version_of(self._path)
            if version is not None and version == self._version:
                return self._content
            content = _Content() if version is None else _content_of(_parse(self._path))
            self._version = version
            return content
        except NotADirectoryError:
            return _Content()
        except NewerFormat as exc:
            return _Content(fault=_fault(f"can't be used: {FILE_NAME} {exc}"), is_newer=True)
        except (OSError, ValueError) as exc:
            what = exc.strerror if isinstance(exc, OSError) else str(exc)
            fault = _fault(f"can't be used, and have their defaults: {FILE_NAME}: {what}")
            return _Content(fault=fault, is_foreign=True)

    def _keep_aside(self) -> None:
        """Raises OSError."""
        aside = self._path.with_name(ASIDE.format(time.strftime("%Y%m%d_%H%M%S")))
        os.rename(self._path, aside)
        logger.warning("%s is kept as %s", FILE_NAME, aside.name)


def parse_page_settings(text: bytes) -> dict[str, object]:
    """Returns what such a file says, by name. Raises ValueError; NewerFormat for one of a newer
    program."""
    try:
        value: Any = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # no halves of characters
    except (ValueError, RecursionError) as exc:
        raise ValueError("is not JSON") from exc
    if not isinstance(value, dict):
        raise ValueError("is not of settings")
    check_version(value, VERSION)
    said = value.get("settings")
    if not isinstance(said, dict):
        raise ValueError("has no settings in it")
    return said


def _parse(path: Path) -> dict[str, object]:
    """It may be as open as its folder: who may write there could put another file in its place.
    Raises OSError, ValueError."""
    others_may = os.stat(path.parent).st_mode & 0o077
    return parse_page_settings(read_private_file(path, MAX_FILE_BYTES, others_may))


def _content_of(said: Mapping[str, object]) -> _Content:
    unusable = [text for name, value in said.items() if (text := _unusable(name, value))]
    if not unusable:
        return _Content(said)
    more = f" and {len(unusable) - 1} more" if len(unusable) > 1 else ""
    return _Content(said, _fault(f"are not all used: {unusable[0]}{more}"))


def _unusable(name: str, value: object) -> str:
    """Returns what is wrong with a setting; empty: nothing."""
    if name not in OWNERS:
        return f"{name[:40]!r} is not a setting of the page"
    try:
        OWNERS[name].parse(value)
    except ValueError as exc:
        return f"{name} = {str(value)[:40]!r}: expected {exc}"
    return ""


def _source(said: Mapping[str, object]) -> Source:
    values = {OWNERS[name].key: value for name, value in said.items() if not _unusable(name, value)}
    return Source("the page", values, name_of, "page")


def _fault(what: str) -> Reason:
    return Reason("page_settings", f"The settings of the page {what}")


def _json(said: Mapping[str, object]) -> bytes:
    value = {"version": VERSION, "settings": dict(sorted(said.items()))}
    return json.dumps(value, indent=1, ensure_ascii=False).encode()
