"""The limits of what browsers play of H.264 over WebRTC. Pure."""

from __future__ import annotations

MAX_IDR_INTERVAL_S = 2.0
"""Longer intervals make a viewer that lost a packet, or a recording, wait too long."""
MAX_PIXELS = 1920 * 1088
PLAYABLE_PROFILES = {66: "Baseline", 77: "Main", 100: "High"}
"""By profile_idc (H.264 A.2)."""
B_SLICE = 1
"""slice_type, modulo 5 (H.264 table 7-6)."""
