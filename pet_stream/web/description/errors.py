"""Which errors a request can get, and which codes each status may have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from werkzeug.exceptions import default_exceptions

from ... import errors
from ...errors import PetStreamError
from ..route import Route
from .json_schema import Schema, described, record, word
from .operation import Operation

ALWAYS = (errors.Busy, errors.HostRefused, errors.OriginRefused)
"""Busy: too few file descriptors are left, or the event loop does not answer."""
WITH_RIGHT = (errors.AccountsUnusable, errors.NotAllowed, errors.NotSignedIn)
WITH_BODY = (errors.BadRequest, errors.TooLarge)
WEBSOCKET = (errors.BadRequest, errors.TooFewThreads)
UPGRADE_REQUIRED = 426

Codes = dict[int, list[str]]


def codes_of(route: Route, operation: Operation, *, is_websocket: bool) -> Codes:
    """Returns the codes of every error that the request can get, by status."""
    kinds: list[type[PetStreamError]] = [*ALWAYS, *operation.errors]
    refusals = list(operation.refusals)
    if route.right is not None:
        kinds += WITH_RIGHT
    if operation.body is not None:
        kinds += WITH_BODY
    if "<" in route.rule:
        kinds.append(errors.NotFound)
    if is_websocket:
        kinds += WEBSOCKET
        refusals.append(UPGRADE_REQUIRED)
    return _sorted({*((kind.http_status, kind.code) for kind in kinds), *map(_refusal, refusals)})


def every_code() -> Codes:
    """Returns all codes that an answer can have, by status."""
    ours = {(kind.http_status, kind.code) for kind in _descendants(PetStreamError)}
    served = {pair for pair in ours if pair[0] != PetStreamError.http_status}
    return _sorted({*served, *map(_refusal, (404, 405, 412, 415, 416, UPGRADE_REQUIRED, 428))})


def error_schema(codes: Iterable[str]) -> Schema:
    return record(
        "retry_after_s cause",
        error=described({"type": "string"}, "For a person, in English; it may change."),
        code=word(*codes),
        retry_after_s=described({"type": "integer"}, "As in `Retry-After`."),
        cause=described({"type": "string"}, "A code of what is behind it."),
    )


def _refusal(status: int) -> tuple[int, str]:
    name = default_exceptions[status]().name if status in default_exceptions else "Upgrade Required"
    return status, name.lower().replace(" ", "_")


def _sorted(pairs: set[tuple[int, str]]) -> Codes:
    return {
        status: sorted(code for other, code in pairs if other == status)
        for status in sorted({status for status, _ in pairs})
    }


def _descendants(kind: type[PetStreamError]) -> Iterator[type[PetStreamError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)
