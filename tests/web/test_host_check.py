from __future__ import annotations

import logging
import sys
import types

import pytest
from flask import Flask
from werkzeug.routing import BaseConverter

from tests.apps import stream_of


def faults(app: Flask, **environ: object) -> list[str]:
    answer = app.test_client().get("/health", environ_overrides=environ)
    reasons: list[str] = answer.get_json()["reasons"]
    return [reason for reason in reasons if "gunicorn" in reason]


def test_one_process_with_threads_is_as_it_should_be(app: Flask) -> None:
    assert faults(app) == []


def test_several_processes_are_explained_once_in_the_log_and_always_in_health(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    environ = {"wsgi.multiprocess": True}
    for _ in range(2):
        (fault,) = faults(app, **environ)
        assert "--workers 1" in fault
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert errors == [fault]


def test_greenlets_instead_of_threads_are_explained(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched = types.ModuleType("gevent.monkey")
    patched.is_module_patched = lambda name: name == "threading"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gevent.monkey", patched)
    (fault,) = faults(app)
    assert "gthread" in fault


class BrokenConverter(BaseConverter):
    """A host's own, which the URL map's check comes upon."""

    def to_python(self, value: str) -> str:
        raise RuntimeError("a mistake of the host's")


def test_a_check_that_fails_fails_no_request_of_the_host(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.url_map.converters["broken"] = BrokenConverter
    app.add_url_rule("/api/recordings/<broken:name>", "hosts", lambda name: name)
    app.add_url_rule("/hosts", "page", lambda: "a page of the host's")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answers = [app.test_client().get("/hosts") for _ in range(2)]
    assert [answer.text for answer in answers] == 2 * ["a page of the host's"]
    assert stream_of(app).is_running
    assert caplog.text.count("can't be compared") == 1
