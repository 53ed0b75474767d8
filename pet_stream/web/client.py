"""Whether anybody still waits for the answer."""

from __future__ import annotations

import select
from collections.abc import Mapping

from ..websocket.loop_socket import SOCKET_KEYS


def has_client_gone(environ: Mapping[str, object]) -> bool:
    """Whether the connection of this request has been closed; False where that can't be told.

    A client that has sent the whole request and closes its half only is taken for gone, too: none
    that is known does that and reads on.
    """
    server_socket = next((environ[key] for key in SOCKET_KEYS if key in environ), None)
    if server_socket is None:
        return False
    poll = select.poll()
    poll.register(server_socket, select.POLLRDHUP)  # type: ignore[arg-type]
    return bool(poll.poll(0))
