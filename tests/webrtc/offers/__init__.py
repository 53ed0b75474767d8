"""Offers as browsers and others write them: captured. Those of Safari, of GStreamer's webrtcbin and
of pion are by hand, after what they are known for."""

from __future__ import annotations

from pathlib import Path

CHROMIUM = "chromium-156"
CHROMIUM_AUDIO_FIRST = "chromium-156-audio-first"
FIREFOX_WITHOUT_H264 = "firefox-esr-153"
SAFARI = "safari-17"
GSTREAMER = "gstreamer-1.22"
"""No RTX, no NACKs, no level-asymmetry-allowed, a mid of letters."""
PION = "pion-3"
"""Its fingerprint in the session part, candidates in the last section, audio after video."""


def load(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sdp").read_bytes().decode()
