from __future__ import annotations

import dataclasses
import logging
import os
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from flask import Flask

from pet_stream import PetStream
from pet_stream.config import SETTINGS, Config, write_defaults
from pet_stream.config_source import KEY_PREFIX
from pet_stream.errors import ConfigError
from pet_stream.ice_server import Announced, IceServer
from pet_stream.pause.schedule import Span
from pet_stream.turn_secret import TurnSecret

CONTRACT_DEFAULTS = {
    "PET_STREAM_CAMERA_NAME": "",
    "PET_STREAM_LANGUAGE": "auto",
    "PET_STREAM_SHM": "/pet_camera_stream",
    "PET_STREAM_SOURCES": "auto",
    "PET_STREAM_DETECTIONS_SHM": "/pet_camera_detections",
    "PET_STREAM_RECORD_PATH": "./recordings",
    "PET_STREAM_RECORD_FORMAT": "mp4",
    "PET_STREAM_PREROLL_SECONDS": 5,
    "PET_STREAM_REPLAY_SECONDS": 30,
    "PET_STREAM_REPLAY_MB": 32,
    "PET_STREAM_SYNC_SECONDS": 5,
    "PET_STREAM_SEGMENT_MINUTES": 60,
    "PET_STREAM_MAX_RECORDING_MINUTES": 0,
    "PET_STREAM_HEARTBEAT_SECONDS": 0,
    "PET_STREAM_MIN_FREE_MB": 200,
    "PET_STREAM_CLIPS_MB": 2000,
    "PET_STREAM_KEEP_DAYS": 0,
    "PET_STREAM_KEEP_MB": 0,
    "PET_STREAM_RESUME_RECORDING": False,
    "PET_STREAM_KEEP_FREE_MB": 0,
    "PET_STREAM_BIN_HOURS": 24,
    "PET_STREAM_MAX_CLIENTS": 10,
    "PET_STREAM_ICE_SERVERS": [],
    "PET_STREAM_TURN_SECRET": None,
    "PET_STREAM_ICE_HOSTS": None,
    "PET_STREAM_ICE_PORTS": None,
    "PET_STREAM_ICE_ANNOUNCE": [],
    "PET_STREAM_ALLOWED_ORIGINS": ["http://localhost:8080"],
    "PET_STREAM_FRAME_ANCESTORS": [],
    "PET_STREAM_ALLOWED_HOSTS": None,
    "PET_STREAM_AUTH": None,
    "PET_STREAM_ACCOUNTS": "./pet_stream_accounts.json",
    "PET_STREAM_PAUSE_SCHEDULE": [],
    "PET_STREAM_PAUSE_FILE": "./pet_stream_pause.json",
    "PET_STREAM_LOG_LEVELS": [],
    "PET_STREAM_PUBLISH": [],
    "PET_STREAM_WEBHOOKS": [],
    "PET_STREAM_WEBHOOK_QUEUE": "./pet_stream_webhooks.db",
    "PET_STREAM_LEGACY_ROUTES": True,
    "PET_STREAM_URL_PREFIX": "",
    "PET_STREAM_WHEP_WAITS": False,
    "PET_STREAM_AUTOSTART": True,
    "PET_STREAM_METRICS": True,
}

TURN = {"urls": "turn:turn.example:3478?transport=udp", "username": "u", "credential": "secret"}

