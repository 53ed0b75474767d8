"""Answers every error of ours as JSON: `{"error": text, "code": word}`."""

from __future__ import annotations

import errno
import logging
import re
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, make_response, request
from werkzeug.exceptions import (
    BadHost,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    NotFound,
    default_exceptions,
)
from werkzeug.routing.exceptions import RequestRedirect, WebsocketMismatch

from ..errors import Busy, HostRefused, NotSignedIn, PetStreamError
from .access import bearer_token, check_host
from .cors import add_cors_headers
from .current import current_stream
from .metrics import count_rejection
from .urls import relative_path

logger = logging.getLogger(__name__)

NAMESPACES = (
    "/api/webrtc/",
    "/api/recording/",
    "/api/recordings/",
    "/api/stream/",
    "/pet-stream/",
    "/whep/",
)
"""Below these a path that nobody serves is our 404; elsewhere it is the host's."""

MAX_TEXT_CHARACTERS = 500
"""Of what a host's hook gives as the reason."""


def add_error_handlers(blueprint: Blueprint) -> None:
    blueprint.register_error_handler(PetStreamError, answer_error)
    blueprint.register_error_handler(OSError, answer_os_error)
    for status in default_exceptions:  # by status: or the host's own 404 page would come first
        blueprint.register_error_handler(status, answer_http_error)
    blueprint.before_app_request(answer_unroutable)


def error_json(error: PetStreamError) -> dict[str, Any]:
    answer: dict[str, Any] = {"error": str(error) or type(error).__name__, "code": error.code}
    if error.retry_after_s is not None:
        answer["retry_after_s"] = error.retry_after_s
    if error.cause:
        answer["cause"] = error.cause
    return answer


def answer_error(error: PetStreamError) -> Response:
    count_rejection(error)
    response = jsonify(error_json(error))
    response.status_code = error.http_status
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, NotSignedIn):
        response.headers["WWW-Authenticate"] = _challenge()
    return response


def _challenge() -> str:
    """Returns how a program signs in (RFC 6750 section 3). Browsers don't ask people by it."""
    why = "" if bearer_token() is None else ', error="invalid_token"'
    return f'Bearer realm="pet_stream"{why}'


def answer_os_error(error: OSError) -> Response:
    """Without a descriptor left a view can't do its work now; what else fails is a fault, a 500."""
    if error.errno not in (errno.EMFILE, errno.ENFILE):
        raise error
    current_stream().errors.end("web", error, "a request is refused: no more files can be opened")
    return answer_error(Busy("This process can open no more files"))


def answer_http_error(error: HTTPException) -> Response:
    """Answer one of Werkzeug's errors, with the headers it brings (`Allow`, `Content-Range`).

    The host's hooks raise them, too: then the description says why (`abort(400, "…")`, Flask-WTF),
    or the answer is theirs as a whole.
    """
    if error.response is not None:
        return make_response(error.get_response(request.environ))
    if isinstance(error, InternalServerError) and error.original_exception is not None:
        current_stream().errors.note("web", error.original_exception)  # the app has logged it
    status = error.code or 500
    code = "too_large" if status == 413 else error.name.lower().replace(" ", "_")
    response = jsonify(error=_text_of(error), code=code)
    response.status_code = status
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers.add(name, value)
    return response


def _text_of(error: HTTPException) -> str:
    """Returns the description, on one line, if it is not what Werkzeug says of every such error."""
    usual = default_exceptions.get(error.code or 500, HTTPException)
    if not error.description or error.description == usual.description:
        return error.name
    words = " ".join(str(error.description).split())
    return words[:MAX_TEXT_CHARACTERS] or error.name


def answer_unroutable() -> Response | None:
    """Answer a request for one of our paths that no view serves: an unknown path or method, or a
    path that is spelled differently. None: it is the host's to answer.

    Such a request belongs to no blueprint, so that otherwise only the app's error pages would be
    asked. These are the host's and stay as they are, whatever goes wrong here.
    """
    try:
        answer = _unroutable_answer(request.routing_exception)
        if answer is None:
            return None
        check_host()
    except HostRefused as exc:
        answer = answer_error(exc)
    except Exception:  # of a host's own URL converter, say
        logger.exception("a request that nobody serves is left to the host")
        return None
    return add_cors_headers(answer)


def _unroutable_answer(error: HTTPException | None) -> Response | None:
    path = _tidied_path()
    if isinstance(error, RequestRedirect) and (served := _served_path()):
        return _redirect(served)
    if isinstance(error, MethodNotAllowed) and _is_served(path, error.valid_methods or ()):
        return answer_http_error(error)  # it would be ours with one of the methods that are allowed
    if isinstance(error, BadHost) and _is_served(path, [request.method]):
        return answer_http_error(error)
    if isinstance(error, BadHost | NotFound | WebsocketMismatch):
        prefix = current_stream().config.url_prefix
        if request.path.startswith(tuple(prefix + namespace for namespace in NAMESPACES)):
            is_mismatch = isinstance(error, WebsocketMismatch)
            return _ask_for_upgrade() if is_mismatch else answer_http_error(error)
    return None


def _redirect(path: str) -> Response:
    """Redirect by the path alone: Werkzeug's own `Location` repeats whatever stands in `Host`, and
    lacks what a proxy has stripped."""
    query = request.query_string.decode("latin-1")
    location = relative_path(path) + (query and f"?{query}")
    return Response(status=308, headers={"Location": location})


def _ask_for_upgrade() -> Response:
    """Answer an ordinary request for a WebSocket's path (RFC 9110 section 15.5.22), or the other
    way round."""
    response = jsonify(error="Upgrade Required", code="upgrade_required")
    response.status_code = 426
    response.headers["Upgrade"] = "websocket"
    return response


def _served_path() -> str | None:
    """Returns this request's path as a view of ours has it: without double slashes, or with a slash
    at the end."""
    path = _tidied_path()
    return next((p for p in (path, path + "/") if _is_served(p, [request.method])), None)


def _tidied_path() -> str:
    return re.sub("//+", "/", request.path)


def _is_served(path: str, methods: Iterable[str]) -> bool:
    """Whether a view of ours answers `path` with one of `methods`."""
    try:
        adapter = current_app.create_url_adapter(request)
    except BadHost:
        adapter = current_app.url_map.bind("localhost")
    if adapter is None:
        return False
    for method in methods:
        try:
            rule, _ = adapter.match(path, method, return_rule=True)
        except HTTPException:
            continue
        if rule.endpoint.startswith("pet_stream."):
            return True
    return False
