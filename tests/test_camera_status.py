"""What is said of a camera with which not everybody can begin."""

from __future__ import annotations

import re

import pytest

from pet_stream.camera_status import EntryKind, entry_kind, entry_reason, spoken
from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.h264 import RecoveryPoint
from tests.test_extension import CHECKOUT
from tests.webrtc.pictures import picture

KINDS: list[tuple[AccessUnit | None, EntryKind | None]] = [
    (None, None),
    (picture(is_idr=True), "idr"),
    (picture(point=RecoveryPoint(0, is_exact=False)), "recovery_point"),
    (picture(point=RecoveryPoint(1, is_exact=True)), "gradual_refresh"),
]


@pytest.mark.parametrize(("unit", "kind"), KINDS)
def test_what_viewers_begin_with_has_a_name(
    unit: AccessUnit | None, kind: EntryKind | None
) -> None:
    assert entry_kind(unit) == kind


def test_an_idr_needs_no_reason() -> None:
    assert not entry_reason("idr", 0.2)


@pytest.mark.parametrize("kind", [kind for _, kind in KINDS if kind != "idr"])
def test_everything_else_has_one_that_the_page_can_translate(kind: EntryKind | None) -> None:
    reason = entry_reason(kind, 45)
    assert reason
    assert f'"reason.{reason.code}"' in (CHECKOUT / "static/js/words_ja.js").read_text()


@pytest.mark.parametrize("kind", [None, "gradual_refresh"])
def test_who_waits_is_told_for_how_long_there_was_nothing(kind: EntryKind | None) -> None:
    assert "for 40 s" in entry_reason(kind, 45)
    assert "for 3 min" in entry_reason(kind, 200)


@pytest.mark.parametrize(
    ("age_s", "words"), [(3.4, "3 s"), (45, "40 s"), (125, "2 min"), (7300, "2 h")]
)
def test_ages_are_said_in_rounded_words(age_s: float, words: str) -> None:
    assert spoken(age_s) == words
    assert re.fullmatch(r"\d+ (s|min|h)", spoken(age_s))