TAKEN = [
    ("CAMERA_NAME", "  Küche 猫 ", "Küche 猫"),
    ("CAMERA_NAME", "x" * 40, "x" * 40),
    ("LANGUAGE", "ja", "ja"),
    ("SHM", "pet_camera_stream", "posix:/pet_camera_stream"),
    ("SHM", "posix:/other", "posix:/other"),
    ("SHM", "sysv:0x50455443", "sysv:0x50455443"),
    ("SHM", "sysv:1346720835", "sysv:0x50455443"),
    ("SOURCES", "auto", None),
    ("SOURCES", None, ()),
    ("SOURCES", "None", ()),
    ("SOURCES", ["/day", "sysv:7"], ("posix:/day", "sysv:0x7")),
    ("SOURCES", "/day, /night", ("posix:/day", "posix:/night")),
    ("DETECTIONS_SHM", None, None),
    ("DETECTIONS_SHM", "None", None),
    ("DETECTIONS_SHM", "null", None),
    ("RECORD_PATH", "/var/lib/pet", Path("/var/lib/pet")),
    ("RECORD_PATH", Path("/var/lib/pet"), Path("/var/lib/pet")),
    ("RECORD_FORMAT", "h264", "h264"),
    ("PREROLL_SECONDS", 2.5, 2.5),
    ("PREROLL_SECONDS", "2.5", 2.5),
    ("REPLAY_SECONDS", 0, 0),
    ("MAX_CLIENTS", 1, 1),
    ("MAX_CLIENTS", "10", 10),
    ("MAX_CLIENTS", 1000, 1000),
    ("ICE_SERVERS", [], ()),
    (
        "ICE_SERVERS",
        [{"urls": ["stun:stun.example", "stun:stun.example:3478"]}],
        (IceServer(("stun:stun.example", "stun:stun.example:3478")),),
    ),
    ("ICE_SERVERS", "stun:stun.example:3478", (IceServer(("stun:stun.example:3478",)),)),
    ("ICE_SERVERS", [TURN], (IceServer((str(TURN["urls"]),), "u", "secret"),)),
    ("ICE_SERVERS", TURN, (IceServer((str(TURN["urls"]),), "u", "secret"),)),
    ("TURN_SECRET", None, None),
    ("TURN_SECRET", "None", None),
    ("TURN_SECRET", 1234567890123456, TurnSecret(b"1234567890123456")),
    ("ICE_PORTS", None, None),
    ("ICE_PORTS", "None", None),
    ("ICE_PORTS", "50000-50100", range(50000, 50101)),
    ("ICE_PORTS", " 1024 - 65535 ", range(1024, 65536)),
    ("ICE_PORTS", "50000-50000", range(50000, 50001)),
    ("ICE_ANNOUNCE", [], ()),
    ("ICE_ANNOUNCE", "203.0.113.9", (Announced(ip_address("203.0.113.9")),)),
    (
        "ICE_ANNOUNCE",
        ["203.0.113.9", "2001:DB8::9", "[2001:db8::a]", "203.0.113.9"],
        tuple(Announced(ip_address(a)) for a in ("203.0.113.9", "2001:db8::9", "2001:db8::a")),
    ),
    ("ICE_HOSTS", None, None),
    ("ICE_HOSTS", "None", None),
    ("ICE_HOSTS", [], ()),
    ("ICE_HOSTS", ["127.0.0.1"], (ip_network("127.0.0.1/32"),)),
    ("ICE_HOSTS", "10.0.0.0/8, fd00::/8", (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))),
    ("ALLOWED_ORIGINS", [], frozenset()),
    ("ALLOWED_ORIGINS", "*", frozenset({"*"})),
    ("ALLOWED_ORIGINS", ["HTTP://Cam.Example:80/"], frozenset({"http://cam.example"})),
    ("ALLOWED_ORIGINS", "https://a:443,http://[::1]:8080", {"https://a", "http://[::1]:8080"}),
    ("ALLOWED_ORIGINS", "http://my_pi:8080", frozenset({"http://my_pi:8080"})),
    ("FRAME_ANCESTORS", [], frozenset()),
    ("FRAME_ANCESTORS", "http://HA.local:8123/", frozenset({"http://ha.local:8123"})),
    ("ALLOWED_HOSTS", None, None),
    ("ALLOWED_HOSTS", "None", None),
    ("ALLOWED_HOSTS", [], frozenset()),
    ("ALLOWED_HOSTS", "", frozenset()),
    ("ALLOWED_HOSTS", "*", frozenset({"*"})),
    ("ALLOWED_HOSTS", "Cam.Example.org., my_pi", frozenset({"cam.example.org", "my_pi"})),
    ("ALLOWED_HOSTS", [".Example.org", "[FD00::0001]"], frozenset({".example.org", "[fd00::1]"})),
    ("PAUSE_SCHEDULE", [], ()),
    ("PAUSE_SCHEDULE", "22:00-07:00", (Span(tuple(range(7)), 1320, 540),)),
    ("PAUSE_SCHEDULE", ["Sat-Sun 00:00-24:00"], (Span((5, 6), 0, 1440),)),
    ("PAUSE_FILE", "/var/lib/pet/pause.json", Path("/var/lib/pet/pause.json")),
    ("LOG_LEVELS", [], ()),
    ("LOG_LEVELS", "debug", (("pet_stream", logging.DEBUG),)),
    (
        "LOG_LEVELS",
        ["Info", "pet_stream.webrtc.peers=debug"],
        (("pet_stream", logging.INFO), ("pet_stream.webrtc.peers", logging.DEBUG)),
    ),
    ("URL_PREFIX", "", ""),
    ("URL_PREFIX", "/camera", "/camera"),
    ("URL_PREFIX", "/pets/camera_1", "/pets/camera_1"),
    ("LEGACY_ROUTES", False, False),
    ("LEGACY_ROUTES", "False", False),
    ("LEGACY_ROUTES", "0", False),
    ("LEGACY_ROUTES", 0, False),
    ("LEGACY_ROUTES", "off", False),
    ("AUTOSTART", "true", True),
    ("METRICS", "1", True),
]

