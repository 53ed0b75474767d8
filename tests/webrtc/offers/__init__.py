"""Offers as browsers write them: captured, safari-17 by hand after the ones it is known for."""

from __future__ import annotations

from pathlib import Path

CHROMIUM = "chromium-156"
CHROMIUM_AUDIO_FIRST = "chromium-156-audio-first"
FIREFOX_WITHOUT_H264 = "firefox-esr-153"
SAFARI = "safari-17"


def load(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sdp").read_bytes().decode()
