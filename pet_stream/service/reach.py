"""Whether a user can read or write a path, by owner, group and mode. Access lists are not asked."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

READ, WRITE, ENTER = 4, 2, 1
"""Bits of a mode."""


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int
    gids: frozenset[int]

    def with_groups(self, names: Iterable[str]) -> Account:
        """Returns it with further groups of this machine; others are left out."""
        known = {group.gr_name: group.gr_gid for group in grp.getgrall()}
        further = {known[name] for name in names if name in known}
        return replace(self, gids=self.gids | further)


def find_account(name: str, root: Path) -> Account | None:
    """Returns the user of that name; below another root, by its /etc/passwd. Raises OSError."""
    if root == Path("/"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            return None
        gids = frozenset(os.getgrouplist(name, found.pw_gid))
        return Account(name, found.pw_uid, found.pw_gid, gids)
    for fields in _rows(root / "etc/passwd"):
        if fields[0] == name and len(fields) >= 4:
            gid = int(fields[3])
            further = {int(g[2]) for g in _rows(root / "etc/group") if name in g[3].split(",")}
            return Account(name, int(fields[2]), gid, frozenset({gid, *further}))
    return None


def group_exists(name: str, root: Path) -> bool:
    if root != Path("/"):
        return any(fields[0] == name for fields in _rows(root / "etc/group"))
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def may(account: Account, wanted: int, found: os.stat_result) -> bool:
    """Whether it has the `wanted` bits."""
    if account.uid == 0:
        return True
    if account.uid == found.st_uid:
        return found.st_mode >> 6 & wanted == wanted
    shift = 3 if found.st_gid in account.gids else 0
    return found.st_mode >> shift & wanted == wanted


def barrier(account: Account, path: Path, wanted: int) -> Path | None:
    """Returns the path, of `path` and the folders above it, that keeps the account out; None: it
    can be reached, or is not there. Links are followed."""
    real = path.resolve()
    for each in (*reversed(real.parents), real):
        try:
            found = each.stat()
        except OSError:
            return None
        if not may(account, wanted if each == real else ENTER, found):
            return each
    return None


def _rows(path: Path) -> list[list[str]]:
    lines = path.read_text(errors="replace").splitlines() if path.is_file() else []
    return [line.split(":") for line in lines if line.count(":") >= 3]
