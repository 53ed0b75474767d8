"""A reason, for people and for programs."""

from __future__ import annotations


class Reason(str):
    """A text for a person, in English, with a `code` that stays the same when the text changes.
    Pages translate by the code."""

    code: str

    def __new__(cls, code: str, text: str) -> Reason:
        reason = super().__new__(cls, text)
        reason.code = code
        return reason


NO_REASON = Reason("", "")


def spoken_duration(seconds: float) -> str:
    """Returns `seconds` in rounded words, so that the text does not change every second."""
    if seconds < 10:
        return f"{seconds:.0f} s"
    if seconds < 120:
        return f"{seconds // 10 * 10:.0f} s"
    return f"{seconds // 60:.0f} min" if seconds < 7200 else f"{seconds // 3600:.0f} h"
