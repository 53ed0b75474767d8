"""All operations and schemas, by room."""

from __future__ import annotations

from types import ModuleType

from . import (
    bin,
    legacy,
    pause,
    people,
    process,
    publications,
    recording,
    recordings,
    settings,
    timeline,
    watching,
)
from .json_schema import Schema
from .operation import Operation

ROOMS: tuple[ModuleType, ...] = (
    watching,
    recording,
    recordings,
    timeline,
    bin,
    process,
    pause,
    settings,
    publications,
    people,
    legacy,
)
"""In the order of docs/http.md. Each has OPERATIONS, by method and rule, and SCHEMAS, by name."""


def all_operations() -> dict[str, tuple[str, Operation]]:
    """Returns each operation and its room, by method and rule."""
    return {
        request: (name_of(room), operation)
        for room in ROOMS
        for request, operation in room.OPERATIONS.items()
    }


def all_schemas() -> dict[str, Schema]:
    return {name: schema for room in ROOMS for name, schema in room.SCHEMAS.items()}


def name_of(room: ModuleType) -> str:
    return room.__name__.rpartition(".")[2]


def purpose_of(room: ModuleType) -> str:
    """Returns what the room is for, in one sentence."""
    return (room.__doc__ or "").strip()
