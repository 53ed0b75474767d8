"""The requests of a WHIP client (RFC 9725)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from ..ice_server import IceServer
from ..outgoing.addresses import spells_local
from ..outgoing.exchange import Answer, Exchange
from ..publish_target import PublishTarget
from ..version import __version__

SDP = "application/sdp"
MAX_REDIRECTS = 3
MAX_ICE_SERVERS = 8
MAX_RETRY_AFTER_S = 300.0
"""A server may not put off the next try for longer."""
_REDIRECTS = (307, 308)
_LINK = re.compile(r"<([^<>]{1,500})>((?:\s*;\s*[\w-]+=(?:\"(?:[^\"\\]|\\.)*\"|[^\";,\s]+))*)")
_PARAMETER = re.compile(r"([\w-]+)=(?:\"((?:[^\"\\]|\\.)*)\"|([^\";,\s]+))")
_ICE_URL = re.compile(r"(?:stuns?|turns?):[^\s?:]+(?::[0-9]{1,5})?(?:\?transport=(?:udp|tcp))?")


class Refused(Exception):
    """The media server does not take it. `status` is that of its answer; 0: it is no answer."""

    def __init__(self, text: str, status: int = 0, retry_after_s: float = 0.0) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Session:
    """What a media server answers."""

    sdp: str
    url: str
    """Of the session: a DELETE ends it."""
    ice_servers: tuple[IceServer, ...]
    """Those that it recommends, for the next time."""


class WhipClient:
    """Asks one media server. Belongs to one thread, but for `cancel`."""

    def __init__(self, target: PublishTarget, exchange: Exchange | None = None) -> None:
        self._target = target
        self._exchange = exchange or Exchange()

    def publish(self, sdp: str) -> Session:
        """Offer `sdp`. Raises Refused; OSError when nobody answers."""
        url = self._target.url
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._ask("POST", url, sdp.encode())
            if answer.status not in _REDIRECTS:
                return self._read(url, answer)
            url = _next(url, answer.headers.get("Location", ""))
        raise Refused("it sends us on and on")

    def end(self, session: Session) -> None:
        """Raises OSError."""
        self._ask("DELETE", session.url)

    def cancel(self) -> None:
        """End the request that runs, and all that follow. Any thread."""
        self._exchange.cancel()

    def _ask(self, method: str, url: str, content: bytes | None = None) -> Answer:
        headers = {"User-Agent": f"pet-stream/{__version__}", "Accept": SDP}
        if content is not None:
            headers["Content-Type"] = SDP
        if self._target.token is not None:
            headers["Authorization"] = f"Bearer {self._target.token}"
        return self._exchange.ask(method, url, headers, content)

    def _read(self, url: str, answer: Answer) -> Session:
        status = answer.status
        if status != 201:
            retry_after = answer.headers.get("Retry-After", "")
            seconds = float(retry_after) if re.fullmatch("[0-9]{1,9}", retry_after) else 0.0
            retry_after_s = min(seconds, MAX_RETRY_AFTER_S)
            raise Refused(f"it answers {status}", status, retry_after_s)
        location = answer.headers.get("Location")
        if not location or answer.headers.get_content_type() != SDP:
            raise Refused("it answers 201 without a Location or without SDP: it is no WHIP server")
        session_url = _resolve(url, location)
        if session_url is None:
            raise Refused("its session is at an address where no session may be")
        links = answer.headers.get_all("Link", [])
        return Session(answer.body.decode("utf-8", "replace"), session_url, ice_servers(links))


def ice_servers(links: Sequence[str]) -> tuple[IceServer, ...]:
    """Returns those that `Link` headers name (RFC 9725 section 4.6). What is none is left out."""
    found: list[IceServer] = []
    for url, parameters in _LINK.findall(", ".join(links)[:10_000]):
        values = {
            name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain
            for name, quoted, plain in _PARAMETER.findall(parameters)
        }
        if values.get("rel") != "ice-server" or not _ICE_URL.fullmatch(unquote(url)):
            continue
        username, credential = values.get("username"), values.get("credential")
        is_password = values.get("credential-type", "password") == "password"
        if url.startswith("turn") and not (username and credential and is_password):
            continue
        found.append(IceServer((unquote(url),), username, credential))
    return tuple(found[:MAX_ICE_SERVERS])


def _next(url: str, location: str) -> str:
    """Returns where a redirect leads: the token goes there, too."""
    there = _resolve(url, location) if location else None
    if there is None:
        raise Refused("it sends us on to nowhere")
    return there


def _resolve(url: str, location: str) -> str | None:
    """Returns the URL that `location` stands for at `url`; None where nobody may be sent: from
    HTTPS to HTTP, elsewhere than to HTTP, or to this machine, which only a setting may name."""
    try:
        there = urljoin(url, location)
        here, parts = urlsplit(url), urlsplit(there)
        is_http = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    if not is_http or not there.isascii() or (here.scheme, parts.scheme) == ("https", "http"):
        return None
    host = parts.hostname or ""
    return None if host != here.hostname and spells_local(host) else there
