"""The one asyncio event loop of an extension, in a thread of its own."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from contextvars import Context
from functools import partial
from typing import Any, TypeVar

from .errors import LoopUnavailable
from .histogram import DELAYS_S, NS_PER_S, Histogram
from .lifecycle import Run, start_run
from .supervision.error_counts import ErrorCounts

logger = logging.getLogger(__name__)

T = TypeVar("T")

BEAT_S = 1.0
"""Between two heartbeats of the loop."""


class EventLoopThread:
    """Runs an asyncio loop for peers and the recorder's state.

    Any thread may use every method; what runs on the loop belongs to the loop's thread. It runs in
    a context (PEP 567) of its own: a caller's would keep the request that it serves, and so the
    app. A callback or a task that fails is noted in `errors`, and ends nothing else.
    """

    def __init__(self, name: str, errors: ErrorCounts | None = None) -> None:
        self.errors = errors or ErrorCounts()
        self.run: Run | None = None
        """Its thread; None while it is stopped."""
        self.on_beat: Callable[[], object] = lambda: None
        """Called on the loop at each heartbeat. It must not wait, and may raise."""
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._beat_due_s: float | None = None
        self._beat_lag_s = 0.0
        self.delays = Histogram(DELAYS_S)
        """How late each heartbeat was."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._calls: set[concurrent.futures.Future[Any]] = set()

    def start(self) -> None:
        """Idempotent. Raises Busy when no thread is to be had."""
        if self.run is not None:
            return
        loop = Context().run(asyncio.new_event_loop)
        end = loop.create_future()
        try:
            self.run = start_run(
                f"{self._name}-loop", partial(self._serve, loop, end), wake=partial(_end, end)
            )
        except BaseException:
            loop.close()
            raise
        self._loop = loop

    def stop(self, timeout_s: float = 5.0) -> None:
        """Cancel what is left, end the loop, join its thread. Idempotent."""
        run = self.request_stop()
        if run is not None:
            run.stop(timeout_s)

    def request_stop(self) -> Run | None:
        """Have it end as soon as it can. Does not wait. Returns what can be waited for."""
        run, self.run = self.run, None
        self._loop = None
        if run is not None:
            run.request_stop()
        return run

    @property
    def is_running(self) -> bool:
        return self._loop is not None

    @property
    def lag_s(self) -> float | None:
        """How late the loop does what is due: as of its last heartbeat, or of the next one, if that
        is overdue by more. None while it is stopped."""
        due_s = self._beat_due_s
        if self._loop is None or due_s is None:
            return None
        return max(self._beat_lag_s, time.monotonic() - due_s)

    def assert_here(self) -> None:
        """Fail in any other thread than the loop's. Removed by `python -O`."""
        assert self._thread is threading.current_thread(), "not on the event loop"

    def call(self, coroutine: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """Run `coroutine` on the loop and wait for its result from another thread.

        Raises LoopUnavailable when the loop is not running or the time is up (the coroutine is
        cancelled then), and whatever the coroutine raises.
        """
        loop = self._loop
        if loop is None:
            coroutine.close()
            raise LoopUnavailable("Streaming is not running")
        try:
            future = Context().run(asyncio.run_coroutine_threadsafe, coroutine, loop)
        except RuntimeError as exc:  # its thread has died
            coroutine.close()
            raise LoopUnavailable("Streaming has failed and begins anew") from exc
        self._calls.add(future)
        future.add_done_callback(self._calls.discard)
        if loop.is_closed():  # just now: it may not be among those that its end has cancelled
            future.cancel()
        try:
            return future.result(timeout_s)
        except concurrent.futures.CancelledError as exc:
            coroutine.close()
            raise LoopUnavailable("Streaming is shutting down") from exc
        except (concurrent.futures.TimeoutError, TimeoutError) as exc:
            if future.done() and not future.cancelled():
                raise  # the coroutine's own TimeoutError
            future.cancel()
            raise LoopUnavailable(f"Streaming gave no answer within {timeout_s:g} s") from exc

    def call_soon(self, callback: Callable[..., object], *args: object) -> None:
        """Schedule `callback` on the loop from any thread; does nothing once it has stopped."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(callback, *args, context=Context())
        except RuntimeError:  # closed between the check and the call
            logger.debug("event loop closed, callback dropped")

    def spawn(self, coroutine: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start a task that is kept until it ends and whose failure is logged. On the loop only."""
        self.assert_here()
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)
        return task

    def tasks(self) -> list[asyncio.Task[Any]]:
        """Returns those that have not ended, whoever started them. Does not wait for the loop."""
        loop = self._loop
        return [] if loop is None else list(asyncio.all_tasks(loop))

    def _on_task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.errors.end("loop", error, f"the task {task.get_name()!r} failed")

    def _handle_error(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Of a callback, asyncio's own or a library's."""
        error, message = context.get("exception"), context["message"]
        self.errors.end(
            "loop",
            error or RuntimeError(message),
            "a callback of the event loop failed; the loop goes on",
        )

    def _serve(self, loop: asyncio.AbstractEventLoop, end: asyncio.Future[None], run: Run) -> None:
        self._thread = threading.current_thread()
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(self._handle_error)
        self._beat(loop, run, loop.time())
        try:
            try:
                loop.run_until_complete(end)
            finally:  # even if a callback has raised SystemExit
                _finish_tasks(loop)
        finally:
            asyncio.set_event_loop(None)
            loop.close()
            for call in tuple(self._calls):  # which came too late for the loop
                call.cancel()

    def _beat(self, loop: asyncio.AbstractEventLoop, run: Run, due_s: float) -> None:
        run.pulse.beat()
        now_s = loop.time()
        self._beat_lag_s = max(0.0, now_s - due_s)
        self.delays.add(round(self._beat_lag_s * NS_PER_S))
        self._beat_due_s = now_s + BEAT_S
        loop.call_at(now_s + BEAT_S, self._beat, loop, run, now_s + BEAT_S)
        self.on_beat()


def _finish_tasks(loop: asyncio.AbstractEventLoop) -> None:
    while pending := asyncio.all_tasks(loop):  # tasks that start meanwhile, too
        for task in pending:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())


def _end(end: asyncio.Future[None]) -> None:
    """Not by `loop.stop`: asked a second time, that would stop the tasks that clean up."""
    try:
        end.get_loop().call_soon_threadsafe(_complete, end)
    except RuntimeError:  # it has ended already
        pass


def _complete(end: asyncio.Future[None]) -> None:
    if not end.done():
        end.set_result(None)
