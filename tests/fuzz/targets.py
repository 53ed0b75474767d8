"""The table of all targets."""

from __future__ import annotations

from . import accounts, camera, files, network, requests, text, timelines

TARGETS = (
    *camera.TARGETS,
    *files.TARGETS,
    *network.TARGETS,
    *requests.TARGETS,
    *accounts.TARGETS,
    *text.TARGETS,
    *timelines.TARGETS,
)
