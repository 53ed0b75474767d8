from __future__ import annotations

from pathlib import Path

import pytest

from pet_stream.config import Config
from pet_stream.errors import ConfigError
from pet_stream.publish_target import MAX_TARGETS, parse_targets

URL = "https://sfu.example.org:8443/whip/room?key=secret"
TOKEN = "eyJhbGciOiJI.eyJzdWIi-_.x+/9=="


def test_a_url_alone_is_enough() -> None:
    [target] = parse_targets(URL)
    assert (target.url, target.token, target.is_always) == (URL, None, True)
    [target] = parse_targets({"url": URL, "when": "asked"})
    assert not target.is_always


def test_neither_token_nor_path_is_shown() -> None:
    [target] = parse_targets({"url": URL, "token": TOKEN})
    assert target.token == TOKEN
    assert target.shown == "sfu.example.org:8443"
    assert TOKEN not in repr(target)


def test_a_token_may_stand_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    monkeypatch.setenv("SFU_TOKEN", TOKEN)
    for where in ({"token_file": str(path)}, {"token_env": "SFU_TOKEN"}):
        [target] = parse_targets([{"url": URL, **where}])
        assert target.token == TOKEN


@pytest.mark.parametrize(
    "value",
    [
        7,
        b"https://a",
        [7],
        ["ftp://a"],
        ["https://"],
        ["https://me:pw@a/"],
        ["https://a/ b"],
        ["https://a:0/"],
        [{"token": TOKEN}],
        [{"url": URL, "token": "two words"}],
        [{"url": URL, "token": "a\r\nX: y"}],
        [{"url": URL, "token": ""}],
        [{"url": URL, "token": 7}],
        [{"url": URL, "token": "a" * 5000}],
        [{"url": URL, "token": TOKEN, "token_env": "PATH"}],
        [{"url": URL, "token_env": "PET_STREAM_THERE_IS_NONE"}],
        [{"url": URL, "token_file": "/nowhere/at/all"}],
        [{"url": URL, "when": "never"}],
        [{"url": URL, "room": 1}],
        [URL, URL],
        [f"{URL}{n}" for n in range(MAX_TARGETS + 1)],
    ],
)
def test_a_bad_row_names_the_key_and_no_token(value: object) -> None:
    with pytest.raises(ConfigError, match="PET_STREAM_PUBLISH") as caught:
        Config.from_mapping({"PET_STREAM_PUBLISH": value})
    assert TOKEN not in str(caught.value)
