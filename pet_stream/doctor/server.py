"""Asks a server that runs, ours or a host's, what is to be said of it."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterable
from typing import Any

from .finding import Finding, ok, problem, warning

_FOREIGN_NAME = "rebinding.invalid"  # RFC 2606
_SERVER_CODES = {"many_processes", "gevent", "too_few_threads", "few_threads", "no_websockets"}
_ANSWER_TIMEOUT_S = 2.0
_MAX_ANSWER_BYTES = 65_536


def check_names(host: str, port: int) -> Iterable[Finding]:
    """Check whether a host that serves us there answers under a name of a different machine."""
    status, body = _ask(host, port, "/health", _FOREIGN_NAME)
    if status == 421 and body.get("code") == "host":
        yield ok("host names", f"The server on port {port} refuses names of other machines.")
    elif status == 200 and "webrtc_clients" in body:
        yield warning(
            "host names",
            f"The server on port {port} answers under any name, so that a foreign page whose name "
            "is made to point here can use the camera (DNS rebinding).",
            "Set PET_STREAM_ALLOWED_HOSTS to the names under which you open it ([]: its own).",
        )


def check_server(host: str, port: int) -> Iterable[Finding]:
    """Check what a host that serves us there says about its web server."""
    _, body = _ask(host, port, "/health")
    for finding, kind in ((problem, "reason"), (warning, "notice")):
        codes, texts = body.get(f"{kind}_codes", ()), body.get(f"{kind}s", ())
        for code, text in zip(codes, texts, strict=False):
            if code in _SERVER_CODES:
                yield finding("web server", f"{text}.", "Serve it as docs/mounting.md says.")
            elif code == "metrics_hidden":
                yield finding("metrics", f"{text}.", "Have Prometheus scrape that page, too.")


def check_sign_in(host: str, port: int) -> Iterable[Finding]:
    """Check what a host that serves us there says about who may use it."""
    _, health = _ask(host, port, "/health")
    _, session = _ask(host, port, "/pet-stream/api/session")
    if "open_to_all" in health.get("notice_codes", ()):
        yield warning(
            "sign-in",
            f"Everybody on the network may watch, record and delete on port {port}.",
            "Set PET_STREAM_AUTH, or let the host decide, as docs/rights.md says.",
        )
    if session.get("has_people") is False:
        yield warning(
            "sign-in",
            f"Nobody can sign in yet on port {port}.",
            "Make a link for the owner: pet-stream invite.",
        )


def _ask(host: str, port: int, path: str, name: str = "localhost") -> tuple[int, dict[str, Any]]:
    """Returns status and JSON of `GET path` under the host name `name`; 0 if nobody answers, or
    somebody else."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    for connection in (
        http.client.HTTPConnection(here, port, timeout=_ANSWER_TIMEOUT_S),
        http.client.HTTPSConnection(
            here, port, timeout=_ANSWER_TIMEOUT_S, context=_trusting_anybody()
        ),
    ):
        try:
            connection.request("GET", path, headers={"Host": name})
            answer = connection.getresponse()
            body = json.loads(answer.read(_MAX_ANSWER_BYTES))
        except (OSError, http.client.HTTPException, ValueError):
            continue  # it may speak HTTPS
        finally:
            connection.close()
        return (answer.status, body) if isinstance(body, dict) else (0, {})
    return 0, {}


def _trusting_anybody() -> ssl.SSLContext:
    """The certificate may be of our own, and nothing secret is sent."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