REFUSED: list[tuple[str, object]] = [
    ("SHM", None),
    ("SOURCES", []),
    ("SOURCES", 7),
    ("SOURCES", "a/b"),
    ("SOURCES", [f"/{number}" for number in range(9)]),
    ("SHM", ""),
    ("SHM", 7),
    ("SHM", "a/b"),
    ("SHM", "sysv:zero"),
    ("SHM", "http://camera"),
    ("DETECTIONS_SHM", ""),
    ("DETECTIONS_SHM", False),
    ("RECORD_PATH", ""),
    ("RECORD_PATH", None),
    ("RECORD_PATH", 5),
    ("RECORD_PATH", "a\0b"),
    ("RECORD_FORMAT", "MP4"),
    ("PREROLL_SECONDS", -1),
    ("PREROLL_SECONDS", 601),
    ("PREROLL_SECONDS", True),
    ("PREROLL_SECONDS", "None"),
    ("PREROLL_SECONDS", float("nan")),
    ("SYNC_SECONDS", 0),
    ("MIN_FREE_MB", 0.5),
    ("RECORD_FORMAT", "avi"),
    ("RECORD_FORMAT", None),
    ("MAX_CLIENTS", 0),
    ("MAX_CLIENTS", 1001),
    ("MAX_CLIENTS", True),
    ("MAX_CLIENTS", "None"),
    ("MAX_CLIENTS", "ten"),
    ("MAX_CLIENTS", 2.5),
    ("ICE_SERVERS", None),
    ("ICE_SERVERS", [{"urls": "http://stun.example"}]),
    ("ICE_SERVERS", [{"urls": []}]),
    ("ICE_SERVERS", [{}]),
    ("ICE_SERVERS", [{"urls": "turn:turn.example"}]),
    ("ICE_SERVERS", [{"urls": "stun:stun.example", "user": "u"}]),
    ("ICE_SERVERS", [3]),
    ("ICE_SERVERS", [{"urls": "stun:stun.example?transport=udp"}]),
    ("ICE_SERVERS", [{"urls": "stun:stun.example:65536"}]),
    ("ICE_SERVERS", [{"urls": "stun:stun.example:0"}]),
    ("ICE_SERVERS", [{"urls": "stun:"}]),
    ("ICE_SERVERS", [{"urls": "stun:user@stun.example"}]),
    ("ICE_SERVERS", [{"urls": "stun:a\nb"}]),
    ("ICE_SERVERS", [{"urls": 'stun:a"; rel="b'}]),
    ("ICE_SERVERS", [{"urls": ["stun:a"] * 5}]),
    ("ICE_SERVERS", [{"urls": "stun:a"}] * 9),
    ("ICE_SERVERS", [{"urls": "turn:turn.example", "username": "u"}]),
    ("ICE_SERVERS", [{"urls": "turn:turn.example", "username": 5}]),
    ("ICE_SERVERS", [{"urls": "turn:turn.example?transport=sctp"}]),
    ("ICE_PORTS", 50000),
    ("ICE_PORTS", "50000"),
    ("ICE_PORTS", "50100-50000"),
    ("ICE_PORTS", "1023-50000"),
    ("ICE_PORTS", "50000-65536"),
    ("ICE_PORTS", "-1-5"),
    ("ICE_PORTS", "5e4-6e4"),
    ("ICE_PORTS", [50000, 50100]),
    ("ICE_PORTS", ""),
    ("ICE_ANNOUNCE", None),
    ("ICE_ANNOUNCE", 7),
    ("ICE_ANNOUNCE", [7]),
    ("ICE_ANNOUNCE", ["cam.example.org"]),
    ("ICE_ANNOUNCE", ["203.0.113.0/24"]),
    ("ICE_ANNOUNCE", ["203.0.113.256"]),
    ("ICE_ANNOUNCE", ["0.0.0.0"]),
    ("ICE_ANNOUNCE", ["::"]),
    ("ICE_ANNOUNCE", ["255.255.255.255"]),
    ("ICE_ANNOUNCE", ["224.0.0.251"]),
    ("ICE_ANNOUNCE", ["fe80::1%eth0"]),
    ("ICE_ANNOUNCE", ["203.0.113.9:0"]),
    ("ICE_ANNOUNCE", ["203.0.113.9:65536"]),
    ("ICE_ANNOUNCE", ["203.0.113.9:50000-50100"]),
    ("ICE_ANNOUNCE", ["203.0.113.9:50000"]),  # without ICE_PORTS
    ("ICE_ANNOUNCE", [f"203.0.113.{number}" for number in range(9)]),
    ("ICE_HOSTS", ["all"]),
    ("ICE_HOSTS", [10]),
    ("ICE_HOSTS", 10),
    ("ALLOWED_ORIGINS", None),
    ("ALLOWED_ORIGINS", "None"),
    ("ALLOWED_ORIGINS", ["http://cam.example/page"]),
    ("ALLOWED_ORIGINS", ["http://cam.example:port"]),
    ("ALLOWED_ORIGINS", ["null"]),
    ("ALLOWED_ORIGINS", ["http://*.example"]),
    ("ALLOWED_ORIGINS", ["http://küche.example"]),
    ("FRAME_ANCESTORS", None),
    ("FRAME_ANCESTORS", "*"),
    ("FRAME_ANCESTORS", ["http://ha.local:8123/lovelace"]),
    ("FRAME_ANCESTORS", ["'self'"]),
    ("FRAME_ANCESTORS", ["http://a; script-src *"]),
    ("ALLOWED_HOSTS", ["cam.example:8080"]),
    ("ALLOWED_HOSTS", ["http://cam.example"]),
    ("ALLOWED_HOSTS", ["*.example"]),
    ("ALLOWED_HOSTS", ["."]),
    ("ALLOWED_HOSTS", [".192.168.1.1"]),
    ("ALLOWED_HOSTS", ["küche.example"]),
    ("ALLOWED_HOSTS", [7]),
    ("ALLOWED_HOSTS", True),
    ("PAUSE_SCHEDULE", None),
    ("PAUSE_SCHEDULE", ["at night"]),
    ("PAUSE_SCHEDULE", ["22:00-22:00"]),
    ("PAUSE_SCHEDULE", ["Mon,Tue 22:00-23:00"]),
    ("PAUSE_SCHEDULE", [22]),
    ("PAUSE_SCHEDULE", ["22:00-07:00"] * 31),
    ("PAUSE_FILE", ""),
    ("LOG_LEVELS", None),
    ("LOG_LEVELS", ["loud"]),
    ("LOG_LEVELS", ["aiortc=debug"]),
    ("LOG_LEVELS", ["pet_streams=debug"]),
    ("LOG_LEVELS", ["pet_stream.=debug"]),
    ("LOG_LEVELS", ["=debug"]),
    ("LOG_LEVELS", [10]),
    ("LOG_LEVELS", ["info"] * 31),
    ("URL_PREFIX", None),
    ("URL_PREFIX", "camera"),
    ("URL_PREFIX", "/camera/"),
    ("URL_PREFIX", "/"),
    ("URL_PREFIX", "/<name>"),
    ("LEGACY_ROUTES", None),
    ("LEGACY_ROUTES", "None"),
    ("LEGACY_ROUTES", ""),
    ("LEGACY_ROUTES", 2),
    ("AUTOSTART", "maybe"),
    ("METRICS", []),
]


