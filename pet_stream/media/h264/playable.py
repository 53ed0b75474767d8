"""What of H.264 browsers play over WebRTC. Pure."""

from __future__ import annotations

MAX_IDR_INTERVAL_S = 2.0
"""A viewer that lost something, or a recording, waits for the next IDR this long at most."""
MAX_PIXELS = 1920 * 1088
PLAYABLE_PROFILES = {66: "Baseline", 77: "Main", 100: "High"}
"""By profile_idc (H.264 A.2)."""
B_SLICE = 1
"""slice_type, modulo 5 (H.264 table 7-6)."""
