"""Who decides what somebody may do, if there are no accounts: nobody, or the host."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, request
from werkzeug.exceptions import HTTPException, abort
from werkzeug.wrappers import Response

from ..admission.client_network import is_this_machine
from ..errors import NotAllowed
from ..reason import Reason
from ..rights import EVERYBODYS, Grant, Right

logger = logging.getLogger(__name__)

Authorize = Callable[[str], Any]
"""A host's own check: given the word of a right, it returns whether the current request has it, or
a response for whoever has not."""

OPEN_TO_ALL = Reason(
    "open_to_all",
    "Everybody on the network can watch, record and delete: set PET_STREAM_AUTH, or give PetStream "
    "the host's own check (authorize=)",
)
_FORWARDED = ("Forwarded", "X-Forwarded-For")


class OpenAuthority:
    """Everybody has every right. Any thread.

    Unless that `is_meant` (PET_STREAM_AUTH is `off`), it is said as soon as somebody asks who is
    not on this machine.
    """

    def __init__(self, *, is_meant: bool) -> None:
        self.name = "off" if is_meant else "open"
        self.notices: tuple[Reason, ...] = ()
        self._is_meant = is_meant

    def grant(self, right: Right) -> Grant:
        if not (self._is_meant or self.notices or _is_from_here()):
            self.notices = (OPEN_TO_ALL,)
            logger.warning("%s", OPEN_TO_ALL)
        return EVERYBODYS

    def note(self, what: str, about: str) -> None:
        pass


class HostAuthority:
    """The host's own check decides. Any thread that serves a request.

    What lasts is checked again without its request: with the same headers, after the app's own
    `before_request` functions, in a thread of ours.
    """

    name = "host"
    notices: tuple[Reason, ...] = ()

    def __init__(self, app: Flask, authorize: Authorize) -> None:
        self._app = app
        self._authorize = authorize

    def grant(self, right: Right) -> _HostGrant:
        """Raises NotAllowed when the host says no or fails, and HTTPException with its response."""
        self.check(right)
        return _HostGrant(self, right, _without_objects(request.environ))

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
            logger.error("authorize(%r) gave %r: not True, False or a response", right, verdict)
        raise NotAllowed(right.value)

    def is_still_granted(self, right: Right, environ: dict[str, Any]) -> bool:
        with self._app.request_context(environ):
            for before in self._app.before_request_funcs.get(None, ()):
                if self._app.ensure_sync(before)() is not None:
                    return False
            self.check(right)
        return True


@dataclass(frozen=True, slots=True)
class _HostGrant:
    authority: HostAuthority
    right: Right
    environ: dict[str, Any]
    holder: str = "host"
    name: str = ""
    is_owners: bool = True

    def is_valid(self) -> bool:
        try:
            return self.authority.is_still_granted(self.right, self.environ)
        except (NotAllowed, HTTPException):
            return False
        except Exception:
            logger.exception("authorize could not be asked again, so what lasts is ended")
            return False


def _is_from_here() -> bool:
    """Whether somebody on this machine asks, and not a proxy for somebody else."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return is_this_machine(request.remote_addr or "")
    except ValueError:  # a Unix socket
        return True


def _without_objects(environ: dict[str, Any]) -> dict[str, Any]:
    """Returns what the client sent and the server's names, but no sockets, streams or caches."""
    kept = {key: value for key, value in environ.items() if isinstance(value, str)}
    return {**kept, "wsgi.input": None, "wsgi.errors": None}
