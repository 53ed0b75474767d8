"""Tells what each thread, and each task of an event loop, is doing now. Any thread."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterable
from types import FrameType
from typing import Any

from .stacks import MAX_DEPTH, ShortPaths, frames_of

MAX_THREADS = 500
MAX_TASKS = 1000


def thread_stacks(paths: ShortPaths) -> list[dict[str, Any]]:
    """Returns name and stack of each thread, outermost call first; the caller's is among them."""
    frames = sys._current_frames()
    return [
        {
            "name": thread.name,
            "native_id": thread.native_id,
            "daemon": thread.daemon,
            "cpu_s": cpu_s(thread),
            "stack": _stack(frames_of(frames.get(thread.ident or 0)), paths),
        }
        for thread in threading.enumerate()[:MAX_THREADS]
    ]


def task_stacks(tasks: Iterable[asyncio.Task[Any]], paths: ShortPaths) -> list[dict[str, Any]]:
    """Returns name and awaits of each task, the innermost last. Asks nothing of the loop, which may
    be what is stuck."""
    return [
        {"name": task.get_name(), "stack": _stack(_awaits(task.get_coro()), paths)}
        for task in list(tasks)[:MAX_TASKS]
    ]


def cpu_s(thread: threading.Thread) -> float | None:
    """Returns the CPU time of `thread`; None if it has ended, or the kernel does not say."""
    try:
        with open(f"/proc/self/task/{thread.native_id}/schedstat", "rb") as file:
            return int(file.read().split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        return None


def _stack(frames: list[FrameType], paths: ShortPaths) -> list[dict[str, object]]:
    return [paths.call(frame.f_code, frame.f_lineno or 0).to_json() for frame in frames]


def _awaits(awaited: Any) -> list[FrameType]:
    """Returns the frames of a coroutine and of all that it waits for."""
    frames: list[FrameType] = []
    while awaited is not None and len(frames) < MAX_DEPTH:
        kind = next((k for k in ("cr", "gi", "ag") if hasattr(awaited, f"{k}_frame")), None)
        if kind is None:
            break  # a future
        frame = getattr(awaited, f"{kind}_frame")
        if frame is None:
            break  # it has just ended
        frames.append(frame)
        awaited = getattr(awaited, "gi_yieldfrom" if kind == "gi" else f"{kind}_await")
    return frames
