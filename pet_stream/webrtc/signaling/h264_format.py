"""Chooses which of the offered H.264 formats a viewer gets, and what the answer says of it. Pure.

RFC 6184: section 8.1 defines `profile-level-id` (its table 5 the profiles that it can name),
section 8.2.2 what an answer may say.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from ...errors import NoUsableH264
from ...media.h264 import SequenceParameterSet

DEFAULT_PROFILE_LEVEL_ID = "42e01f"
"""What browsers mean when they leave it out: constrained baseline, level 3.1."""

SIGNALLED_LEVELS = (10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52)
"""Every `level_idc` that browsers know; with any other they refuse the whole answer."""

_PROFILE_LEVEL_ID = re.compile(r"[0-9A-Fa-f]{6}")


class Profile(IntEnum):
    """Ordered by what a decoder has to know: it plays its own profile and those before it."""

    CONSTRAINED_BASELINE = 0
    BASELINE = 1
    MAIN = 2
    CONSTRAINED_HIGH = 3
    HIGH = 4
    HIGH_444_PREDICTIVE = 5


# profile_idc, mask and value of the constraint flags (RFC 6184 table 5)
_PROFILES = (
    (0x42, 0b01001111, 0b01000000, Profile.CONSTRAINED_BASELINE),
    (0x4D, 0b10001111, 0b10000000, Profile.CONSTRAINED_BASELINE),
    (0x58, 0b11001111, 0b11000000, Profile.CONSTRAINED_BASELINE),
    (0x42, 0b01001111, 0b00000000, Profile.BASELINE),
    (0x58, 0b11001111, 0b10000000, Profile.BASELINE),
    (0x4D, 0b10101111, 0b00000000, Profile.MAIN),
    (0x64, 0b11111111, 0b00001100, Profile.CONSTRAINED_HIGH),
    (0x64, 0b11110011, 0b00000000, Profile.HIGH),
    (0xF4, 0b11111111, 0b00000000, Profile.HIGH_444_PREDICTIVE),
)


@dataclass(frozen=True, slots=True)
class H264Format:
    """One H.264 payload type of an offer, packetization-mode 1."""

    payload_type: int
    profile_level_id: str = DEFAULT_PROFILE_LEVEL_ID
    level_asymmetry_allowed: bool = False
    rtx_payload_type: int | None = None
    feedback: tuple[str, ...] = ()
    """Values of the `a=rtcp-fb` lines, e.g. `nack pli`."""

    @property
    def profile(self) -> Profile | None:
        """None if it is not one that browsers name."""
        if _PROFILE_LEVEL_ID.fullmatch(self.profile_level_id) is None:
            return None
        profile_idc, constraint_flags, _ = bytes.fromhex(self.profile_level_id)
        return profile_of(profile_idc, constraint_flags)

    @property
    def level_idc(self) -> int:
        return int(self.profile_level_id[4:], 16)


def profile_of(profile_idc: int, constraint_flags: int) -> Profile | None:
    for known_idc, mask, value, profile in _PROFILES:
        if profile_idc == known_idc and constraint_flags & mask == value:
            return profile
    return None


def choose_format(offered: Sequence[H264Format], sps: SequenceParameterSet | None) -> H264Format:
    """Returns the offered format that comes closest to what the camera sends.

    Best is the camera's own profile, then the next larger one, then the largest: browsers decode
    more than they offer (Chromium plays High as 42001f). While the camera is unknown (`sps` is
    None) it is the largest one that a camera could have. Raises NoUsableH264.
    """
    usable = [(item, profile) for item in offered if (profile := item.profile) is not None]
    if not usable:
        raise NoUsableH264("The offer has no H.264 with packetization-mode 1")
    camera = Profile.HIGH if sps is None else profile_of(sps.profile_idc, sps.constraint_flags)
    if camera is None:
        camera = Profile.HIGH_444_PREDICTIVE

    def distance(candidate: tuple[H264Format, Profile]) -> tuple[bool, int, bool]:
        item, profile = candidate
        is_level_hidden = sps is not None and _answered_level(item, sps) < sps.level_idc
        return profile < camera, abs(profile - camera), is_level_hidden

    return min(usable, key=distance)[0]


def answered_profile_level_id(format_: H264Format, sps: SequenceParameterSet | None) -> str:
    """Returns the offered profile, which an answer must keep, with the camera's level.

    The level may be higher than the offered one only if `level-asymmetry-allowed` was offered.
    Without an SPS it is the offered level.
    """
    level = format_.level_idc if sps is None else _answered_level(format_, sps)
    return f"{format_.profile_level_id[:4].lower()}{level:02x}"


def nearest_signalled_level(level_idc: int) -> int:
    """Returns the first level that browsers know, from this one on."""
    return next((level for level in SIGNALLED_LEVELS if level >= level_idc), 52)


def _answered_level(format_: H264Format, sps: SequenceParameterSet) -> int:
    level = nearest_signalled_level(sps.level_idc)
    return level if format_.level_asymmetry_allowed else min(level, format_.level_idc)
