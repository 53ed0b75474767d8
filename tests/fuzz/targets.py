"""The table of all targets."""

from __future__ import annotations

from . import accounts, camera, files, network, operating, requests, text, timelines

TARGETS = (
    *camera.TARGETS,
    *files.TARGETS,
    *network.TARGETS,
    *requests.TARGETS,
    *accounts.TARGETS,
    *operating.TARGETS,
    *text.TARGETS,
    *timelines.TARGETS,
)
