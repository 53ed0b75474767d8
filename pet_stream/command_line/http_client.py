"""Asks a server of ours over HTTP, for commands that work from anywhere.

What the server sends is bounded in size and in time. The token goes to the named host only: a
redirect elsewhere is an error.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from .failures import Failure, Refused, Unreachable
from .trust import BY_AUTHORITIES, Trust

DEFAULT_TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 1_000_000
MAX_REDIRECTS = 3
_PORTS = {"http": 80, "https": 443}
_NO_ADDRESS = "not an address such as http://127.0.0.1:8080"
_REDIRECTS = (301, 302, 303, 307, 308)
_TOKEN = re.compile(r"[!-~]{1,500}")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str
    body: bytes

    def json(self) -> Any:
        """Raises ValueError."""
        try:
            return json.loads(self.body)
        except RecursionError as exc:
            raise ValueError("nested too deeply") from exc


class Client:
    """Asks the server at the base address `url`, as the program whose token this is.

    Belongs to one thread. `timeout_s` is for each answer as a whole.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        trust: Trust = BY_AUTHORITIES,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> None:
        """Raises ValueError, which says what is wrong with the address or the token."""
        self.url = base_url(url)
        if token is not None and not _TOKEN.fullmatch(token):
            raise ValueError("PET_STREAM_TOKEN is not a token: pet-stream token makes one")
        self._token = token
        self._trust = trust
        self._timeout_s = timeout_s

    def get_json(self, path: str, **limits: Any) -> dict[str, Any]:
        """Returns the JSON object at `path`. Raises what `get` does."""
        answer = self.get(path, **limits)
        try:
            value = answer.json()
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Unreachable(f"{self.url} is no server of pet_stream: {path} is no JSON")
        return value

    def get(
        self, path: str, *, timeout_s: float | None = None, max_bytes: int = MAX_ANSWER_BYTES
    ) -> Answer:
        """Returns the answer to `GET path`, below the base address. Raises Unreachable, Refused,
        and Failure for any other status than 200."""
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        url = self.url + path
        for _ in range(MAX_REDIRECTS + 1):
            answer, location = self._ask(url, limit_s, max_bytes)
            if answer.status not in _REDIRECTS:
                return self._checked(answer)
            url = self._next(url, location)
        raise Unreachable(f"{self.url} sends us on and on")

    def _ask(self, url: str, limit_s: float, max_bytes: int) -> tuple[Answer, str]:
        """Returns one answer, and where it sends us on to."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        context = self._trust.context() if parts.scheme == "https" else None
        try:
            with (
                socket.create_connection((host, port), limit_s) as plain,
                _ending_after(limit_s, plain),
                contextlib.closing(http.client.HTTPConnection(host, port)) as connection,
            ):
                connection.sock = plain
                if context is not None:
                    connection.sock = context.wrap_socket(plain, server_hostname=host)
                    self._trust.check(connection.sock)
                connection.request("GET", url[len(_origin(url)) :], headers=self._headers(parts))
                response = connection.getresponse()
                body = response.read(max_bytes + 1)
        except TimeoutError as exc:
            raise Unreachable(f"{_origin(url)} does not answer within {limit_s:g} s") from exc
        except (OSError, http.client.HTTPException, ValueError) as exc:
            raise Unreachable(f"{_origin(url)} can't be asked: {_words(exc)}") from exc
        if len(body) > max_bytes:
            raise Failure(f"{_origin(url)} answers with more than {max_bytes} bytes")
        answer = Answer(response.status, response.headers.get_content_type(), body)
        return answer, response.headers.get("Location", "")

    def _headers(self, parts: SplitResult) -> dict[str, str]:
        headers = {"Host": parts.netloc, "Connection": "close"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _next(self, url: str, location: str) -> str:
        """Returns where `url` sends us on to: within one server, or from its HTTP to its HTTPS."""
        try:
            there, here = _parts_of(urljoin(url, location)), urlsplit(url)
        except ValueError as exc:
            raise Unreachable(f"{_origin(url)} sends us on to nowhere") from exc
        is_upgrade = (here.scheme, there.scheme) == ("http", "https")
        is_same = (there.scheme, there.netloc) == (here.scheme, here.netloc)
        if not is_same and not (is_upgrade and there.hostname == here.hostname):
            raise Unreachable(f"{_origin(url)} sends us on to {there.netloc}: name that by --url")
        return there._replace(fragment="").geturl()

    def _checked(self, answer: Answer) -> Answer:
        if answer.status == 200:
            return answer
        try:
            told = answer.json()
        except ValueError:
            told = None
        told = told if isinstance(told, dict) else {}
        text = str(told.get("error") or f"{self.url} answers with status {answer.status}")
        code = str(told.get("code") or answer.status)
        if answer.status not in (401, 403):
            raise Failure(text, code)
        advice = "set PET_STREAM_TOKEN" if self._token is None else "this token has no right to it"
        raise Refused(f"{text} ({advice})", code)


def base_url(text: str) -> str:
    """Returns `text` without a slash at its end. Raises ValueError, which says what is wrong."""
    if not text.isprintable() or any(sign in text for sign in " ?#"):
        raise ValueError(_NO_ADDRESS)
    _parts_of(text)
    return text.rstrip("/")


@contextlib.contextmanager
def _ending_after(limit_s: float, connection: socket.socket) -> Iterator[None]:
    """Shut `connection` down after this time, however slowly the other side goes on sending. Raises
    TimeoutError then."""
    has_ended = threading.Event()
    twin = socket.socket(fileno=os.dup(connection.fileno()))  # TLS takes the first for itself

    def end() -> None:
        has_ended.set()
        with contextlib.suppress(OSError):  # it has ended by itself
            twin.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(limit_s, end)
    timer.start()
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as exc:
        if has_ended.is_set():
            raise TimeoutError from exc
        raise
    finally:
        timer.cancel()
        timer.join()
        twin.close()
    if has_ended.is_set():  # an answer without a length just ends then
        raise TimeoutError


def _parts_of(url: str) -> SplitResult:
    """Raises ValueError, which says what is wrong."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in _PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise ValueError(_NO_ADDRESS)
    if "@" in parts.netloc:
        raise ValueError("no password belongs in the address: PET_STREAM_TOKEN is for that")
    return parts


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        advice = "--ca FILE or --fingerprint SHA256 names one to trust"
        return f"its certificate is not trusted: {error.verify_message} ({advice})"
    if isinstance(error, http.client.HTTPException | ValueError):
        return "it does not speak HTTP as it should"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
