"""Finds paths of ours that the host serves as well: Flask itself says nothing about that.

Of two equal rules the one that was registered first answers, and the other never does. Of two
different rules that match, the more specific one answers. Only the finished URL map tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RoutingException, Rule

OUR_ENDPOINTS = "pet_stream."

_VARIABLE = re.compile(r"<[^>]*>")
_SILENT_METHODS = {"HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True)
class Conflict:
    """`method` and `path` belong to two endpoints, and `loser` does not get the request."""

    method: str
    path: str
    winner: str
    loser: str

    def __str__(self) -> str:
        return (
            f"{self.method} {self.path} is answered by {self.winner}; "
            f"{self.loser} never sees it: delete one of the two routes"
        )


def find_conflicts(url_map: Map) -> tuple[Conflict, ...]:
    """Returns the conflicts between our rules and all others in the finished map of an app."""
    rules = list(url_map.iter_rules())
    ours = [rule for rule in rules if rule.endpoint.startswith(OUR_ENDPOINTS)]
    hosts = [rule for rule in rules if not rule.endpoint.startswith(OUR_ENDPOINTS)]
    return tuple(
        conflict
        for our in ours
        for theirs in hosts
        if (conflict := _conflict(url_map, our, theirs)) is not None
    )


def _conflict(url_map: Map, our: Rule, theirs: Rule) -> Conflict | None:
    methods = ((our.methods or set()) & (theirs.methods or set())) - _SILENT_METHODS
    if not methods or (our.subdomain, our.host) != (theirs.subdomain, theirs.host):
        return None
    method, path = min(methods), _VARIABLE.sub("x", our.rule)
    if not _would_serve(url_map, theirs, method, path):
        return None
    is_equal = _VARIABLE.sub("<>", our.rule) == _VARIABLE.sub("<>", theirs.rule)
    if not is_equal and ("<path:" in theirs.rule or _VARIABLE.split(theirs.rule)[0] == "/"):
        return None  # a rule for all that nobody else serves is meant to give way
    adapter = url_map.bind(our.host or "localhost", subdomain=our.subdomain)
    try:
        winner, _ = adapter.match(path, method, return_rule=True)
    except (HTTPException, RoutingException):
        return None
    loser = theirs if winner is our else our
    return Conflict(method, our.rule, winner=str(winner.endpoint), loser=str(loser.endpoint))


def _would_serve(url_map: Map, rule: Rule, method: str, path: str) -> bool:
    """Whether `rule` would answer `path` if it were alone."""
    if not path.startswith(_VARIABLE.split(rule.rule)[0]):
        return False  # seen without compiling it
    alone = Map([rule.empty()], converters=url_map.converters)
    try:
        alone.bind("localhost", subdomain=rule.subdomain).match(path, method)
    except (HTTPException, RoutingException):  # a redirect to the rule with a slash is one, too
        return False
    return True
