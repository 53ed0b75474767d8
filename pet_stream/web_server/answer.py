"""An app's answer on its way to the client, and whether the connection stays for the next request
(PEP 3333; RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from types import TracebackType

_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_BODYLESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

ExcInfo = tuple[type[BaseException], BaseException, TracebackType]


def body_length(headers: Message) -> int | None:
    """Returns how many bytes the body of a request has; None where two readers of the same bytes
    could disagree about its end (RFC 9112, section 6.3), so that nothing may follow it."""
    if "Transfer-Encoding" in headers or "Upgrade" in headers or "Expect" in headers:
        return None
    if headers.defects or headers.get_payload():  # a line that is none: what follows was not read
        return None
    for name, value in headers.items():
        if not _FIELD_NAME.fullmatch(name) or "\n" in value or "\r" in value:
            return None
    lengths = headers.get_all("Content-Length", ["0"])
    if len(lengths) != 1 or not _LENGTH.fullmatch(lengths[0]):
        return None
    return int(lengths[0])


class Answer:
    """Writes an answer as the app makes it. On the connection's thread.

    `may_keep` is asked when the answer begins: whether all of the request has been read, and may be
    followed by another. An answer whose end is not its Content-Length ends the connection, and so
    does an error: who sends nonsense begins anew.
    """

    def __init__(self, handler: BaseHTTPRequestHandler, may_keep: Callable[[], bool]) -> None:
        self._handler = handler
        self._may_keep = may_keep
        self._status = ""
        self._headers: list[tuple[str, str]] = []
        self._is_chunked = False
        self._left_bytes: int | None = None
        self.has_begun = False
        self.keeps_connection = False

    def start(
        self,
        status: str,
        headers: list[tuple[str, str]],
        exc_info: ExcInfo | tuple[None, None, None] | None = None,
        /,
    ) -> Callable[[bytes], None]:
        """The `start_response` of WSGI."""
        if exc_info is not None and exc_info[1] is not None and self.has_begun:
            raise exc_info[1].with_traceback(exc_info[2])
        if self._status and exc_info is None:
            raise AssertionError("the answer has its status already")
        self._status, self._headers = status, headers
        return self.write

    def send(self, parts: Iterable[bytes]) -> None:
        for part in parts:
            self.write(part)
        if not self.has_begun:
            self.write(b"")
        if self._is_chunked:
            self._handler.wfile.write(b"0\r\n\r\n")
        if self._left_bytes:
            self.keeps_connection = False  # the client waits for the rest

    def write(self, data: bytes) -> None:
        if not self.has_begun:
            self._begin()
        if self._left_bytes is not None:
            data = data[: self._left_bytes]
            self._left_bytes -= len(data)
        if not data:
            return
        if self._is_chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self._handler.wfile.write(data)

    def _begin(self) -> None:
        assert self._status, "write() before start_response()"
        handler, names = self._handler, {name.lower(): value for name, value in self._headers}
        code, _, phrase = self._status.partition(" ")
        status = int(code)
        if handler.command == "HEAD" or status in _BODYLESS or status < HTTPStatus.OK:
            self._left_bytes = 0
        elif "content-length" in names:
            self._left_bytes = int(names["content-length"])
        else:
            self._is_chunked = handler.request_version >= "HTTP/1.1"
        self.keeps_connection = (
            self._left_bytes is not None
            and status < HTTPStatus.BAD_REQUEST
            and names.get("connection", "").lower() != "close"
            and self._may_keep()
        )
        self.has_begun = True
        handler.send_response(status, phrase)
        for name, value in self._headers:
            if name.lower() != "connection":
                handler.send_header(name, value)
        if self._is_chunked:
            handler.send_header("Transfer-Encoding", "chunked")
        if not self.keeps_connection:
            handler.send_header("Connection", "close")
        handler.end_headers()
