"""What is called in and for requests."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import flask

from pet_stream.metrics import collector, page
from pet_stream.metrics.row import GAUGE, Row
from pet_stream.metrics.table import TABLE

from .rig import Failure, Rig
from .seam import replaced, seam

# ---- requests


@seam("web")
def a_view(rig: Rig, fail: Failure) -> Iterator[None]:
    with replaced(rig.stream.library, "listed", fail):
        answer = rig.app.test_client().get("/api/recordings")
        assert answer.status_code in (500, 503)
        assert answer.get_json()["code"] in ("internal_server_error", "busy")
        yield


@seam("web")
def who_decides_the_rights(rig: Rig, fail: Failure) -> Iterator[None]:
    with replaced(rig.stream.authority, "grant", fail):
        assert rig.get("/api/recordings") in (500, 503)
        yield


def _ask(rig: Rig) -> None:
    """A request that meets the failure: it is answered, or its connection is closed."""
    with suppress(IndexError):  # no answer
        assert rig.get("/api/recordings") in (500, 503)


def _hook(functions: str, owner: str | None, part: str) -> None:
    def hook(rig: Rig, fail: Failure) -> Iterator[None]:
        hooks = getattr(rig.app, functions).setdefault(owner, [])
        hooks.append(fail)
        try:
            _ask(rig)
        finally:
            hooks.remove(fail)
        yield
        assert rig.get("/api/recordings") == 200

    hook.__name__ = f"{functions.removesuffix('_funcs')} of {owner or 'the host'}"
    seam(part)(hook)


for _owner in (None, "pet_stream"):
    _hook("before_request_funcs", _owner, "web")
    _hook("after_request_funcs", _owner, "web")
    _hook("teardown_request_funcs", _owner, "")


def _signal(name: str) -> None:
    signal = getattr(flask.signals, name)

    def receiver(rig: Rig, fail: Failure) -> Iterator[None]:
        def receive(sender: object, **more: object) -> None:
            fail()

        with (
            replaced(rig.stream.library, "listed", lambda: 1 // 0),
            signal.connected_to(receive, rig.app),
        ):
            _ask(rig)
        yield
        assert rig.get("/api/recordings") == 200

    receiver.__name__ = f"{name} of the host"
    seam("")(receiver)


for _name in (
    "request_started",
    "request_finished",
    "request_tearing_down",
    "got_request_exception",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "appcontext_popped",
):
    _signal(_name)


FAILING_ROW = "pet_stream_test"


@seam("metrics")
def a_row_of_the_metrics(rig: Rig, fail: Failure) -> Iterator[None]:
    row = Row(GAUGE, FAILING_ROW, "A row that fails", fail)
    with replaced(page, "TABLE", (row, *TABLE)):
        answer = rig.app.test_client().get("/metrics")
        assert answer.status_code == 200
        assert "\npet_stream_build_info" in answer.get_data(as_text=True)
        yield


@seam("metrics")
def a_row_in_the_hosts_registry(rig: Rig, fail: Failure) -> Iterator[None]:
    row = Row(GAUGE, FAILING_ROW, "A row that fails", fail)
    with replaced(collector, "TABLE", (row, *TABLE)):
        families = [family.name for family in collector.StreamCollector(rig.stream).collect()]
        assert "pet_stream_build_info" in families
        yield


# ---- our own web server


@seam("web_server")
def who_may_connect(rig: Rig, fail: Failure) -> Iterator[None]:
    server = rig.server._server
    assert server is not None
    with (
        replaced(server.clients, "admit", fail),
        socket.create_connection(("127.0.0.1", rig.server.port)) as client,
    ):
        assert client.recv(1) == b""
        yield


@seam("web_server")
def a_connection_is_accepted(rig: Rig, fail: Failure) -> Iterator[None]:
    server: Any = rig.server._server

    class Listener:
        def __getattr__(self, name: str) -> Any:
            return getattr(listener, name)

        def accept(self) -> Any:
            server.socket = listener
            fail()

    listener = server.socket
    server.socket = Listener()
    assert rig.get("/health") == 200
    yield
