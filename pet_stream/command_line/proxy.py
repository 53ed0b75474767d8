"""A proxy on this machine by which others find us, and the option that names it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from ..host_names import parse_host

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Proxy:
    """`url`: where browsers find the page by it, with `/` at the end."""

    url: str

    @property
    def host(self) -> str:
        return parse_host(urlsplit(self.url).netloc)[0]

    def believed_by(self, wsgi_app: Any) -> Any:
        """Returns an app that takes the client's address, scheme and prefix from the proxy's
        headers."""
        from werkzeug.middleware.proxy_fix import ProxyFix

        has_prefix = urlsplit(self.url).path != "/"
        return ProxyFix(wsgi_app, x_for=1, x_proto=1, x_host=0, x_prefix=int(has_prefix))


def proxy_option(command: F) -> F:
    """Add `--public-url`."""
    return click.option(
        "--public-url",
        "proxy",
        type=proxy,
        metavar="URL",
        help="where a proxy on this machine serves it, such as https://cam.example.org/; its "
        "X-Forwarded headers are believed",
    )(command)


def proxy(text: str) -> Proxy:
    try:
        parts = urlsplit(text)
        parse_host(parts.netloc)
        if parts.scheme not in ("http", "https") or parts.query or parts.fragment:
            raise ValueError("not a page's address")
    except ValueError:
        raise click.BadParameter(f"{text} is not a URL such as https://cam.example.org/") from None
    return Proxy(f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/")
