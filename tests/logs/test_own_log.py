from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from pet_stream.logs.own_log import OwnLog
from pet_stream.logs.recent import MAX_CHARACTERS, MAX_COUNT
from pet_stream.logs.secrets import without_secrets

ours = logging.getLogger("pet_stream.tests.own_log")
foreign = logging.getLogger("somebody.elses")


@pytest.fixture
def own_log() -> Iterator[OwnLog]:
    own_log = OwnLog()
    own_log.attach()
    yield own_log
    own_log.detach()


def texts(own_log: OwnLog) -> list[str]:
    return [warned.text for warned in own_log.recent.newest_first()]


def test_the_newest_warnings_are_kept_newest_first(own_log: OwnLog) -> None:
    for number in range(5):
        ours.warning("number %d", number)
        ours.info("not kept")
    foreign.warning("not ours")
    assert texts(own_log) == [f"number {n}" for n in (4, 3, 2, 1, 0)]
    newest = own_log.recent.newest_first()[0].to_json()
    assert (newest["level"], newest["logger"]) == ("warning", ours.name)
    json.dumps(newest)


def test_fifty_are_kept_and_each_has_an_end(own_log: OwnLog) -> None:
    for number in range(MAX_COUNT + 20):
        logging.getLogger(f"{ours.name}.{number}").error("%d %s", number, "x" * 10_000)
    kept = own_log.recent.newest_first()
    assert len(kept) == MAX_COUNT
    assert {len(warned.text) for warned in kept} == {MAX_CHARACTERS}
    assert kept[0].number == MAX_COUNT + 19


def test_an_error_is_kept_on_one_line_without_its_traceback(own_log: OwnLog) -> None:
    try:
        raise ValueError("two\nlines, pst_secret_token")
    except ValueError:
        ours.exception("a part failed")
    assert texts(own_log) == ["a part failed: ValueError: two lines, pst_…"]


def test_repeats_are_limited_from_the_second_line_on(
    own_log: OwnLog, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(9):
        ours.warning("again")
        foreign.warning("again")
    assert [r.name for r in caplog.records].count(ours.name) == 1
    assert [r.name for r in caplog.records].count(foreign.name) == 9
    own_log.repeats.tell(at_once=True)
    assert texts(own_log) == ["again … and 8 more in the last minute", "again"]


def test_a_malformed_line_fails_nobody(own_log: OwnLog, capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord(ours.name, logging.WARNING, "x.py", 1, "%d", ("x",), None)
    own_log.handle(record)
    assert "TypeError" in capsys.readouterr().err
    ours.warning("well formed")
    assert texts(own_log) == ["well formed"]


def test_nothing_of_it_stays(own_log: OwnLog) -> None:
    before = [list(logging.root.handlers), list(foreign.filters)]
    ours.warning("once")
    own_log.detach()
    assert not ours.filters
    assert own_log not in logging.getLogger("pet_stream").handlers
    assert [list(logging.root.handlers), list(foreign.filters)] == before
    own_log.detach()


def test_levels_count_while_it_is_attached_and_are_set_back() -> None:
    above, below = logging.getLogger("pet_stream"), logging.getLogger("pet_stream.tests.level")
    levels = ((above.name, logging.ERROR), (below.name, logging.DEBUG), (above.name, logging.INFO))
    before = above.level
    own_log = OwnLog(levels)
    assert above.level == before
    own_log.attach()
    assert (above.level, below.level) == (logging.INFO, logging.DEBUG)
    own_log.set_levels(((below.name, logging.ERROR),))
    assert (above.level, below.level) == (before, logging.ERROR)
    own_log.detach()
    own_log.set_levels(levels)
    assert (above.level, below.level) == (before, logging.NOTSET)
    own_log.attach()
    own_log.detach()
    assert (above.level, below.level) == (before, logging.NOTSET)


LOG_OF_NOBODY = """
import logging
from pet_stream.logs.own_log import OwnLog
logs = [OwnLog(), OwnLog()]
for log in logs: log.attach()
logger = logging.getLogger("pet_stream.x")
logger.info("not heard")
logger.warning("heard")
"""


def test_a_host_without_a_log_still_sees_warnings_each_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOG_OF_NOBODY], capture_output=True, text=True, check=True
    )
    assert done.stderr == "heard\n"


def test_a_host_with_a_log_sees_each_once() -> None:
    program = "import logging; logging.basicConfig(format='%(message)s')\n" + LOG_OF_NOBODY
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr == "heard\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("token pst_Ab-9_x is refused", "token pst_… is refused"),
        ("rtsp://admin:hunter2@10.0.0.5/live ended", "rtsp://…@10.0.0.5/live ended"),
        ("GET /pet-stream/?link=1.view.a.sig&x=1", "GET /pet-stream/?link=…&x=1"),
        ("#invitation=abc opened", "#invitation=… opened"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("credential='x'", "credential='…'"),
        ("{'username': 'u', 'credential': 'x'}", "{'username': 'u', 'credential': '…'}"),
        (r'{"message": "{\"password\": \"x\"}"}', r'{"message": "{\"password\": \"…\"}"}'),
        ("Authorization: Basic dTpw", "Authorization: Basic …"),
        ("basic settings; password: too short", "basic settings; password: too short"),
        (r'{"message": "token=\"abc\" x"}', r'{"message": "token=\"…\" x"}'),
        (r'{"message": "secret=\""}', r'{"message": "secret=\""}'),
        ('{"message": "secret="}', '{"message": "secret="}'),
        ("http://camera.local:8080/ is open", "http://camera.local:8080/ is open"),
        ("the disk is full", "the disk is full"),
    ],
)
def test_secrets_are_hidden(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
