"""Makes URLs that lead where they should below any path, also below one that a proxy strips.

Pages and redirects have relative URLs: only the browser knows what it has asked for.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from flask import request, url_for

from .access import own_origin
from .current import current_stream

DASHBOARD = "/pet-stream/"
WHEP = "/whep"
HLS = "/api/stream/index.m3u8"
HLS_FILES = "/api/stream/hls/"
LINK = "link"
"""The one parameter of a query that can carry a right."""
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~%-]+){1,16}")
_MAX_PREFIX_CHARACTERS = 200


def relative_url(endpoint: str, **values: Any) -> str:
    """Returns the URL of a view or file of ours; for templates."""
    url = url_for(endpoint, **values)
    if not url.startswith("/"):  # of a subdomain
        return url
    depth = request.root_path.rstrip("/").count("/")
    return _ascent() + url.split("/", 1 + depth)[-1]


def relative_path(path: str) -> str:
    """Returns a URL for this path of the app."""
    return _ascent() + quote(path.lstrip("/"))


def base_url(url_prefix: str) -> str:
    """Returns the URL that our routes are below, as far as it is known, without a slash at its end.

    Where a proxy strips a path, ProxyFix knows it, or our dashboard is named in Referer. Otherwise
    the proxy's header is believed, since only the client that asks hears the answer.
    """
    return (own_origin() or "") + base_path(url_prefix)


def base_path(url_prefix: str) -> str:
    """Returns the path of `base_url`."""
    origin, mount = own_origin() or "", request.root_path.rstrip("/")
    referer = request.headers.get("Referer", "").partition("?")[0]
    if referer.startswith(f"{origin}/") and referer.endswith(mount + url_prefix + DASHBOARD):
        return referer.removeprefix(origin).removesuffix(DASHBOARD)
    prefix = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
    is_path = len(prefix) <= _MAX_PREFIX_CHARACTERS and _PREFIX.fullmatch(prefix)
    if is_path and not f"{mount}/".startswith(f"{prefix}/"):  # or ProxyFix has put it there
        mount = prefix + mount
    return mount + url_prefix


def linked_path(path: str, prefix: str) -> str:
    """Returns the path that a link would lead to which is good for `path`: mostly that itself."""
    for entrance, below in ((WHEP, f"{WHEP}/"), (HLS, HLS_FILES)):
        if path.startswith(prefix + below):
            return prefix + entrance
    return path


def link_target(path: str) -> str:
    """Returns what a link to `path` is signed for: cameras may share their accounts."""
    return f"{current_stream().config.shm} {path}"


def _ascent() -> str:
    """Returns the URL of the app's root."""
    return "../" * (request.path.count("/") - 1) or "./"
