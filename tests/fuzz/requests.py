"""Requests of every kind, by an owner: JSON bodies, names, ranges, headers."""

from __future__ import annotations

import itertools
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from pet_stream.accounts.accounts import Accounts
from pet_stream.profiling.limits import ProfileLimits
from pet_stream.rights import ROLES, Right
from pet_stream.web import LEGACY_ROUTES, METRICS_ROUTES, ROUTES
from pet_stream.web.urls import link_target
from tests.apps import mounted_app, stream_of

from . import files, network
from .mutation import HOSTILE_TEXTS, mutated_bytes, mutated_text
from .target import Call, Target

NAME = "recording_20260101_000000.mp4"
SESSION = "/pet-stream/api/session"
KINDS = ("people", "devices", "tokens", "invitations")
EVERY_ROUTE = tuple(
    (method, route.rule)
    for route in (*ROUTES, *METRICS_ROUTES, *LEGACY_ROUTES)
    for method in route.methods
)


@dataclass(frozen=True)
class Sent:
    """A request; `{token}` in a header stands for a program's token, `{link}` in a path for a
    signed link to the page."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


# Bodies

WORDS = st.sampled_from(
    [
        *("type", "offer", "sdp", "replaces", "filename", "format", "mp4", "h264", "seconds"),
        *("max_seconds", "max_minutes", "pre_seconds", "role", "name", "days", "rights"),
        *("password", "invitation", "device", "pc_id", "candidate", "path", "hours", *ROLES),
        *(right.value for right in Right),
    ]
)
TEXTS = WORDS | st.sampled_from([*HOSTILE_TEXTS, "\ud800"]) | st.text(max_size=5)
NUMBERS = st.integers(-2, 100) | st.integers() | st.floats() | st.sampled_from([10**400, -(2**63)])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=6,
)
OBJECTS = st.dictionaries(WORDS, VALUES, max_size=6).map(lambda value: json.dumps(value).encode())
PROPER = (
    *({"type": "offer", "sdp": "v=0", "replaces": "x"}, {"filename": "cat", "format": "mp4"}),
    *({"role": "guest", "name": "Ann", "days": 3}, {"name": "x", "rights": ["view"], "days": 1}),
    *({"path": "/pet-stream/", "hours": 1}, {"hours": 0.5}),
    *({"password": "a good password"}, {"invitation": "x", "device": "Phone", "name": "Ann"}),
    *({"name": "Owner", "password": "wrong", "device": "Phone"}, {"max_seconds": 5}),
)
JSON_TOKENS = tuple(word.encode() for word in network.JSON_WORDS)
BODIES = OBJECTS | mutated_bytes(lambda: [json.dumps(b).encode() for b in PROPER], JSON_TOKENS)

# Paths

QUERIES = (
    "link={link}",
    "from=0&to=1",
    "offset=0&limit=10",
    "name[]=x",
    "download=1",
    "width=320",
    "detail=1",
    "seconds=0.01",
)
NAMES = mutated_bytes(lambda: (NAME.encode(), b"cat.h264"), (b".", b"_", b"/", b"%", b"\0"))


@st.composite
def paths(draw: st.DrawFn, rule: str) -> str:
    rule = rule.replace("<kind>", draw(st.sampled_from(KINDS)))
    name = quote(NAME if draw(st.booleans()) else draw(NAMES), safe="")
    path = re.sub("<[a-z_]+>", lambda _: name, rule)
    query = draw(st.none() | mutated_text(lambda: QUERIES, ("=", "&", "from", "to", "{link}")))
    return path if query is None else f"{path}?{quote(query.encode(errors='replace'), safe='=&{}')}"


# Headers

ETAG = '"0-0-0"'
DATE = "Mon, 01 Jan 2024 00:00:00 GMT"
HEADERS = {
    "Range": ("bytes=0-99", "bytes=-5", "bytes=5-", "bytes=0-1,3-4", "bytes = 0-1 ,"),
    "If-Range": (ETAG, DATE, f"W/{ETAG}"),
    "If-Match": ("*", ETAG, f"{ETAG}, W/{ETAG}"),
    "If-None-Match": ("*", ETAG, f"{ETAG}, W/{ETAG}"),
    "If-Modified-Since": (DATE, "Monday, 01-Jan-24 00:00:00 GMT", "Mon Jan  1 00:00:00 2024"),
    "If-Unmodified-Since": (DATE,),
    "Authorization": ("Bearer {token}", "bearer  {token} ", "Basic YTpi", "Bearer pst_x"),
    "Cookie": ("a=b; c=d", 'pet_stream_00000000="x"; $Path=/'),
    "Origin": ("null", "http://localhost", "https://evil.example:443"),
    "Host": ("localhost", "my_pi:8080", "[::1]:80", "evil.example"),
    "Referer": ("http://localhost/pet-stream/", "about:blank"),
    "Sec-Fetch-Site": ("same-origin", "cross-site"),
    "Accept": ("text/event-stream", "application/openmetrics-text; version=1.0.0;q=0.5"),
    "Accept-Encoding": ("gzip, br;q=0", "identity;q=x"),
    "Content-Type": ("application/json; charset=utf-7", "multipart/form-data; boundary=x"),
    "X-Forwarded-For": ("1.2.3.4, ::1",),
    "Sec-WebSocket-Key": ("dGhlIHNhbXBsZSBub25jZQ==",),
}
SIGNS = ("-", ",", "=", ";", " ", "bytes", "W/", "*", "GMT", "{token}")


@st.composite
def headers(draw: st.DrawFn, *names: str) -> dict[str, str]:
    chosen = draw(st.lists(st.sampled_from(names), max_size=4, unique=True))
    return {name: draw(mutated_text(lambda: HEADERS[name], SIGNS).map(as_sent)) for name in chosen}  # noqa: B023


def as_sent(text: str) -> str:
    """What a server hands on of a header's bytes (PEP 3333), and it ends at a line's end."""
    line = "".join(text.replace("\0", "").splitlines())
    return line.encode(errors="replace").decode("latin-1").strip()


@st.composite
def requests(draw: st.DrawFn) -> Sent:
    method, rule = draw(st.sampled_from(EVERY_ROUTE))
    return Sent(
        method if draw(st.integers(0, 9)) else draw(st.sampled_from(["HEAD", "OPTIONS", "PATCH"])),
        draw(paths(rule)),
        draw(BODIES | st.just(b"")),
        draw(headers(*HEADERS) | st.just({})),
    )


CONDITIONS = ("Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since")
DOWNLOADS = st.builds(
    Sent,
    st.sampled_from(["GET", "GET", "HEAD"]),
    st.just(f"/api/recordings/{NAME}"),
    headers=headers(*CONDITIONS, "If-Unmodified-Since"),
)
SIGN_INS = st.builds(
    Sent,
    st.just("GET"),
    st.just(SESSION),
    headers=headers("Authorization", "Cookie", "Origin", "Host", "Sec-Fetch-Site"),
)


class Household:
    """An app with an owner, who is signed in anew for each request, and one recording."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self._app = app
        self._recording = folder / "recordings" / NAME
        self._recording.parent.mkdir()
        self.content = files.recordings()[0]
        self._accounts_path = folder / "accounts.json"
        accounts = Accounts(self._accounts_path)
        invitation = accounts.invite("owner", by="test")
        signed_in = accounts.accept(invitation, device="Phone", name="Owner")
        self._cookie = signed_in.cookie
        self._token = accounts.add_token("Script", ["view", "replay"], by="test")
        with app.app_context():
            target = link_target("/pet-stream/")
        self._link = accounts.make_link(target, Right.VIEW, 3600, by=signed_in.visitor)
        self._accounts = self._accounts_path.read_bytes()
        self._addresses = (
            f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in itertools.count()
        )

    def send(self, sent: Sent) -> Response:
        """Without a test client, which fails at some hosts itself."""
        self._restore()
        builder = EnvironBuilder(
            sent.path.replace("{link}", self._link), method=sent.method, data=sent.body
        )
        environ = builder.get_environ()
        environ["REMOTE_ADDR"] = next(self._addresses)
        for name, value in sent.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.replace(
                "{token}", self._token
            )
        cookie = f"{self._cookie.name}={self._cookie.value}"
        environ["HTTP_COOKIE"] = f"{cookie}; {environ.get('HTTP_COOKIE', '')}"
        return Response(*run_wsgi_app(self._app.wsgi_app, environ))

    def _restore(self) -> None:
        """Undo what the last request did."""
        if self._accounts_path.read_bytes() != self._accounts:
            self._accounts_path.write_bytes(self._accounts)
        if not self._recording.exists():
            self._recording.write_bytes(self.content)


