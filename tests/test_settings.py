"""Which of several places counts, and what is said of a file that is wrong."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from flask import Flask

from pet_stream import PetStream
from pet_stream.config_file import MAX_FILE_BYTES
from pet_stream.errors import ConfigError
from pet_stream.settings import Settings

from .test_extension import CHECKOUT, run_script

EVERYWHERE = ("app.config", "environment", "file", "the app's default")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pet.toml"


@pytest.mark.parametrize("first", range(len(EVERYWHERE) + 1))
def test_what_counts_more_wins(file: Path, first: int) -> None:
    values = {place: 11 + number for number, place in enumerate(EVERYWHERE)}
    said = {place: values[place] for place in EVERYWHERE[first:]}
    file.write_text(f"max_clients = {said['file']}" if "file" in said else "")
    app, environment, defaults = (
        {"PET_STREAM_MAX_CLIENTS": said[place]} if place in said else {}
        for place in ("app.config", "environment", "the app's default")
    )
    settings = Settings({**app, "PET_STREAM_CONFIG": file}, environment, defaults)
    assert settings.read().max_clients == (11 + first if first < len(EVERYWHERE) else 10)


@pytest.mark.parametrize("variable", ["PET_STREAM_CONFIG", "FLASK_PET_STREAM_CONFIG", "app.config"])
def test_a_host_reads_the_file_that_is_named(
    file: Path, variable: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_text('max_clients = 3\nkeep_days = 1.5\nice_hosts = ["127.0.0.1"]\n')
    app = Flask(__name__)
    if variable == "app.config":
        app.config["PET_STREAM_CONFIG"] = str(file)
    else:
        monkeypatch.setenv(variable, str(file))
    app.config["PET_STREAM_KEEP_DAYS"] = 2
    PetStream(app)
    config = app.extensions["pet_stream"].config
    assert (config.max_clients, config.keep_days) == (3, 2)
    assert app.config["PET_STREAM_MAX_CLIENTS"] == 3  # the host sees what counts
    assert not caplog.records


def test_without_a_file_nothing_that_reads_one_is_loaded() -> None:
    run_script(
        """
        import sys
        from flask import Flask
        from pet_stream import PetStream
        PetStream(Flask("host"))
        loaded = {"tomllib", "tomli", "pet_stream.config_file"} & sys.modules.keys()
        assert not loaded, loaded
        """
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("max_clients = 0", ["FILE: max_clients = 0", "a whole number from 1 to 1000"]),
        ('max_clients = "ten"', ["FILE: max_clients = 'ten'", "a whole number"]),
        ("max_clients = true", ["FILE: max_clients = True", "a whole number"]),
        ("keep_days = 1979-05-27", ["FILE: keep_days = ", "a number from 0"]),
        ("keep_days = nan", ["FILE: keep_days = nan"]),
        ("record_path = 5", ["FILE: record_path = 5", "the path of a folder"]),
        ("max_client = 3", ["FILE: max_client = 3", "the nearest is max_clients"]),
        ("PET_STREAM_SHM = 'x'", ["FILE: PET_STREAM_SHM = 'x'", "the nearest is shm"]),
        ("[pet_stream]\nmax_clients = 3", ["FILE: pet_stream = {'max_clients': 3}"]),
        ("config = 'other.toml'", ["FILE: config = 'other.toml'"]),
        ("max_clients =\n", ["FILE is not TOML: ", "line 1"]),
        ("max_clients = 3\nmax_clients = 4", ["FILE is not TOML: "]),
        ("a = " + "[" * 20_000, ["FILE is not TOML"]),
        ("#" * (MAX_FILE_BYTES + 1), [f"FILE has more than {MAX_FILE_BYTES} bytes"]),
    ],
    ids=range(14),
)
def test_what_is_wrong_is_named_with_its_file(file: Path, text: str, words: list[str]) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Settings({"PET_STREAM_CONFIG": file}).read()
    for word in words:
        assert word.replace("FILE", str(file)) in str(caught.value)


def test_an_editor_may_begin_it_with_a_mark(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfmax_clients = 3\r\n")
    assert Settings({"PET_STREAM_CONFIG": file}).read().max_clients == 3


def test_a_file_that_can_not_be_read_is_named(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"pet\.toml can't be read: No such file"):
        Settings({"PET_STREAM_CONFIG": file}).read()
    file.write_bytes(b"\xff = 1")
    with pytest.raises(ConfigError, match="not TOML"):
        Settings({"PET_STREAM_CONFIG": file}).read()


def test_what_is_no_file_holds_up_nobody(file: Path) -> None:
    os.mkfifo(file)
    for path in (file, file.parent, Path("/dev/zero")):
        with pytest.raises(ConfigError, match="can't be read"):
            Settings({"PET_STREAM_CONFIG": path}).read()
    with pytest.raises(ConfigError, match="PET_STREAM_CONFIG = 5: expected the path of a file"):
        Settings({"PET_STREAM_CONFIG": 5})


@pytest.mark.parametrize(
    "text",
    [
        'ice_servers = [{urls = "nonsense", username = "u", credential = "hidden"}]',
        'ice_servers = [{urls = "turn:a", username = "u", password = "hidden"}]',
        'turn_password = "hidden"',
        'ice_server = {urls = "turn:a", Credential = "hidden"}',
    ],
)
def test_a_secret_is_in_no_error(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Settings({"PET_STREAM_CONFIG": file}).read()
    assert "hidden" not in str(caught.value)


def test_the_file_in_the_docs_is_one(file: Path) -> None:
    page = (CHECKOUT / "docs" / "settings.md").read_text()
    example = re.findall(r"(?ms)^```toml\n(.*?)^```", page)[-1]
    file.write_text(example)
    config = Settings({"PET_STREAM_CONFIG": file}).read()
    assert (config.max_clients, config.keep_days, config.detections_shm) == (4, 14, None)
    assert config.ice_servers[0].username == "cam"
