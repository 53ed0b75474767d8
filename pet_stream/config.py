"""Every setting: read from where it stands (`config_source`), checked, then fixed.

The table is the Config class itself: name, type, default, parser and meaning on one line each. What
is marked `is_live` counts at once when the settings are read again (`live_settings`); what is
marked `is_owners` can be changed on the page, too (`page_settings`).
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from . import config_values as values
from . import ice_values
from .config_row import Setting
from .config_row import setting_row as _setting
from .config_source import (
    EMPTY,
    FILE_KEY,
    Source,
    app_source,
    environment_source,
    shown,
)
from .errors import ConfigError
from .ice_server import Announced, HostCandidates, IceServer, IpNetwork
from .logs.levels import Level
from .pause.schedule import Span
from .publish_target import PublishTarget, parse_targets
from .turn_secret import TurnSecret, parse_turn_secret
from .webhook import Webhook, parse_webhooks

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one app, in the form in which the parts use them."""

    camera_name: str = _setting(
        "",
        values.line(40),
        "what the camera is called, on the page and where it is installed as an app",
        is_live=True,
        is_owners=True,
    )
    language: str = _setting(
        "auto",
        values.one_of("auto", "en", "ja"),
        "of the page, for devices where none was chosen; `auto`: that of the browser",
        is_live=True,
        is_owners=True,
    )
    shm: str = _setting(
        "/pet_camera_stream",
        values.segment_url,
        "the stream's shared memory: a name, `posix:/name`, or `sysv:KEY`",
    )
    sources: Sequence[str] | None = _setting(
        "auto",
        values.sources,
        "the cameras' own rings, where `shm` is a relay of them: a list; `auto`: its name with "
        "`_day` and `_night`, where there are such; `None`: the relay is read",
    )
    detections_shm: str | None = _setting(
        "/pet_camera_detections",
        values.optional(values.segment_url),
        "the detector's shared memory; `None`: no overlay",
    )
    record_path: Path = _setting(  # noqa: RUF009 (a field, whatever its type)
        "./recordings", values.folder, "folder of the recordings, made if missing"
    )
    record_format: str = _setting(
        "mp4", values.one_of("mp4", "h264"), "`mp4`, or `h264`: the raw stream, without times"
    )
    preroll_seconds: float = _setting(
        5,
        values.number(0, 600),
        "how many seconds before its start a recording begins",
        is_live=True,
        is_owners=True,
    )
    replay_seconds: float = _setting(
        30,
        values.number(0, 3600),
        "how many seconds are kept in memory, for clips and pre-roll",
        is_live=True,
        is_owners=True,
    )
    replay_mb: int = _setting(
        32, values.whole_number(0, 4096), "the same in megabytes; the lower limit counts"
    )
    sync_seconds: float = _setting(
        5,
        values.number(0.5, 60),
        "time between syncs of a running recording to the disk: what a power cut may cost",
        is_live=True,
    )
    segment_minutes: float = _setting(
        60,
        values.number(0, 1440),
        "a longer recording continues in the next file; 0: never",
        is_live=True,
    )
    max_recording_minutes: float = _setting(
        0,
        values.number(0, 100_000),
        "the longest recording; 0: no limit",
        is_live=True,
        is_owners=True,
    )
    heartbeat_seconds: float = _setting(
        0,
        values.number(0, 3600),
        "a recording ends when no heartbeat has come for this many seconds; 0: never",
        is_live=True,
    )
    resume_recording: bool = _setting(
        False,
        values.flag,
        "a recording goes on by itself when the server is back after a crash or a restart",
        is_live=True,
        is_owners=True,
    )
    min_free_mb: int = _setting(
        200,
        values.whole_number(0, 1_000_000),
        "a recording ends when less is free on the disk",
        is_live=True,
    )
    clips_mb: int = _setting(
        2000,
        values.whole_number(0, 100_000_000),
        "size of all clips together; a clip beyond it is refused; 0: no limit",
        is_live=True,
    )
    keep_days: float = _setting(
        0,
        values.number(0, 36_500),
        "older recordings are deleted; 0: never, as for the next two",
        is_live=True,
        is_owners=True,
    )
    keep_mb: int = _setting(
        0,
        values.whole_number(0, 100_000_000),
        "the oldest are deleted while all together are larger",
        is_live=True,
        is_owners=True,
    )
    keep_free_mb: int = _setting(
        0,
        values.whole_number(0, 100_000_000),
        "the oldest are deleted while less is free, up to half of what was recorded",
        is_live=True,
        is_owners=True,
    )
    bin_hours: float = _setting(
        24,
        values.number(0, 8760),
        "how long a deleted recording can be restored; 0: it is gone at once",
        is_live=True,
        is_owners=True,
    )
    max_clients: int = _setting(
        10, values.whole_number(1, 1000), "viewers of all kinds together, 1 to 1000", is_live=True
    )
    ice_servers: tuple[IceServer, ...] = _setting(
        [], ice_values.ice_servers, "STUN and TURN: a list of `{urls, username, credential}`"
    )
    turn_secret: TurnSecret | None = _setting(  # noqa: RUF009
        None,
        parse_turn_secret,
        "shared with the TURN servers that have no `credential` here: each viewer gets one for an "
        "hour",
    )
    ice_hosts: tuple[IpNetwork, ...] | None = _setting(
        None,
        ice_values.ice_hosts,
        "addresses or networks offered as host candidates; `None`: all",
    )
    ice_ports: range | None = _setting(
        None,
        ice_values.ice_ports,
        "UDP ports for WebRTC, such as `50000-50100`: one for each viewer; `None`: any",
    )
    ice_announce: tuple[Announced, ...] = _setting(
        [],
        ice_values.ice_announce,
        "addresses under which this machine is reached from outside, offered beside its own: "
        "`address`, or `address:port` with the port there of the first of `ice_ports`",
    )
    allowed_origins: frozenset[str] = _setting(
        ["http://localhost:8080"],
        values.origins,
        "pages of other origins that may use this",
        is_live=True,
    )
    frame_ancestors: frozenset[str] = _setting(
        [],
        values.framing_origins,
        "origins of other pages that may show the dashboard in a frame",
        is_live=True,
    )
    allowed_hosts: frozenset[str] | None = _setting(
        None,
        values.host_names,
        "names of this machine, beside its own; requests under other names are refused; "
        "`None`: all names are answered",
        is_live=True,
    )
    auth: str | None = _setting(
        None,
        values.optional(values.one_of("builtin", "off")),
        "who may do what: `builtin`: people sign in; `off`: everybody may do everything; `None`: "
        "the same, with a warning",
    )
    accounts: Path = _setting(  # noqa: RUF009
        "./pet_stream_accounts.json",
        values.file,
        "the file with the people, devices and tokens of `builtin`, made if missing",
    )
    pause_schedule: tuple[Span, ...] = _setting(
        [],
        values.spans,
        'when nobody sees and nothing records, local time: a list such as `["22:00-07:00", '
        '"Mon-Fri 08:00-17:00"]`',
        is_live=True,
    )
    pause_file: Path = _setting(  # noqa: RUF009
        "./pet_stream_pause.json",
        values.file,
        "keeps a pause beyond a restart; made when somebody begins one",
    )
    publish: tuple[PublishTarget, ...] = _setting(
        [],
        parse_targets,
        "media servers that the camera publishes itself to by WHIP: a list of `{url, token}`",
    )
    webhooks: tuple[Webhook, ...] = _setting(
        [],
        parse_webhooks,
        "who is told by HTTP what happens: a list of `{url, events, secret}`",
    )
    webhook_queue: Path = _setting(  # noqa: RUF009
        "./pet_stream_webhooks.db",
        values.file,
        "keeps what is not delivered yet, beyond a restart; made when there is something to keep",
    )
    log_levels: tuple[Level, ...] = _setting(
        [],
        values.log_levels,
        'levels of our loggers: a list such as `["info", "pet_stream.webrtc=debug"]`',
        is_live=True,
    )
    legacy_routes: bool = _setting(
        True, values.flag, "also serve `/offer`, `/start`, `/stop`, `/status`"
    )
    url_prefix: str = _setting("", values.url_prefix, "in front of all routes, such as `/camera`")
    whep_waits: bool = _setting(
        False,
        values.flag,
        "players that come by WHEP while the camera is offline are answered, and get the picture "
        "when it comes; otherwise they are told to come again",
        is_live=True,
    )
    autostart: bool = _setting(True, values.flag, "start at the first request")
    metrics: bool = _setting(True, values.flag, "serve `/metrics`")

    @classmethod
    def from_mapping(
        cls, mapping: Mapping[str, object], environment: Mapping[str, object] = EMPTY
    ) -> Config:
        """Read the `PET_STREAM_` keys of `mapping`, else of `environment`; one that is in neither
        has its default. Raises ConfigError."""
        return cls.from_sources((app_source(mapping, environment), environment_source(environment)))

    @classmethod
    def from_sources(cls, sources: Sequence[Source]) -> Config:
        """Read each setting from the first of `sources` that has it; one that is in none has its
        default.

        Raises ConfigError. A key that looks like a setting and is none is logged.
        """
        _warn_of_unknown_keys(sources)
        config = cls(**{setting.name: read_setting(setting, sources) for setting in SETTINGS})
        for name, expected in _contradictions(config):
            setting = next(setting for setting in SETTINGS if setting.name == name)
            raise _refusal(setting, sources, expected)
        return config

    @property
    def host_candidates(self) -> HostCandidates:
        return HostCandidates(self.ice_hosts, self.ice_ports, self.ice_announce)


