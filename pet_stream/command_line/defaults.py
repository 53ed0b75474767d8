"""Defaults of settings that differ from those in a host app, whose author would choose them."""

from __future__ import annotations

HOST_DEFAULTS: dict[str, object] = {
    "PET_STREAM_ALLOWED_HOSTS": [],  # its own names only
    "PET_STREAM_ALLOWED_ORIGINS": [],
}
"""Of `run` and `demo`."""

KEEP_FREE_MB = 500
"""More than the free space at which a recording ends, and than a clip leaves."""
MAX_RECORDING_MINUTES = 720
"""A night. After that it was probably forgotten."""
RUN_DEFAULTS: dict[str, object] = {
    **HOST_DEFAULTS,
    "PET_STREAM_KEEP_FREE_MB": KEEP_FREE_MB,
    "PET_STREAM_MAX_RECORDING_MINUTES": MAX_RECORDING_MINUTES,
    "PET_STREAM_RESUME_RECORDING": True,  # somebody wanted it, and nobody has ended it
}
