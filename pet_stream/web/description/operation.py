"""The description of one request. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...errors import PetStreamError
from .json_schema import Schema

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    schema: Schema
    text: str
    place: Literal["query", "header"] = "query"


@dataclass(frozen=True, slots=True)
class Body:
    schema: Schema
    is_required: bool = False
    media_type: str = JSON


@dataclass(frozen=True, slots=True)
class Answer:
    """One that is no error. `schema` is None where there is no body."""

    text: str
    schema: Schema | None = None
    status: int = 200
    media_types: tuple[str, ...] = (JSON,)
    headers: tuple[str, ...] = ()
    """Those that always come; `document` describes them."""
    optional_headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    summary: str
    text: str = ""
    """The rest, in Markdown with links relative to docs/."""
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answers: tuple[Answer, ...] = ()
    errors: tuple[type[PetStreamError], ...] = ()
    """But those that every request may get, or every one with a body or a right."""
    refusals: tuple[int, ...] = ()
    """Further statuses, whose code is the name of the status."""
    is_endless: bool = False
    """Whether the answer goes on until somebody ends it."""
    needs_person: bool = False
    """Whether a link is not enough, whatever right it carries."""
    name: str = ""
    """Of the operation in generated clients; empty: that of the view."""
