"""The setting, and the signature."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from pet_stream.config import Config
from pet_stream.errors import ConfigError
from pet_stream.hooks.event import Event
from pet_stream.webhook import MAX_WEBHOOKS, TYPES, parse_webhooks

URL = "https://example.org/hook"
SECRET = "a secret of 16 characters"
ROW = {"url": URL, "secret": SECRET}


def test_a_row_without_events_gets_all() -> None:
    [webhook] = parse_webhooks(ROW)
    assert webhook.events == set(TYPES)
    assert webhook.secret == SECRET.encode()


def test_the_signature_is_that_of_standard_webhooks() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    [webhook] = parse_webhooks([{"url": URL, "secret": secret}])
    event, at_s = Event("disk.low", {"free_bytes": 1}, 0.0), int(time.time())
    headers = {
        "webhook-id": event.id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": webhook.sign(event.id, at_s, event.to_json()),
    }
    told = Verifier(secret).verify(event.to_json(), headers)
    assert told == {
        "type": "disk.low",
        "timestamp": "1970-01-01T00:00:00.000+00:00",
        "data": {"free_bytes": 1},
    }


def test_a_secret_may_stand_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n")
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    for where in ({"secret_file": str(path)}, {"secret_env": "HOOK_SECRET"}):
        [webhook] = parse_webhooks([{"url": URL, **where}])
        assert webhook.secret == SECRET.encode()


@pytest.mark.parametrize(
    "value",
    [
        URL,
        [URL],
        7,
        [{**ROW, "url": "ftp://example.org/"}],
        [{**ROW, "url": "https:///hook"}],
        [{**ROW, "url": "https://me:pw@example.org/"}],
        [{**ROW, "url": "https://example.org/a b"}],
        [{**ROW, "url": "https://example.org:99999/"}],
        [{**ROW, "url": 5}],
        [{**ROW, "events": ["recording.begun"]}],
        [{**ROW, "events": []}],
        [{**ROW, "events": 3}],
        [{**ROW, "secret": "short"}],
        [{**ROW, "secret": 12345678901234567890}],
        [{**ROW, "secret": "whsec_no base64!"}],
        [{**ROW, "secret_env": "X"}],
        [{"url": URL}],
        [{"url": URL, "secret_env": "PET_STREAM_THERE_IS_NONE"}],
        [{"url": URL, "secret_file": "/nowhere/at/all"}],
        [{**ROW, "more": 1}],
        [ROW, ROW],
        [{**ROW, "url": f"{URL}/{n}"} for n in range(MAX_WEBHOOKS + 1)],
    ],
)
def test_a_bad_row_names_the_key_and_no_secret(value: object) -> None:
    with pytest.raises(ConfigError, match="PET_STREAM_WEBHOOKS") as caught:
        Config.from_mapping({"PET_STREAM_WEBHOOKS": value})
    assert SECRET not in str(caught.value)


def test_neither_secret_nor_path_is_shown() -> None:
    [webhook] = parse_webhooks({**ROW, "url": "https://example.org:8443/T0/B1/xyz?key=abc"})
    assert webhook.shown == "https://example.org:8443/…"
    assert SECRET not in repr(webhook)
