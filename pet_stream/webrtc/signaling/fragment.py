"""Reads what a viewer sends after its offer over HTTP: more ICE candidates, as a fragment of SDP
(RFC 8840 section 9). Pure text work."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...errors import BadCandidate

MAX_LINES = 256
_LINE = re.compile(r"[a-z]=.*")


@dataclass(frozen=True, slots=True)
class Fragment:
    credentials: frozenset[tuple[str, str]]
    """Names and values of `ice-ufrag` and `ice-pwd`, wherever they stand."""
    candidates: tuple[tuple[str | None, str], ...]
    """The mid of the section that it belongs to, and what stands after `candidate:`. None: it
    stands before all sections."""

    def is_of(self, ice_ufrag: str, ice_password: str) -> bool:
        """Whether nothing in it is of other credentials: these would begin ICE anew (RFC 8839
        section 4.4.1.1.1)."""
        return self.credentials <= {("ice-ufrag", ice_ufrag), ("ice-pwd", ice_password)}


def parse_fragment(text: str) -> Fragment:
    """Raises BadCandidate if `text` is no fragment of SDP."""
    if text.count("\n") > MAX_LINES:
        raise BadCandidate(f"More than {MAX_LINES} lines")
    lines = [line.rstrip("\r") for line in text.split("\n")]
    lines = [line for line in lines if line]
    if not lines or not all(map(_LINE.fullmatch, lines)):
        raise BadCandidate("Not a fragment of SDP")
    mid: str | None = None
    credentials, candidates = set(), []
    for line in lines:
        if line.startswith("m="):
            mid = ""  # of no section, until its mid comes
        name, _, value = line.partition(":")
        if name == "a=mid":
            mid = value
        elif name in ("a=ice-ufrag", "a=ice-pwd"):
            credentials.add((name[2:], value))
        elif name == "a=candidate":
            candidates.append((mid, value))
    return Fragment(frozenset(credentials), tuple(candidates))
