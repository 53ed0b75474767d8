"""Runs a program under what a unit file says of system calls, without systemd.

    python -m tests.service.sandbox UNIT COMMAND...

The kernel gets the filters that systemd would load, SystemCallFilter and RestrictAddressFamilies
(systemd's src/shared/seccomp-util.c). Capabilities go by `setpriv`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_ALLOW = 0x7FFF0000
_MAX_FAMILY = 64
_EQUAL, _GREATER = 4, 6


class _Comparison(ctypes.Structure):
    """struct scmp_arg_cmp"""

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


_library = ctypes.CDLL("libseccomp.so.2")
_library.seccomp_init.restype = ctypes.c_void_p
_library.seccomp_init.argtypes = [ctypes.c_uint32]
_library.seccomp_load.argtypes = [ctypes.c_void_p]
_library.seccomp_rule_add_array.argtypes = [
    *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint),
    ctypes.POINTER(_Comparison),
]


class Filter:
    """One of seccomp's filters; of several, the strictest counts."""

    def __init__(self, otherwise: int) -> None:
        self._context = _library.seccomp_init(otherwise)

    def add(self, action: int, call: str, *comparisons: tuple[int, int, int, int]) -> None:
        number = _library.seccomp_syscall_resolve_name(call.encode())
        if number == -1:  # unknown to this machine
            return
        rows = (_Comparison * max(1, len(comparisons)))(*(_Comparison(*c) for c in comparisons))
        result = _library.seccomp_rule_add_array(
            self._context, action, number, len(comparisons), rows
        )
        assert result in (0, -errno.EDOM, -errno.EEXIST), (call, result)

    def load(self) -> None:
        assert _library.seccomp_load(self._context) == 0


def settings_of(unit: Path) -> dict[str, list[list[str]]]:
    """The words of each setting, line by line."""
    settings: dict[str, list[list[str]]] = {}
    for line in unit.read_text().splitlines():
        key, has_value, value = line.partition("=")
        if has_value and not line.startswith("#"):
            settings.setdefault(key, []).append(value.split())
    return settings


def allowed_calls(lines: list[list[str]]) -> set[str]:
    """What SystemCallFilter allows by its first line and the others, which add or deny (`~`)."""
    allowed = set(_calls("@default"))  # systemd adds them
    for words in lines:
        calls = {call for word in words for call in _calls(word.lstrip("~"))}
        allowed = allowed - calls if words[0].startswith("~") else allowed | calls
    return allowed


def _calls(name: str) -> Iterator[str]:
    if not name.startswith("@"):
        yield name
        return
    listing = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter", name],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "SYSTEMD_COLORS": "0"},
    )
    for line in listing.stdout.splitlines()[1:]:
        word = line.strip()
        if word and not word.startswith("#"):
            yield from _calls(word)


def _denied(number: int) -> int:
    return 0x00050000 | number


def load_filters(settings: dict[str, list[list[str]]]) -> None:
    calls = Filter(_denied(errno.EPERM))
    for call in sorted(allowed_calls(settings["SystemCallFilter"])):
        calls.add(_ALLOW, call)
    families = Filter(_ALLOW)
    wanted = {getattr(socket, name) for name in settings["RestrictAddressFamilies"][0]}
    for family in range(_MAX_FAMILY):
        if family not in wanted:
            families.add(_denied(errno.EAFNOSUPPORT), "socket", (0, _EQUAL, family, 0))
    families.add(_denied(errno.EAFNOSUPPORT), "socket", (0, _GREATER, _MAX_FAMILY - 1, 0))
    for each in (families, calls):
        each.load()


if __name__ == "__main__":
    load_filters(settings_of(Path(sys.argv[1])))
    os.execvp(sys.argv[2], sys.argv[2:])
