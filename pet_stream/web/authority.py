"""Who decides what somebody may do, if there are no accounts: nobody, or the host."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import HTTPException, abort
from werkzeug.wrappers import Response

from ..errors import NotAllowed
from ..reason import Reason
from ..rights import EVERYBODYS, Grant, Right
from .nearness import is_from_here, is_operators

logger = logging.getLogger(__name__)

Authorize = Callable[[str], Any]
"""A host's own check: given the word of a right, it returns whether the current request has it, or
a response for whoever has not."""

OPEN_TO_ALL = Reason(
    "open_to_all",
    "Everybody on the network can watch, record and delete: set PET_STREAM_AUTH, or give PetStream "
    "the host's own check (authorize=)",
)

ONLY_HERE = (
    "where nobody signs in, only programs on this machine have it, which run as the user of the "
    "server or as root"
)


class OpenAuthority:
    """Everybody has every right, but only who is surely on this machine the one to operate: nobody
    else gets to see the inside of a process. Any thread.

    Unless that `is_meant` (PET_STREAM_AUTH is `off`), it is said as soon as somebody asks who is
    not on this machine.
    """

    def __init__(self, *, is_meant: bool) -> None:
        self.name = "off" if is_meant else "open"
        self.notices: tuple[Reason, ...] = ()
        self._is_meant = is_meant

    def grant(self, right: Right) -> Grant:
        """Raises NotAllowed."""
        if not (self._is_meant or self.notices or is_from_here()):
            self.notices = (OPEN_TO_ALL,)
            logger.warning("%s", OPEN_TO_ALL)
        if right is Right.OPERATE and not is_operators():
            raise NotAllowed(right.value, ONLY_HERE)
        return EVERYBODYS

    def note(self, what: str, about: str) -> None:
        pass


class HostAuthority:
    """The host's own check decides. Any thread that serves a request.

    What lasts is checked again without its request: with the same headers but no body, as a GET,
    after the app's own `before_request` functions, in a thread of ours.
    """

    name = "host"
    notices: tuple[Reason, ...] = ()

    def __init__(self, app: Flask, authorize: Authorize, url_prefix: str = "") -> None:
        self._app = app
        self._authorize = authorize
        self._asks_instead = f"{url_prefix}/api/webrtc/config"

    def grant(self, right: Right) -> _HostGrant:
        """Raises NotAllowed when the host says no or fails, and HTTPException with its response."""
        self.check(right)
        return _HostGrant(self, right, _texts(request.environ))

    def note(self, what: str, about: str) -> None:
        pass

    def check(self, right: Right) -> None:
        try:
            verdict = self._app.ensure_sync(self._authorize)(right.value)
        except HTTPException:  # abort(401): the host's answer, too
            raise
        except Exception as exc:
            logger.exception("authorize(%r) failed, so the request is refused", right.value)
            raise NotAllowed(right.value) from exc
        if verdict is True:
            return
        if isinstance(verdict, Response):
            abort(verdict)
        if verdict is not False:
            logger.error(
                "authorize(%r) gave a %s and not True, False or a response, so the request is "
                "refused",
                right.value,
                type(verdict).__name__,
            )
        raise NotAllowed(right.value)

    def is_still_granted(self, right: Right, sent: dict[str, str]) -> bool:
        with self._app.request_context(_environ_of(sent, self._asks_instead)):
            for before in self._app.before_request_funcs.get(None, ()):
                if self._app.ensure_sync(before)() is not None:
                    return False
            self.check(right)
        return True


@dataclass(frozen=True, slots=True)
class _HostGrant:
    authority: HostAuthority
    right: Right
    sent: dict[str, str]
    holder: str = ""
    name: str = ""
    is_owners: bool = True

    def is_valid(self) -> bool:
        try:
            return self.authority.is_still_granted(self.right, self.sent)
        except (NotAllowed, HTTPException):
            return False
        except Exception:
            logger.exception("authorize could not be asked again, so what lasts is ended")
            return False


def _texts(environ: dict[str, Any]) -> dict[str, str]:
    """Returns what the client sent but its body, and the server's names; no sockets, streams or
    caches."""
    kept = {key: value for key, value in environ.items() if isinstance(value, str)}
    for name in ("CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_TRANSFER_ENCODING"):
        kept.pop(name, None)
    return kept


def _environ_of(sent: dict[str, str], asks_instead: str) -> dict[str, Any]:
    """Returns the WSGI environment of such a request. One that changes something becomes GET
    `asks_instead`: a token against forged requests (Flask-WTF) is good for an hour only."""
    environ: dict[str, Any] = {**sent, "wsgi.input": BytesIO(), "wsgi.errors": sys.stderr}
    if sent.get("REQUEST_METHOD") not in ("GET", "HEAD"):
        environ |= {"REQUEST_METHOD": "GET", "PATH_INFO": asks_instead, "QUERY_STRING": ""}
    return environ
