"""The extension: `PetStream(app)` reads the settings, registers the routes and mounts a Stream.

The parts are wired together in `parts.py`; views find them in `app.extensions["pet_stream"]`.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask

from .config import Config, write_defaults
from .config_source import EMPTY
from .errors import ConfigError
from .lifecycle import start_run
from .process.exit import exit_on_sigterm
from .process.hang_up import call_on_hang_up
from .rights import Authority
from .settings import Settings, read_environment
from .stream import Stream
from .web import METRICS_BESIDE, METRICS_ROUTES, build_blueprint
from .web.authority import Authorize, HostAuthority, OpenAuthority
from .web.host_check import HostCheck
from .web.live_state import live_state_of
from .web.metrics import is_host_multiprocess
from .web.route import Route

if TYPE_CHECKING:
    from .metrics.collector import HasRegistry


class PetStream:
    """Mounts live view, recording and metrics in a Flask app.

        stream = PetStream(app)            # or PetStream() and, in the app factory, init_app(app)

    `metrics`: the host's own exporter. Its page then shows our metrics, and `/metrics` stays the
    host's. With PROMETHEUS_MULTIPROC_DIR set, an exporter only shows what is in files there, and
    ours are at `/pet-stream/metrics`.

    `authorize`: the host's own check of who may do what. It is called before each of our views,
    inside the request, with the word of a right (`rights.Right`), and returns True, False, or a
    response, such as a redirect to the host's login. An error in it means no.

    `defaults`: settings, by key, for those that are named neither in `app.config` nor in the
    environment nor in the file.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        metrics: HasRegistry | None = None,
        authorize: Authorize | None = None,
        defaults: Mapping[str, object] = EMPTY,
    ) -> None:
        self._metrics = metrics
        self._defaults = defaults
        self._authorize = authorize
        self._streams: weakref.WeakSet[Stream] = weakref.WeakSet()
        self._reloading = threading.Lock()
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Read the settings, register the routes; start nothing. Raises ConfigError.

        Everything of this app is in `app.extensions["pet_stream"]` (a Stream).
        """
        if "pet_stream" in app.extensions:
            raise RuntimeError("pet_stream is mounted in this app already")
        settings = Settings(app.config, read_environment(), self._defaults)
        sources = settings.sources()
        settings.page.on_late = self.reload
        config = Config.from_sources(sources)
        write_defaults(app.config, sources)
        metrics_routes = self._metrics_routes(config)
        is_beside = self._metrics is not None and METRICS_BESIDE in metrics_routes
        host_check = HostCheck(
            app.url_map,
            knows_its_names=lambda: _knows_its_names(app),
            metrics_beside=config.url_prefix + METRICS_BESIDE.rule if is_beside else None,
        )
        make_authority = partial(self._authority, app, config)
        stream = Stream(
            settings, config, host_check, make_authority, live_state_of, app=weakref.ref(app)
        )
        if self._metrics is not None:
            from .metrics.collector import StreamCollector  # lazy: see web.metrics

            self._metrics.registry.register(StreamCollector(stream))
        app.extensions["pet_stream"] = stream
        app.before_request(stream.handle_request)
        app.register_blueprint(build_blueprint(config, metrics_routes))
        self._streams.add(stream)
        exit_on_sigterm()
        call_on_hang_up(self._reload_soon)

    def _metrics_routes(self, config: Config) -> list[Route]:
        """Returns where the metrics are, beside the host's own exporter."""
        if not config.metrics:
            return []
        routes = METRICS_ROUTES if self._metrics is None else ()
        return [*routes, METRICS_BESIDE] if is_host_multiprocess() else [*routes]

    def _authority(self, app: Flask, config: Config) -> Authority:
        if self._authorize is None and config.auth == "builtin":
            from .accounts.accounts import Accounts  # lazy: 0.3 MB that most hosts do not need
            from .web.accounts_authority import AccountsAuthority

            return AccountsAuthority(Accounts(config.accounts))
        if self._authorize is None:
            return OpenAuthority(is_meant=config.auth == "off")
        if config.auth is not None:
            raise ConfigError("PET_STREAM_AUTH", config.auth, "None, where authorize= is given")
        return HostAuthority(app, self._authorize, config.url_prefix)

    def start(self) -> None:
        """Start reading the camera now, not with the first request. Idempotent."""
        if not self._streams:
            raise RuntimeError("pet_stream is not mounted yet: call init_app(app) first")
        for stream in self._streams:
            stream.start()

    def reload(self) -> bool:
        """Read the settings again: those that are live count at once. Returns False, and logs why,
        if one is wrong: then all stay as they are."""
        from .live_settings import reload  # lazy: most never do

        with self._reloading:
            return all([reload(stream) for stream in self._streams])

    def _reload_soon(self) -> None:
        """Reload in a thread of its own, where one runs. A signal handler calls this in the middle
        of anything, so it takes no lock."""
        for stream in self._streams:
            stream.event_loop.call_soon(
                lambda: start_run("pet-stream-reload", lambda _run: self.reload())
            )
            break

    def stop(self) -> None:
        """Finish the recording, say goodbye to the viewers, end all threads. Idempotent.

        A request does not start it again; start() does.
        """
        for stream in self._streams:
            stream.stop()


def _knows_its_names(app: Flask) -> bool:
    """Whether requests under other names are refused: by us, or by Flask itself, which can from 3.1
    on."""
    stream: Stream = app.extensions["pet_stream"]
    is_checked_by_flask = (
        "TRUSTED_HOSTS" in app.default_config and app.config["TRUSTED_HOSTS"] is not None
    )
    return stream.config.allowed_hosts is not None or is_checked_by_flask
