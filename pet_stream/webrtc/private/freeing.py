"""Frees ended connections at once, without waiting for the garbage collector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aioice import stun
from aiortc import RTCDtlsTransport

from .ice import connection_of


def cut_cycles(transport: RTCDtlsTransport) -> None:
    """Call it when the connection is closed: aiortc's and aioice's parts let go of each other, and
    of tasks that were cancelled, whose tracebacks lead back. Checks that go on are ended: not
    every aioice does that, and would repeat them on the closed socket."""
    transport.remove_all_listeners()
    connection = connection_of(transport.transport)
    connection._query_consent_task = None
    for pair in getattr(connection, "_check_list", ()):
        if pair.task is not None:
            pair.task.cancel()
        pair.task = None
        vars(pair.protocol).pop("error_received", None)
    for left in ("_check_list", "_early_checks"):
        getattr(connection, left, []).clear()


async def without_traceback(request: Callable[..., Any], *args: Any, **options: Any) -> object:
    """Call aioice's `request`, and drop the traceback of its failure. That holds the transaction,
    which holds the failure: a cycle with the whole connection in it."""
    try:
        return await request(*args, **options)
    except stun.TransactionError as exc:
        raise exc.with_traceback(None) from None
