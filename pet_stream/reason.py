"""Why something is as it is, for people and for programs."""

from __future__ import annotations


class Reason(str):
    """A text for a person, in English, and a `code` that stays the same whatever the text says:
    pages translate by it."""

    code: str

    def __new__(cls, code: str, text: str) -> Reason:
        reason = super().__new__(cls, text)
        reason.code = code
        return reason


NO_REASON = Reason("", "")
