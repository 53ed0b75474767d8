"""Reads ICE candidates: where a viewer can be reached (RFC 8839 section 5.1). Pure text work."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from itertools import islice

from ...errors import BadCandidate

MAX_CANDIDATES = 32
"""Of one viewer, those in its offer among them."""
_MAX_LOOKED_AT = 4 * MAX_CANDIDATES
"""In one offer. Browsers also list TCP and `.local` ones, which are of no use here."""

_CANDIDATE = re.compile(
    r"([A-Za-z0-9+/]{1,32}) ([0-9]{1,5}) ([A-Za-z]{1,16}) ([0-9]{1,10}) ([!-~]{1,255}) ([0-9]{1,5})"
    r" typ (host|srflx|prflx|relay)(?: .*)?",
    re.IGNORECASE,
)


def offered_candidates(values: Sequence[str]) -> tuple[str, ...]:
    """Returns the usable ones of an offer's candidates."""
    matches = filter(None, map(_CANDIDATE.fullmatch, values[:_MAX_LOOKED_AT]))
    return tuple(islice(filter(None, map(_usable, matches)), MAX_CANDIDATES))


def usable_candidate(value: str) -> str | None:
    """Returns `value`, the text after `candidate:`, written anew from its checked parts.

    None if we could not reach it: TCP, RTCP's own, a multicast or link-local address, or a `.local`
    name. Looking up such a name takes a second, and the viewer's own checks tell its address.
    Raises BadCandidate if it is no candidate at all.
    """
    match = _CANDIDATE.fullmatch(value)
    if match is None:
        raise BadCandidate
    return _usable(match)


def _usable(match: re.Match[str]) -> str | None:
    foundation, component, transport, priority, host, port, kind = match.groups()
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name
        return None
    if "%" in host:  # an interface of the viewer's own (RFC 4007)
        return None
    is_reachable = not (address.is_multicast or address.is_unspecified or address.is_link_local)
    if component != "1" or transport.lower() != "udp" or not is_reachable:
        return None
    if not 0 < int(port) < 65536:
        return None
    return f"{foundation} 1 udp {priority} {address} {port} typ {kind.lower()}"
