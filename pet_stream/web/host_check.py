"""Finds what is wrong with how the host mounts and serves us, and logs it once."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Mapping

from werkzeug.routing import Map

from ..reason import Reason
from .server_threads import (
    ENOUGH_THREADS,
    SPARE_THREADS,
    can_do_websockets,
    is_from_server,
    needs_threads,
    thread_limit,
)
from .url_map_check import find_conflicts

logger = logging.getLogger(__name__)

ANY_NAME = Reason(
    "any_host",
    "Any host name is answered, a stranger's too (DNS rebinding): set PET_STREAM_ALLOWED_HOSTS",
)
NO_WEBSOCKETS = Reason(
    "no_websockets",
    "The web server has no WebSockets: pages ask for the state once a second, and show no picture "
    "where WebRTC does not work; serve with gunicorn --workers 1 --threads 40",
)


class HostCheck:
    """Looks at the first request, when all routes exist and the server can be recognized. Any
    thread.

    `metrics_beside`: where our metrics are, if the host's own page should have them and can't.
    """

    def __init__(
        self,
        url_map: Map,
        *,
        knows_its_names: Callable[[], bool],
        metrics_beside: str | None = None,
    ) -> None:
        self._url_map = url_map
        self._knows_its_names = knows_its_names
        self._metrics_beside = metrics_beside
        self._turn = threading.Lock()
        self.faults: tuple[Reason, ...] = ()
        """In words; empty before the first request."""
        self.notices: tuple[Reason, ...] = ()
        """What works as it is set, but should not be left like that."""

    def run_once(self, environ: Mapping[str, object]) -> None:
        """Look, if this is the first call; no other caller, and no forked child, waits for that. An
        error while looking at somebody else's routes is logged and fails no request."""
        if not self._turn.acquire(blocking=False):
            return
        try:
            conflicts = [
                Reason("route_conflict", str(conflict))
                for conflict in find_conflicts(self._url_map)
            ]
        except Exception:
            logger.exception(
                "the host's routes can't be compared with ours: a conflict goes unnoticed"
            )
            conflicts = []
        self.faults = (*conflicts, *_serving_faults(environ))
        names = () if self._knows_its_names() else (ANY_NAME,)
        hidden = () if (path := self._metrics_beside) is None else (_metrics_hidden(path),)
        self.notices = (*names, *hidden, *_serving_notices(environ))
        for fault in self.faults:
            logger.error("%s", fault)
        for notice in self.notices:
            logger.warning("%s", notice)


def _metrics_hidden(path: str) -> Reason:
    return Reason(
        "metrics_hidden",
        "PROMETHEUS_MULTIPROC_DIR is set, so the host's exporter can't show the metrics of "
        f"pet_stream: they are at {path}",
    )


def _serving_faults(environ: Mapping[str, object]) -> list[Reason]:
    """`environ` is the first request's WSGI environment (PEP 3333)."""
    faults = []
    if environ.get("wsgi.multiprocess"):
        faults.append(
            Reason(
                "many_processes",
                "Several server processes share the requests, but viewers and recordings live in "
                "one: serve with one process and threads (gunicorn --workers 1 --threads 40)",
            )
        )
    limit = thread_limit(environ)
    if limit is not None and limit <= SPARE_THREADS:
        faults.append(Reason("too_few_threads", needs_threads(environ)))
    gevent = sys.modules.get("gevent.monkey")
    if gevent is not None and gevent.is_module_patched("threading"):
        faults.append(
            Reason(
                "gevent",
                "gevent has replaced threads: one thread that waits for the camera stops them all; "
                "serve with real threads (gunicorn --worker-class gthread --threads 40)",
            )
        )
    return faults


def _serving_notices(environ: Mapping[str, object]) -> list[Reason]:
    """Returns what open pages do without under this server."""
    notices = []
    limit = thread_limit(environ)
    if limit is not None and SPARE_THREADS < limit < ENOUGH_THREADS:
        notices.append(Reason("few_threads", needs_threads(environ)))
    if is_from_server(environ) and not can_do_websockets(environ):
        notices.append(NO_WEBSOCKETS)
    return notices
