"""Serves the host app from its start to its end: what `run` and `demo` have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import click

from ..config_values import is_none
from ..host_names import is_name
from ..process.stop_signals import StopSignals
from ..settings import Settings, read_environment
from ..web_server import WebServer
from ..web_server.http_server import take_descriptors
from .addresses import is_loopback
from .announcement import announce
from .host import create_host
from .last_step import LastStep
from .proxy import Proxy
from .service_watch import status_of, wait_and_tell

if TYPE_CHECKING:
    from ..rights import Authority
    from ..web.accounts_authority import AccountsAuthority

_ANY_INTERFACE_AND_LOOPBACK = ("0.0.0.0/0", "::/0")


def serve(
    server: WebServer,
    settings: Mapping[str, object],
    defaults: Mapping[str, object],
    stop_signals: StopSignals,
    *,
    proxy: Proxy | None = None,
    on_start: Callable[[WebServer], object] | None = None,
) -> None:
    """Serve until a signal comes; `on_start` is called when the page can be opened.

    Raises PetStreamError, and Failure when a part has failed too often.
    """
    app, stream = create_host(settings, defaults)
    if proxy is not None:
        app.wsgi_app = proxy.believed_by(app.wsgi_app)  # type: ignore[method-assign]
    last_step = LastStep()
    try:
        stream.start()
        take_descriptors()
        parts = app.extensions["pet_stream"]
        parts.watcher.on_failed = last_step.take
        server.start(app, parts.connection_counts)
        invitation = first_invitation(parts.authority)
        announce(server, app.config, invitation, proxy)
        if on_start is not None:
            on_start(server)
        wait_and_tell(
            stop_signals,
            lambda: status_of(parts),
            lambda: parts.lives and server.is_serving,
            reload=stream.reload,
        )
        click.echo("\nStopping …")
        last_step.check()
    finally:
        stream.stop()


def first_invitation(authority: Authority) -> str | None:
    """Returns a link's secret for the owner, where people sign in and none of them is one."""
    if authority.name != "builtin":
        return None
    accounts = cast("AccountsAuthority", authority).accounts
    return None if accounts.has_owner else accounts.invite("owner", by="the terminal")


def settings_of(
    host: str, options: Mapping[str, object], proxy: Proxy | None = None
) -> dict[str, object]:
    """Returns the settings that `options` name; the others are the environment's, the file's or
    defaults.

    Raises UsageError if others than the proxy could send its headers, and ConfigError.
    """
    if proxy is not None and not is_loopback(host):
        raise click.UsageError("--public-url is for a proxy on this machine: leave --host out")
    settings = {
        f"PET_STREAM_{name.upper()}": value for name, value in options.items() if value is not None
    }
    said = Settings(settings, read_environment()).said()
    if is_loopback(host) and "PET_STREAM_ICE_HOSTS" not in said:
        # The browser is on this machine, which may have no other network than loopback.
        settings["PET_STREAM_ICE_HOSTS"] = list(_ANY_INTERFACE_AND_LOOPBACK)
    is_for_others = proxy is not None or not is_loopback(host)
    auth = said.get("PET_STREAM_AUTH")
    if is_for_others and is_none(auth.strip() if isinstance(auth, str) else auth):
        settings.setdefault("PET_STREAM_AUTH", "builtin")  # a network is no boundary
    announced = host if proxy is None else proxy.host
    if is_name(announced) and "PET_STREAM_ALLOWED_HOSTS" not in said:
        settings["PET_STREAM_ALLOWED_HOSTS"] = [announced]
    return settings
