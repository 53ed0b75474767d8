"""Limits and keeps what our own loggers say, from attach to detach."""

from __future__ import annotations

import logging

from .levels import NAME, Level, set_levels
from .recent import Recent
from .repeats import Repeats


class OwnLog(logging.Handler):
    """Attached to the logger `pet_stream`, sees what it and those below it let through. Any thread.

    A filter has to be on the very logger that a line comes from. So each of ours gets it with its
    first line, which repeats nothing.
    """

    def __init__(self, levels: tuple[Level, ...] = ()) -> None:
        super().__init__(logging.INFO)
        self._levels = levels
        self._levels_before: tuple[Level, ...] = ()
        self.recent = Recent()
        self.repeats = Repeats()
        self._limited: set[logging.Logger] = set()

    def attach(self) -> None:
        """Idempotent."""
        logging.getLogger(NAME).addHandler(self)
        self.set_levels(self._levels)

    def set_levels(self, levels: tuple[Level, ...]) -> None:
        """Have `levels` count, and those of before no more, while it is attached."""
        self._levels = levels
        set_levels(self._levels_before)
        self._levels_before = ()
        if self in logging.getLogger(NAME).handlers:
            self._levels_before = set_levels(levels)

    def detach(self) -> None:
        """Idempotent. Waits for nobody: a forked process calls it, too."""
        logging.getLogger(NAME).removeHandler(self)
        set_levels(self._levels_before)
        self._levels_before = ()
        while self._limited:
            self._limited.pop().removeFilter(self.repeats)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._take(record)
        except Exception:  # whoever logs must not fail for it
            self.handleError(record)

    def _take(self, record: logging.LogRecord) -> None:
        logger = logging.getLogger(record.name)
        if logger not in self._limited:
            self._limited.add(logger)
            logger.addFilter(self.repeats)
            self.repeats.filter(record)
        if record.levelno >= logging.WARNING:
            try:
                self.recent.add(record)
            except Exception:  # of a malformed line, or of what it names
                self.handleError(record)
        last_resort = logging.lastResort
        if last_resort and record.levelno >= last_resort.level and _is_unheard(logger, self):
            last_resort.handle(record)


def _is_unheard(logger: logging.Logger, own: OwnLog) -> bool:
    """Whether nobody has set up a log: then `logging` would print warnings, if we were not here.
    True for one of several OwnLogs."""
    handlers: list[logging.Handler] = []
    at: logging.Logger | None = logger
    while at is not None:
        handlers += at.handlers
        at = at.parent if at.propagate else None
    return handlers[0] is own and all(isinstance(handler, OwnLog) for handler in handlers)
