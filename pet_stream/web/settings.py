"""The routes of the settings that owners may change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from ..config import read_setting, source_of
from ..config_row import Setting
from ..config_source import Source
from ..errors import BadSetting, SettingFixed, StorageError
from ..library.retention import Retention
from ..live_settings import take_page
from ..page_settings import OWNERS
from ..part_settings import retention
from .current import current_stream
from .json_bodies import read_json

if TYPE_CHECKING:
    from ..stream import Stream

_ABOVE = frozenset({"command_line", "app", "environment", "file"})
"""What counts more than the page."""


def show_settings() -> ResponseReturnValue:
    """Answer with each of them: what it is, where that comes from, and what it may be."""
    return _answer(current_stream())


def change_settings() -> ResponseReturnValue:
    """Change some, `{name: value}`, or none: null gives one its default back. They count at once.

    `?dry_run=1` only tells what the new limits would delete. Raises BadSetting, SettingFixed,
    SettingsChanged, NotRecorderOwner, Busy, LoopUnavailable, StorageError.
    """
    stream = current_stream()
    values = _checked(read_json(), stream.settings.counting_sources())
    would_be = _limits(stream, values)
    deletes = None if would_be is None else _deletes(stream, would_be)
    if values and not request.args.get("dry_run"):
        _claim(stream)
        stream.settings.page.change(values, _expected_revision())
        stream.authority.note("changes", f"the settings {', '.join(values)}")
        take_page(stream)
    return _answer(stream, deletes=deletes)


def _answer(stream: Stream, **more: object) -> Response:
    rows = list(_rows(stream.settings.counting_sources()))
    revision = stream.settings.page.revision
    response = jsonify(revision=revision, settings=rows, **more)
    response.set_etag(revision)
    return response


def _rows(sources: tuple[Source, ...]) -> Iterator[dict[str, Any]]:
    """Raises ConfigError."""
    without_page = tuple(source for source in sources if source.kind != "page")
    for name, setting in OWNERS.items():
        source = source_of(setting.key, sources)
        yield {
            "name": name,
            "key": setting.key,
            "value": read_setting(setting, sources),
            "default": read_setting(setting, without_page),
            "origin": "default" if source is None else source.kind,
            "origin_detail": "" if source is None else source.spell(setting.key),
            "is_fixed": source is not None and source.kind in _ABOVE,
            **setting.form,
        }


def _checked(body: Mapping[str, object], sources: tuple[Source, ...]) -> dict[str, object]:
    """Returns the values in the form in which they are kept. Raises BadSetting, SettingFixed."""
    checked = {}
    for name, value in body.items():
        setting = OWNERS.get(name)
        if setting is None:
            raise BadSetting(f"{name[:60]!r} is no setting that can be changed here")
        source = source_of(setting.key, sources)
        if source is not None and source.kind in _ABOVE:
            where = source.spell(setting.key)
            raise SettingFixed(f"{name} can't be changed here: {source.origin} has {where}")
        checked[name] = None if value is None else _parsed(setting, value)
    return checked


def _parsed(setting: Setting, value: object) -> object:
    """Text is not taken for a number: that is for the environment."""
    is_text = setting.form["kind"] in {"text", "choice"}
    try:
        if isinstance(value, str) is not is_text:
            raise ValueError(setting.expected)
        return setting.parse(value)
    except ValueError as exc:
        raise BadSetting(f"{setting.name} must be {exc}") from exc


def _limits(stream: Stream, values: Mapping[str, object]) -> Retention | None:
    """Returns what would be kept; None: nothing changes about that."""
    changed = {name: value for name, value in values.items() if name.startswith("keep_")}
    if not changed:
        return None
    sources = stream.settings.counting_sources()
    without_page = tuple(source for source in sources if source.kind != "page")
    given: dict[str, Any] = {
        name: read_setting(OWNERS[name], without_page) if value is None else value
        for name, value in changed.items()
    }
    return retention(replace(stream.config, **given))


def _deletes(stream: Stream, limits: Retention) -> dict[str, int] | None:
    """Returns None where the recordings can't be counted."""
    try:
        count, size_bytes = stream.archive.exceeding(limits)
    except StorageError:
        return None
    return {"recordings": count, "bytes": size_bytes}


def _claim(stream: Stream) -> None:
    """Of several processes only the one that records changes the settings beside the recordings.
    Raises NotRecorderOwner, StorageError."""
    try:
        stream.archive.claim()
    except OSError as exc:
        raise StorageError(f"The settings can't be kept: {exc.strerror}") from exc


def _expected_revision() -> str | None:
    """Returns the one that `If-Match` names (RFC 9110 section 13.1.1); None: any."""
    tags = request.if_match
    if not request.headers.get("If-Match") or tags.star_tag:
        return None
    return next(iter(tags.as_set()), "")
