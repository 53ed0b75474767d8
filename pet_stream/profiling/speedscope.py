"""Writes a profile in speedscope's file format (https://www.speedscope.app/file-format-schema.json).

One profile of the file for each thread, the busiest first, in seconds of the clock: waiting counts,
too. How busy a thread was stands behind its name.
"""

from __future__ import annotations

from typing import Any

from ..version import __version__
from .sampler import Profile, Stack
from .stacks import Call, ShortPaths

SCHEMA_URL = "https://www.speedscope.app/file-format-schema.json"
_TOO_MANY = Call("(other stacks)", "", 0)


def to_speedscope(profile: Profile) -> dict[str, Any]:
    frames = _Frames(profile)
    busiest_first = sorted(profile.threads, key=lambda name: -profile.cpu_s.get(name, 0.0))
    duration_s = profile.duration_s or 1.0
    rate_hz = profile.look_count / duration_s
    return {
        "$schema": SCHEMA_URL,
        "exporter": f"pet_stream {__version__}",
        "name": f"pet_stream, {profile.duration_s:.1f} s, {rate_hz:.0f} looks a second, "
        f"{100 * profile.process_cpu_s / duration_s:.1f} % of a core",
        "activeProfileIndex": 0,
        "profiles": [
            {
                "type": "sampled",
                "name": _title(name, profile, duration_s),
                "unit": "seconds",
                "startValue": 0,
                "endValue": sum(profile.threads[name].values()),
                "samples": [frames.indexes(stack) for stack in profile.threads[name]],
                "weights": list(profile.threads[name].values()),
            }
            for name in busiest_first
        ],
        "shared": {"frames": frames.rows},
    }


class _Frames:
    """The functions of all stacks, each once."""

    def __init__(self, profile: Profile) -> None:
        self.rows: list[dict[str, object]] = []
        self._codes = profile.codes
        self._paths = ShortPaths()
        self._index_of: dict[Call, int] = {}

    def indexes(self, stack: Stack) -> list[int]:
        if not stack:
            return [self._index(_TOO_MANY)]
        codes = map(self._codes.__getitem__, stack)
        return [self._index(self._paths.call(code, code.co_firstlineno)) for code in codes]

    def _index(self, call: Call) -> int:
        if call not in self._index_of:
            self._index_of[call] = len(self.rows)
            self.rows.append({"name": call.function, "file": call.file, "line": call.line})
        return self._index_of[call]


def _title(name: str, profile: Profile, duration_s: float) -> str:
    spent_s = profile.cpu_s.get(name)
    return name if spent_s is None else f"{name} · {100 * spent_s / duration_s:.1f} % of a core"