@contextmanager
def household() -> Iterator[Household]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with mounted_app(folder, AUTH="builtin", ACCOUNTS=folder / "accounts.json") as app:
            stream_of(app).profile_limits = ProfileLimits(default_s=0.01, min_s=0.01, max_s=0.05)
            yield Household(app, folder)


@contextmanager
def asked() -> Iterator[Call]:
    with household() as home:

        def ask(sent: Sent) -> None:
            with home.send(sent) as answer:
                assert answer.status_code != 500, answer.get_data(as_text=True)
                if answer.status_code >= 400 and sent.method != "HEAD":
                    told: dict[str, Any] = answer.get_json()
                    assert told.keys() >= {"error", "code"} or sent.path.startswith("/readyz"), told

        yield ask


@contextmanager
def downloaded() -> Iterator[Call]:
    with household() as home:

        def download(sent: Sent) -> None:
            with home.send(sent) as answer:
                assert answer.status_code in (200, 206, 304, 412, 416), answer.status
                if sent.method == "HEAD" or answer.status_code not in (200, 206):
                    return
                start, end = 0, len(home.content)
                if answer.status_code == 206:
                    start, last = map(
                        int, re.findall("[0-9]+", answer.headers["Content-Range"])[:2]
                    )
                    end = last + 1
                assert answer.get_data() == home.content[start:end]

        yield download


@contextmanager
def signed_in() -> Iterator[Call]:
    with household() as home:

        def sign_in(sent: Sent) -> None:
            with home.send(sent) as answer:
                assert answer.status_code in (200, 400, 403, 421), answer.status
                told = answer.get_json()
                if answer.status_code == 200 and "manage" in told["rights"]:
                    assert told["name"] == "Owner"

        yield sign_in


TARGETS = (
    Target("requests", requests(), asked, (), examples=150),
    Target("ranges", DOWNLOADS, downloaded, (), examples=80),
    Target("Bearer and cookies", SIGN_INS, signed_in, (), examples=60),
)
