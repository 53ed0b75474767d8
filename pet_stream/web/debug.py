"""The routes that look into the running process. What they need is loaded when somebody asks."""

from __future__ import annotations

import threading
import time

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from ..errors import BadRequest
from ..process.gunicorn import is_server_ending
from ..profiling.limits import ProfileLimits
from .access import current_grant
from .client import current_client, has_client_gone
from .current import current_stream
from .lasting_requests import check_threads


def show_profile() -> ResponseReturnValue:
    """Answer with a profile of the next seconds, a file for speedscope. Occupies one of the
    server's threads. Raises BadRequest, Busy while there is another, TooFewThreads."""
    from ..profiling.sampler import Sampler
    from ..profiling.speedscope import to_speedscope

    stream = current_stream()
    seconds = _seconds(stream.profile_limits)
    if request.method == "HEAD":
        return Response(mimetype="application/json")
    check_threads(stream)
    environ, was_running, is_over = request.environ, stream.is_running, threading.Event()

    def ends() -> bool:
        has_stopped = was_running and not stream.is_running
        return has_stopped or has_client_gone(environ) or is_server_ending()

    with stream.profile_turns.turn(current_client()):
        hold = stream.grants.hold(current_grant(), is_over.set)
        try:
            profile = Sampler().run(seconds, is_over, ends)
        finally:
            hold.release()
    response = jsonify(to_speedscope(profile))
    name = time.strftime("pet-stream-%Y%m%d-%H%M%S.speedscope.json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def show_threads() -> ResponseReturnValue:
    """Answer with what each thread and each task of the event loop is doing, even if that loop
    is stuck."""
    from ..profiling.stacks import ShortPaths
    from ..profiling.threads import task_stacks, thread_stacks

    paths = ShortPaths()
    return {
        "threads": thread_stacks(paths),
        "tasks": task_stacks(current_stream().event_loop.tasks(), paths),
    }


def show_memory() -> ResponseReturnValue:
    """Answer with what was allocated since the first look. Raises Busy."""
    return current_stream().memory_looks.look()


def show_warnings() -> ResponseReturnValue:
    """Answer with the last warnings of our own log, newest first."""
    return {"warnings": [w.to_json() for w in current_stream().own_log.recent.newest_first()]}


def _seconds(limits: ProfileLimits) -> float:
    text = request.args.get("seconds")
    try:
        seconds = limits.default_s if text is None else float(text)
    except ValueError:
        seconds = float("nan")
    if not limits.min_s <= seconds <= limits.max_s:
        raise BadRequest(f"seconds must be a number from {limits.min_s:g} to {limits.max_s:g}")
    return seconds
