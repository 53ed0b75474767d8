"""The settings that owners change on the page."""

from __future__ import annotations

from typing import cast

from ...errors import (
    BadRequest,
    BadSetting,
    NotRecorderOwner,
    SettingFixed,
    SettingsChanged,
    StorageError,
)
from ...page_settings import OWNERS
from ...plain_values import Form
from .json_schema import (
    BOOLEAN,
    COUNT,
    INTEGER,
    NUMBER,
    TEXT,
    Schema,
    described,
    nullable,
    record,
    ref,
    rows,
    word,
)
from .operation import Answer, Body, Operation, Parameter

_VALUE: Schema = {"type": ["number", "string", "boolean"]}


def _wish(form: Form) -> Schema:
    """Returns the schema of a value; null: as without the page."""
    kind = form["kind"]
    if kind == "choice":
        return nullable(word(*cast("list[str]", form["choices"])))
    if kind == "text":
        return nullable({**TEXT, "maxLength": form["max_characters"]})
    if kind == "flag":
        return nullable(BOOLEAN)
    number = NUMBER if kind == "number" else INTEGER
    return nullable({**number, "minimum": form["minimum"], "maximum": form["maximum"]})


OPERATIONS = {
    "GET /pet-stream/api/settings": Operation(
        "The settings that owners may change",
        "those settings that [owners may change](settings.md#on-the-page): `{revision, settings: "
        "[{name, key, value, default, origin, is_fixed, kind, …}]}`. `default` is what counts "
        "without the page",
        answers=(Answer("All of them", ref("Settings"), headers=("ETag",)),),
    ),
    "PATCH /pet-stream/api/settings": Operation(
        "Change settings",
        "changes them: `{name: value}`; null: as without the page. All or none, at once. "
        "`?dry_run=1` changes nothing, and tells in `deletes` what new limits would delete. What "
        "another place names: 409 `setting_fixed`. 412 `settings_changed` if somebody else was "
        "quicker than `If-Match` says; 409 `not_recorder_owner` where another process records",
        parameters=(
            Parameter("dry_run", word("", "1"), "`1`: only tell what would be deleted"),
            Parameter("If-Match", TEXT, "the revision that this was made of", "header"),
        ),
        body=Body(ref("SettingsWish")),
        answers=(Answer("All of them", ref("SettingsKept"), headers=("ETag",)),),
        errors=(
            BadRequest,
            BadSetting,
            NotRecorderOwner,
            SettingFixed,
            SettingsChanged,
            StorageError,
        ),
    ),
}

_ALL: dict[str, Schema] = {
    "revision": described(TEXT, "Differs when owners have changed something."),
    "settings": rows(ref("Setting")),
}

SCHEMAS: dict[str, Schema] = {
    "Settings": record(**_ALL),
    "SettingsKept": record(
        **_ALL,
        deletes=described(
            nullable(record(recordings=COUNT, bytes=COUNT)),
            "What the limits delete now; null: they have not changed, or that can't be told.",
        ),
    ),
    "Setting": record(
        "minimum maximum choices max_characters",
        name=TEXT,
        key=TEXT,
        value=_VALUE,
        default=_VALUE,
        origin=word("command_line", "app", "environment", "file", "page", "app_default", "default"),
        origin_detail=described(TEXT, "What is written there for it."),
        is_fixed=described(BOOLEAN, "Another place names it, which counts more."),
        kind=word("number", "whole", "text", "choice", "flag"),
        minimum=NUMBER,
        maximum=NUMBER,
        choices=rows(TEXT),
        max_characters=COUNT,
    ),
    "SettingsWish": {
        "type": "object",
        "properties": {name: _wish(setting.form) for name, setting in OWNERS.items()},
        "additionalProperties": False,
    },
}
