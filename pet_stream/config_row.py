"""One row of the table of settings (`config`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .config_source import KEY_PREFIX
from .plain_values import Form


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table, as the README shows it."""

    name: str
    default: object
    parse: Callable[[object], Any]
    meaning: str
    is_live: bool
    is_owners: bool
    """Whether owners may change it on the page, where no other place names it."""

    @property
    def key(self) -> str:
        return KEY_PREFIX + self.name.upper()

    @property
    def expected(self) -> str:
        """What its parser says of a value that nothing can be made of."""
        try:
            self.parse(object())
        except ValueError as exc:
            return str(exc)
        return "anything"

    @property
    def form(self) -> Form:
        """What a page must know to ask for it; of an owner's setting."""
        form: Form = self.parse.form  # type: ignore[attr-defined]
        return form


def setting_row(
    default: object,
    parse: Callable[[object], Any],
    meaning: str,
    *,
    is_live: bool = False,
    is_owners: bool = False,
) -> Any:
    """Returns a field of `Config`. What owners change has to count at once."""
    if is_owners and not (is_live and hasattr(parse, "form")):
        raise ValueError("an owner's setting is live, and a page can ask for it")
    row = {"default": default, "parse": parse, "meaning": meaning}
    return field(metadata={**row, "is_live": is_live, "is_owners": is_owners})