def test_defaults_are_those_of_the_contract() -> None:
    mapping: dict[str, object] = {}
    write_defaults(mapping)
    assert mapping == CONTRACT_DEFAULTS


def test_defaults_are_valid_and_written_defaults_read_the_same() -> None:
    mapping: dict[str, object] = {}
    write_defaults(mapping)
    assert Config.from_mapping(mapping) == Config.from_mapping({})


def test_the_hosts_own_values_are_not_overwritten() -> None:
    mapping: dict[str, object] = {"PET_STREAM_MAX_CLIENTS": 3}
    write_defaults(mapping)
    assert mapping["PET_STREAM_MAX_CLIENTS"] == 3


def test_a_host_that_changes_a_default_list_does_not_change_the_next_apps() -> None:
    first: dict[str, list[str]] = {}
    write_defaults(first)
    first["PET_STREAM_ALLOWED_ORIGINS"].append("http://elsewhere")
    assert Config.from_mapping({}).allowed_origins == {"http://localhost:8080"}


@pytest.mark.parametrize(("name", "value", "expected"), TAKEN)
def test_takes(name: str, value: object, expected: object) -> None:
    config = Config.from_mapping({KEY_PREFIX + name: value})
    assert getattr(config, name.lower()) == expected


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_refuses_with_key_value_and_range(name: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping({KEY_PREFIX + name: value})
    assert caught.value.key == KEY_PREFIX + name
    assert KEY_PREFIX + name in str(caught.value)
    assert repr(value) in str(caught.value)
    assert len(caught.value.expected) > 10


def test_a_relative_folder_does_not_move_with_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config.from_mapping({})
    assert config.record_path == tmp_path / "recordings"


def test_a_turn_credential_is_not_shown_in_the_error() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping({"PET_STREAM_ICE_SERVERS": [{**TURN, "urls": "nonsense"}]})
    assert "secret" not in str(caught.value)
    assert "nonsense" in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        '[{"url": "https://a.example/hidden", "secret": "hidden"',
        ' {"url": "https://a.example/", "token": "hidden", "x": 1}',
        [{"url": "https://a.example/hidden?key=hidden#hidden", "x": 1}],
        [{"url": "https://a.example?hidden", "x": 1}],
    ],
)
@pytest.mark.parametrize("key", ["PET_STREAM_WEBHOOKS", "PET_STREAM_PUBLISH"])
def test_what_is_secret_of_a_target_is_not_shown_in_the_error(key: str, value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping({key: value})
    assert "hidden" not in str(caught.value)
    assert isinstance(value, str) or "https://a.example/…" in str(caught.value)


TURN_SECRETS: list[object] = [
    "fifteen letters",
    "sixteen\nletters ",
    "x" * 5000,
    {"secret": "hidden"},
    {"secret": "hidden" * 3, "secret_env": "HOME"},
    {"secret_env": "PET_STREAM_NO_SUCH_VARIABLE"},
    {"secret_file": "/no/such/file"},
    {"secret_file": "/dev/zero"},
    {"secret_file": "a\0b"},
    {"secret_file": 3},
    {"password": "hidden" * 3},
    {},
    ["hidden" * 3],
    True,
    1.5e16,
    b"hidden" * 3,
]


@pytest.mark.parametrize("value", TURN_SECRETS, ids=str)
def test_a_turn_secret_is_refused_without_being_shown(value: object) -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_mapping({"PET_STREAM_TURN_SECRET": value})
    said = str(caught.value)
    assert said.startswith("PET_STREAM_TURN_SECRET = '…': expected ")
    assert not any(hidden in said for hidden in ("hidden", "letters", "xxx"))


def test_a_turn_secret_stands_in_a_file_or_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secret"
    file.write_text("of the file 0123456789\n")
    monkeypatch.setenv("SECRET_OF_TURN", " of the variable 0123 ")
    for row, secret in (
        ({"secret_file": str(file)}, b"of the file 0123456789"),
        ({"secret_env": "SECRET_OF_TURN"}, b"of the variable 0123"),
        ({"secret": "of the setting 01"}, b"of the setting 01"),
    ):
        config = Config.from_mapping({"PET_STREAM_TURN_SECRET": row})
        assert config.turn_secret == TurnSecret(secret)
        assert secret.decode() not in repr(config)


def test_a_pipe_in_the_place_of_the_secrets_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match=r"'secret_file': .*/pipe can't be read"):
        Config.from_mapping({"PET_STREAM_TURN_SECRET": {"secret_file": str(tmp_path / "pipe")}})


