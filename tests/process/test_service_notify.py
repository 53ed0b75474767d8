"""What the service manager hears."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import pytest

from pet_stream.process.service_notify import STATUS_INTERVAL_S, ServiceManager

from .notify_socket import NotifySocket


def manager_of(listener: NotifySocket, **environment: str) -> ServiceManager:
    return ServiceManager({"NOTIFY_SOCKET": listener.name, **environment})


@pytest.mark.parametrize("is_abstract", [False, True])
def test_it_hears_from_the_start_to_the_end(tmp_path: Path, is_abstract: bool) -> None:
    name = f"@pet_test_{os.getpid()}" if is_abstract else tmp_path / "notify"
    with NotifySocket(name) as listener:
        manager = manager_of(listener, WATCHDOG_USEC="3000000")
        manager.ready("live")
        manager.look("live", is_alive=True)
        manager.look("camera\noffline", is_alive=True)
        manager.look("camera offline", is_alive=False)
        manager.stopping()
        assert listener.drain() == [
            {"READY": "1", "STATUS": "live"},
            {"WATCHDOG": "1"},
            {"STATUS": "camera offline", "WATCHDOG": "1"},
            {"STOPPING": "1", "STATUS": "stopping"},
        ]


def test_a_reload_says_when_it_began_and_that_it_is_over(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify") as listener:
        manager = manager_of(listener)
        manager.ready("live")
        before_us = time.monotonic_ns() // 1000
        with pytest.raises(ValueError, match="no"), manager.reloading():
            raise ValueError("no")  # as settings that are wrong do: the old ones stay in force
        _, began, over = listener.drain()
        assert began.keys() == {"RELOADING", "MONOTONIC_USEC"}
        assert before_us <= int(began["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        assert over == {"READY": "1", "STATUS": "live"}


@pytest.mark.parametrize(
    ("environment", "interval_s"),
    [
        ({}, STATUS_INTERVAL_S),
        ({"WATCHDOG_USEC": "1500000"}, 0.5),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "90000000"}, STATUS_INTERVAL_S),
        ({"WATCHDOG_USEC": "1500000", "WATCHDOG_PID": "1"}, STATUS_INTERVAL_S),
        ({"WATCHDOG_USEC": "0"}, STATUS_INTERVAL_S),
        ({"WATCHDOG_USEC": "-1"}, STATUS_INTERVAL_S),
        ({"WATCHDOG_USEC": "soon"}, STATUS_INTERVAL_S),
    ],
)
def test_it_looks_three_times_in_the_watchdogs_time(
    tmp_path: Path, environment: dict[str, str], interval_s: float
) -> None:
    with NotifySocket(tmp_path / "notify") as listener:
        assert manager_of(listener, **environment).look_interval_s == interval_s


@pytest.mark.parametrize("name", ["", "notify", "tcp:1"])
def test_without_a_service_manager_nothing_is_said(name: str) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1500000"})
    assert manager.look_interval_s is None
    manager.ready()
    manager.look("live", is_alive=True)
    manager.stopping()


def test_one_who_has_gone_is_complained_about_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    with caplog.at_level(logging.WARNING):
        manager.ready("live")
        manager.look("camera offline", is_alive=True)
    assert len(caplog.records) == 1


def test_one_who_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    with NotifySocket(tmp_path / "notify") as listener:
        manager = manager_of(listener)
        for number in range(2000):  # its queue is full after a few hundred
            manager.look(str(number), is_alive=True)
        assert len(listener.drain()) < 2000
