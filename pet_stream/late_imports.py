"""aiortc without what is never used of it: FFmpeg above all.

aiortc imports av, and with it FFmpeg and its encoders, for names in annotations and for codecs that
nobody needs where H.264 is passed through; a DNS library for `.local` candidates, which are dropped
(`webrtc/offer.py`); a checksum for data channels. That is 20 MB, and half of its import time. While
aiortc is imported here, their names stand for what is loaded at its first use.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

logger = logging.getLogger(__name__)

IMPORT_TIMEOUT_S = 30.0

_LATE = frozenset(
    {
        "av",
        "google_crc32c",
        "dns.flags",
        "dns.message",
        "dns.name",
        "dns.rdata",
        "dns.rdataset",
        "dns.rdatatype",
        "dns.zone",
    }
)
"""What is late, with all modules inside."""

_IMPORTERS = frozenset({"aiortc", "aioice"})


def import_aiortc() -> None:
    """Import aiortc. Raises ImportError. Any thread, one at a time.

    What is loaded already stays as it is. If a release does more with the others at its import than
    naming them, it is imported once more with all of them.
    """
    if "aiortc" not in sys.modules:
        try:
            with _standing_in():
                import_module("aiortc")
            return
        except Exception as exc:  # whatever it stumbled over; what is really wrong is raised below
            logger.debug("aiortc wants everything at once", exc_info=exc)
            for name in [name for name in sys.modules if name.partition(".")[0] in _IMPORTERS]:
                del sys.modules[name]
    import_module("aiortc")


@contextmanager
def _standing_in() -> Iterator[None]:
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if _is_late(name)]:
            del sys.modules[name]
        finder.is_over.set()


class _Finder(MetaPathFinder, Loader):
    """Finds what is late."""

    def __init__(self) -> None:
        self.is_over = threading.Event()
        self._importing_thread = threading.get_ident()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in _LATE or _is_late(name.rpartition(".")[0]):
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _LateModule(spec.name, self)

    def exec_module(self, module: ModuleType) -> None:
        """Not before it is used."""

    def load(self, name: str) -> ModuleType:
        """The real module. Another thread that came by meanwhile waits until aiortc is imported.

        Raises ImportError for who imports aiortc: too early.
        """
        is_importing = threading.get_ident() == self._importing_thread
        if not self.is_over.wait(0 if is_importing else IMPORT_TIMEOUT_S):
            raise ImportError(f"{name} is needed before aiortc is imported")
        return import_module(name)


class _LateModule(ModuleType):
    def __init__(self, name: str, finder: _Finder) -> None:
        super().__init__(name)
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if self._finder.is_over.is_set():
            return getattr(self._finder.load(self.__name__), name)
        return _LateClass(name, (), {"_finder": self._finder, "_module": self.__name__})


class _LateClass(type):
    """What `from av import …` gave to aiortc: the class, or function, once it is used."""

    _finder: _Finder
    _module: str

    def __call__(cls, *arguments: Any, **options: Any) -> Any:
        return cls._real()(*arguments, **options)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls._real(), name)

    def __instancecheck__(cls, instance: object) -> bool:
        """Without loading anything: as long as nobody has, there are no instances."""
        if cls._module not in sys.modules or _is_late(cls._module):
            return False
        return isinstance(instance, cls._real())

    def _real(cls) -> Any:
        return getattr(cls._finder.load(cls._module), cls.__name__)


def _is_late(name: str) -> bool:
    return isinstance(sys.modules.get(name), _LateModule)