def test_a_turn_server_has_credentials_or_there_is_a_secret() -> None:
    servers = {"PET_STREAM_ICE_SERVERS": ["stun:a", "turn:b", TURN]}
    with pytest.raises(ConfigError, match="or PET_STREAM_TURN_SECRET"):
        Config.from_mapping(servers)
    config = Config.from_mapping({**servers, "PET_STREAM_TURN_SECRET": "0123456789abcdef"})
    assert [server.wants_credentials for server in config.ice_servers] == [False, True, False]


@pytest.mark.parametrize("port", [0, 65535, 65435])
def test_ports_outside_have_room_for_those_inside(port: int) -> None:
    with pytest.raises(ConfigError, match="ICE_ANNOUNCE"):
        Config.from_mapping(
            {
                "PET_STREAM_ICE_PORTS": "50000-50101",
                "PET_STREAM_ICE_ANNOUNCE": f"203.0.113.9:{port}",
            }
        )


def test_an_unknown_key_is_logged_with_the_nearest_known_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Config.from_mapping({"PET_STREAM_MAX_CLIENT": 3, "OTHER_KEY": 1})
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "PET_STREAM_MAX_CLIENT is not a setting" in record.message
    assert record.message.endswith("PET_STREAM_MAX_CLIENTS")


ENVIRONMENT = {
    "SHM": "sysv:0x50455443",
    "DETECTIONS_SHM": "None",
    "MAX_CLIENTS": "3",
    "ICE_HOSTS": '["127.0.0.1"]',
    "ICE_SERVERS": '[{"urls": "stun:stun.example:3478"}]',
    "ALLOWED_ORIGINS": "http://a.example,http://b.example",
    "LEGACY_ROUTES": "False",
    "AUTOSTART": "0",
}


