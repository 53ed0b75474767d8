from __future__ import annotations

import pytest

from pet_stream.errors import NoUsableH264
from pet_stream.webrtc.signaling.h264_format import (
    H264Format,
    Profile,
    answered_profile_level_id,
    choose_format,
    profile_of,
)

from ..sps import sps

CHROMIUM = ("42001f", "42e01f", "4d001f", "f4001f")
SAFARI = ("640c1f", "42e01f")


def formats(*profile_level_ids: str, asymmetry: bool = True) -> list[H264Format]:
    return [
        H264Format(96 + 2 * index, profile_level_id, level_asymmetry_allowed=asymmetry)
        for index, profile_level_id in enumerate(profile_level_ids)
    ]


@pytest.mark.parametrize(
    ("profile_level_id", "profile"),
    [
        ("42e01f", Profile.CONSTRAINED_BASELINE),
        ("42c028", Profile.CONSTRAINED_BASELINE),
        ("42401f", Profile.CONSTRAINED_BASELINE),
        ("4d801f", Profile.CONSTRAINED_BASELINE),
        ("58c01f", Profile.CONSTRAINED_BASELINE),
        ("42001f", Profile.BASELINE),
        ("42801f", Profile.BASELINE),
        ("58801f", Profile.BASELINE),
        ("4d001f", Profile.MAIN),
        ("4d401f", Profile.MAIN),
        ("64001f", Profile.HIGH),
        ("640c1f", Profile.CONSTRAINED_HIGH),
        ("f4001f", Profile.HIGH_444_PREDICTIVE),
        ("58001f", None),
        ("6e001f", None),
        ("000000", None),
    ],
)
def test_profiles_are_told_as_in_table_5_of_rfc_6184(
    profile_level_id: str, profile: Profile | None
) -> None:
    profile_idc, constraint_flags, _ = bytes.fromhex(profile_level_id)
    assert profile_of(profile_idc, constraint_flags) == profile


@pytest.mark.parametrize(
    ("camera", "offered", "answered"),
    [
        # the camera's own profile, with the camera's level
        ("42c01f", CHROMIUM, "42e01f"),
        ("42c028", CHROMIUM, "42e028"),
        ("420029", CHROMIUM, "420029"),
        ("4d4028", CHROMIUM, "4d0028"),
        ("42c01e", SAFARI, "42e01e"),
        # otherwise the next larger one
        ("640028", CHROMIUM, "f40028"),
        ("42001f", SAFARI, "640c1f"),
        ("4d401f", SAFARI, "640c1f"),
        ("42c01f", ("64001f", "4d001f"), "4d001f"),
        # otherwise the largest there is
        ("640028", SAFARI, "640c28"),
        ("640028", ("42001f", "42e01f"), "420028"),
        ("6e0028", ("42e01f", "4d001f"), "4d0028"),
        # of equal ones the first
        ("42c01f", ("42e01f", "42c01f"), "42e01f"),
        # an unknown camera may be anything up to High
        (None, ("42e01f", "64001f", "f4001f"), "64001f"),
        (None, SAFARI, "640c1f"),
        (None, ("42e01f",), "42e01f"),
        # a level that browsers do not know becomes the next one that they do
        ("42c009", ("42e01f",), "42e00a"),
        ("42c03e", ("42e01f",), "42e034"),
        # capitals, and profiles that nobody can name
        ("42c01f", ("42E01F",), "42e01f"),
        ("42c01f", ("nonsense", "", "58001f", "42e01f"), "42e01f"),
    ],
)
def test_the_answer_is_as_true_as_the_offer_allows(
    camera: str | None, offered: tuple[str, ...], answered: str
) -> None:
    known = None if camera is None else sps(camera)
    chosen = choose_format(formats(*offered), known)
    assert answered_profile_level_id(chosen, known) == answered


@pytest.mark.parametrize(
    ("camera", "offered", "answered"),
    [
        ("42c028", ("42e01f",), "42e01f"),
        ("42c01e", ("42e01f",), "42e01e"),
        ("42c028", ("42e01f", "42e028"), "42e028"),
    ],
)
def test_without_level_asymmetry_the_answer_stays_at_or_below_the_offered_level(
    camera: str, offered: tuple[str, ...], answered: str
) -> None:
    chosen = choose_format(formats(*offered, asymmetry=False), sps(camera))
    assert answered_profile_level_id(chosen, sps(camera)) == answered


@pytest.mark.parametrize("offered", [(), ("nonsense",), ("58001f", "6e001f", "42e0", "42e01f1f")])
def test_an_offer_without_a_known_profile_is_refused(offered: tuple[str, ...]) -> None:
    with pytest.raises(NoUsableH264):
        choose_format(formats(*offered), None)
