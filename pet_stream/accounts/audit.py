"""One line for each sign-in, invitation and deletion, in a file beside the account file."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from ..private_file import hand_over

logger = logging.getLogger(__name__)

MAX_BYTES = 1_000_000
"""Then the file becomes `.1`, in place of an older one."""
_MAX_WORD = 200
_FLAGS = (
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
)  # a pipe under that name holds nobody up


class Audit:
    """Appends lines. Any thread. What can't be written is logged once, and fails nothing."""

    def __init__(self, path: Path, now: Callable[[], datetime] | None = None) -> None:
        self._path = path
        self._now = now or (lambda: datetime.now(timezone.utc))
        self._lock = threading.Lock()
        self._has_failed = False

    def note(self, who: str, what: str, about: str = "") -> None:
        """Append `time who: what about`, one line whatever the texts hold."""
        time = self._now().isoformat(timespec="seconds")
        line = f"{time} {_word(who)}: {_word(what)} {_word(about)}".rstrip() + "\n"
        with self._lock:
            try:
                self._append(line.encode())
                self._has_failed = False
            except OSError as exc:
                if not self._has_failed:
                    logger.warning(
                        "who signs in is not noted: %s can't be written: %s",
                        self._path.name,
                        exc.strerror,
                    )
                self._has_failed = True

    def _append(self, line: bytes) -> None:
        with open(os.open(self._path, _FLAGS, 0o600), "ab") as file:
            hand_over(file.fileno(), self._path.parent)
            file.write(line)
            is_full = file.tell() > MAX_BYTES
        if is_full:
            os.replace(self._path, self._path.with_name(f"{self._path.name}.1"))


def _word(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:_MAX_WORD])