@pytest.mark.parametrize("reads_itself", [False, True])
def test_a_host_has_the_settings_of_the_environment_whether_it_reads_them_itself_or_not(
    monkeypatch: pytest.MonkeyPatch, reads_itself: bool
) -> None:
    for name, text in ENVIRONMENT.items():
        monkeypatch.setenv(f"FLASK_PET_STREAM_{name}", text)
    app = Flask(__name__)
    if reads_itself:
        app.config.from_prefixed_env()
    PetStream(app)
    config = app.extensions["pet_stream"].config
    assert config.shm == "sysv:0x50455443"
    assert config.detections_shm is None
    assert config.max_clients == 3
    assert config.ice_hosts == (ip_network("127.0.0.1"),)
    assert config.ice_servers == (IceServer(("stun:stun.example:3478",)),)
    assert config.allowed_origins == {"http://a.example", "http://b.example"}
    assert (config.legacy_routes, config.autostart) == (False, False)
    assert app.config["PET_STREAM_MAX_CLIENTS"] == 3  # and the host sees what counts
    assert app.config["PET_STREAM_KEEP_DAYS"] == 0
    assert Config.from_mapping(app.config) == config


def test_a_part_of_a_setting_may_have_a_variable_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLASK_PET_STREAM_ICE_SERVERS__urls", "stun:stun.example")
    app = Flask(__name__)
    PetStream(app)
    assert app.extensions["pet_stream"].config.ice_servers == (IceServer(("stun:stun.example",)),)


def test_what_the_host_sets_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_PET_STREAM_MAX_CLIENTS", "3")
    monkeypatch.setenv("FLASK_PET_STREAM_KEEP_DAYS", "nonsense, but nobody reads it")
    app = Flask(__name__)
    app.config.update(PET_STREAM_MAX_CLIENTS=4, PET_STREAM_KEEP_DAYS=1)
    PetStream(app)
    config = app.extensions["pet_stream"].config
    assert (config.max_clients, config.keep_days) == (4, 1)
    assert app.config["PET_STREAM_MAX_CLIENTS"] == 4


@pytest.mark.parametrize("reads_itself", [False, True])
def test_a_variable_that_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, reads_itself: bool
) -> None:
    monkeypatch.setenv("FLASK_PET_STREAM_MAX_CLIENTS", "ten")
    monkeypatch.setenv("FLASK_PET_STREAM_KEEP_DAY", "7")
    app = Flask(__name__)
    if reads_itself:
        app.config.from_prefixed_env()
    with pytest.raises(ConfigError, match=r"^FLASK_PET_STREAM_MAX_CLIENTS = 'ten': expected a "):
        PetStream(app)
    (record,) = caplog.records
    assert record.message == (
        "FLASK_PET_STREAM_KEEP_DAY is not a setting of pet_stream; "
        "the nearest is FLASK_PET_STREAM_KEEP_DAYS"
    )


def test_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config.from_mapping({}).max_clients = 11  # type: ignore[misc]


def test_every_setting_has_a_meaning() -> None:
    assert [setting.name for setting in SETTINGS if not setting.meaning] == []
