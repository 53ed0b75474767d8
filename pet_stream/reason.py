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
