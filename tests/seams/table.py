"""The table of all seams: each module adds its own."""

from __future__ import annotations

from . import camera, event_loop, keeping, requests, webrtc
from .seam import SEAMS

__all__ = ["SEAMS", "camera", "event_loop", "keeping", "requests", "webrtc"]
