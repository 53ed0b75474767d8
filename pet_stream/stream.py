"""The parts of one camera in this process: starts and stops them, at a request, a call, a fork."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from flask import request

from .config import Config
from .errors import LoopUnavailable, PetStreamError
from .parts import Parts
from .process.forks import call_in_child
from .reason import Reason
from .rights import Authority
from .settings import Settings
from .supervision.part import PartState
from .websocket.live_state import State

logger = logging.getLogger(__name__)

CHANGE_TIMEOUT_S = 30.0
"""Time to wait for a start or stop that another thread has begun."""
RETRY_S = 5.0
"""Time until a request tries again to start, after a failure."""


class HostCheck(Protocol):
    """Checks how the host mounts and serves us."""

    @property
    def faults(self) -> tuple[Reason, ...]: ...
    @property
    def notices(self) -> tuple[Reason, ...]: ...
    def run_once(self, environ: Mapping[str, object]) -> None: ...


class Stream(Parts):
    """The parts of one camera, started and stopped together. Any thread may use it.

    Nothing runs before start(), because the reloader's parent and gunicorn's preloading master also
    make a Stream. In a forked process the parts are replaced by new ones that do not run yet. One
    thread at a time starts or stops; no lock is held meanwhile. When nobody refers to a Stream any
    more, such as a test to the app that it has made, its parts stop by themselves.

    `live_state` returns what open pages show of this stream, as JSON.
    """

    settings: Settings
    host_check: HostCheck
    is_running: bool

    def __init__(
        self,
        settings: Settings,
        config: Config,
        host_check: HostCheck,
        make_authority: Callable[[], Authority],
        live_state: Callable[[Stream], State],
        name: str = "pet-stream",
        app: Callable[[], object | None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.config = config
        self.host_check = host_check
        self._make_authority = make_authority
        self.is_running = False
        self._started_at_s = 0.0
        self._live_state = live_state
        self._name = name
        self._app = app
        self._may_autostart = config.autostart
        self._is_watching_forks = False
        self._assemble()

    def _assemble(self) -> None:
        self._changed = threading.Condition()
        self._is_changing = False
        self._retry_at_s = 0.0
        state = partial(_state_of, weakref.ref(self), self._live_state)
        super().__init__(self.config, self._name, self._make_authority(), state, self._app)
        weakref.finalize(self, self._running.stop_soon).atexit = False  # then they stop in order

    def start(self) -> None:
        """Start all parts; if they run, only those again that have died. Raises Busy when a thread
        can't be started; then nothing runs."""
        self._may_autostart = self.config.autostart
        with self._alone():
            self._start()

    def stop(self) -> None:
        """Finish the recording, say goodbye to the viewers, end all threads. Idempotent; goes on
        when a part fails."""
        self._may_autostart = False
        self.memory_looks.stop()
        with self._alone():
            if self.is_running:
                self.is_running = False
                self._running.stop()
                self.hls_sessions.end_all()

    def handle_request(self) -> None:
        """Start, if it is not running: the process that gets requests is the serving one. Called
        before each request to the app.

        The request may be the host's own, so an error here must not fail it.
        """
        try:
            self.host_check.run_once(request.environ)
            if self._may_autostart and not self.is_running and time.monotonic() >= self._retry_at_s:
                self._autostart()
        except Exception as exc:
            self._retry_at_s = time.monotonic() + RETRY_S
            logger.error(
                "streaming could not be started; a request tries again in %g s: %s",
                RETRY_S,
                exc,
                exc_info=None if isinstance(exc, PetStreamError) else exc,
            )

    @property
    def uptime_s(self) -> float:
        """Time since start(); 0 while nothing runs."""
        return time.monotonic() - self._started_at_s if self.is_running else 0.0

    @property
    def parts(self) -> tuple[PartState, ...]:
        """How each part is, as of the watcher's last look, less than a second ago; none while
        nothing runs. Never waits."""
        return self.watcher.states if self.is_running else ()

    @property
    def lives(self) -> bool:
        """Whether everything works that nobody could see a picture without."""
        return self.is_running and all(part.is_well for part in self.parts if part.is_vital)

    def undisturbed(self, call: Callable[[], object]) -> None:
        """Call it while no thread starts or stops this. Raises LoopUnavailable."""
        with self._alone():
            call()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until no other thread starts or stops. Raises LoopUnavailable after
        CHANGE_TIMEOUT_S."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._is_changing, CHANGE_TIMEOUT_S):
                raise LoopUnavailable("Streaming is just being started or stopped")
            self._is_changing = True
        try:
            yield
        finally:
            with self._changed:
                self._is_changing = False
                self._changed.notify_all()

    def _autostart(self) -> None:
        with self._alone():
            if self._may_autostart:  # not stopped in between
                self._start()

    def _start(self) -> None:
        if self.is_running:
            self._running.revive()
            return
        if not self._is_watching_forks:
            call_in_child(self._handle_fork)
            self._is_watching_forks = True
        self.pause.look()
        self._running.start()
        self._started_at_s = time.monotonic()
        self.is_running = True

    def _handle_fork(self) -> None:
        """Make new parts, in a forked child. The old ones have no threads there, and their sockets,
        files and locks are the parent's. They are kept untouched, so that no destructor closes
        anything."""
        self._inherited = (vars(self).copy(),)
        self.own_log.detach()
        self.memory_looks.forget()
        self.settings.handle_fork()
        self.is_running = False
        self._may_autostart = self.config.autostart
        self._running.release_switch_interval()
        self._assemble()


def _state_of(reference: weakref.ref[Stream], live_state: Callable[[Stream], State]) -> State:
    stream = reference()
    assert stream is not None, "the request of an open page holds the app"
    return live_state(stream)