SETTINGS = tuple(Setting(name=row.name, **row.metadata) for row in fields(Config))


def source_of(key: str, sources: Iterable[Source]) -> Source | None:
    """Returns the source that counts for `key`; None: its default does."""
    return next((source for source in sources if key in source.values), None)


def write_defaults(mapping: MutableMapping[str, Any], sources: Sequence[Source] = ()) -> None:
    """Write what the host has not set into `app.config`, so that it sees what counts."""
    for setting in SETTINGS:
        source = source_of(setting.key, sources)
        value = setting.default if source is None else source.values[setting.key]
        mapping.setdefault(setting.key, list(value) if isinstance(value, list) else value)


def read_setting(setting: Setting, sources: Sequence[Source]) -> Any:
    """Returns what counts for one setting. Raises ConfigError."""
    source = source_of(setting.key, sources)
    value = setting.default if source is None else source.values[setting.key]
    try:
        return setting.parse(value)
    except ValueError as exc:
        raise _refusal(setting, sources, str(exc)) from exc


def nearest_setting(word: str, words: Sequence[str]) -> str:
    return difflib.get_close_matches(word, words, n=1, cutoff=0.0)[0]


def _refusal(setting: Setting, sources: Sequence[Source], expected: str) -> ConfigError:
    source = source_of(setting.key, sources)
    value = setting.default if source is None else source.values[setting.key]
    name = setting.key if source is None else source.spell(setting.key)
    return ConfigError(name, shown(setting.key, value), expected)


def _contradictions(config: Config) -> Iterator[tuple[str, str]]:
    """Yields each setting that another one contradicts, and what is expected of it."""
    if config.turn_secret is None and any(s.wants_credentials for s in config.ice_servers):
        words = "'username' and 'credential' for each TURN server, or PET_STREAM_TURN_SECRET"
        yield "ice_servers", words
    ports = config.ice_ports or range(0)
    for first_port in filter(None, (announced.first_port for announced in config.ice_announce)):
        if not ports:
            yield "ice_announce", "addresses without ports, or PET_STREAM_ICE_PORTS"
        elif first_port + len(ports) - 1 > ice_values.MAX_PORT:
            yield "ice_announce", f"room for {len(ports)} ports, up to {ice_values.MAX_PORT}"


def _warn_of_unknown_keys(sources: Sequence[Source]) -> None:
    known = [setting.key for setting in SETTINGS]
    for source in sources:
        for key in source.values:
            if key not in known and key != FILE_KEY:
                logger.warning(
                    "%s is not a setting of pet_stream; the nearest is %s",
                    source.spell(key),
                    source.spell(nearest_setting(key, known)),
                )
