from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from pet_stream.profiling.sampler import MAX_NAMES, OTHERS, Profile, Sampler
from pet_stream.profiling.speedscope import to_speedscope
from tests.waiting import TIMEOUT_S

from .workers import waiting, working

SCHEMA = json.loads((Path(__file__).parent / "speedscope.schema.json").read_text())
"""https://www.speedscope.app/file-format-schema.json, as speedscope 1.25 brings it."""


def never() -> bool:
    return False


def sampled(duration_s: float) -> Profile:
    return Sampler().run(duration_s, threading.Event(), never)


def profiles_of(file: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By the names of the threads."""
    return {profile["name"].split(" · ")[0]: profile for profile in file["profiles"]}


@contextmanager
def recursion(depth: int) -> Iterator[None]:
    """A thread that waits that many calls deep."""
    is_over, is_there = threading.Event(), threading.Event()

    def dig(rest: int) -> None:
        if rest:
            dig(rest - 1)
        else:
            is_there.set()
            is_over.wait()

    thread = threading.Thread(target=dig, args=(depth,), name="deep")
    thread.start()
    assert is_there.wait(TIMEOUT_S)
    yield
    is_over.set()
    thread.join()


def test_speedscope_can_read_it_and_it_says_who_works_where() -> None:
    with working(), waiting():
        file = json.loads(json.dumps(to_speedscope(sampled(0.4))))
    Draft7Validator(SCHEMA).validate(file)
    profiles = profiles_of(file)
    names = [frame["name"] for frame in file["shared"]["frames"]]
    for thread, function in (("worker", "reckon"), ("waiter", "wait_for_it")):
        profile = profiles[thread]
        assert len(profile["samples"]) == len(profile["weights"])
        assert sum(profile["weights"]) == pytest.approx(profile["endValue"])
        assert profile["endValue"] == pytest.approx(0.4, abs=0.15)
        for stack in profile["samples"]:
            assert any(names[index].endswith(function) for index in stack), thread
            assert names[stack[0]].endswith("_bootstrap")  # outermost first


def test_the_busiest_thread_comes_first_with_its_share_of_a_core() -> None:
    with waiting(), working():
        file = to_speedscope(sampled(0.3))
    assert file["profiles"][0]["name"].startswith("worker · ")
    [share] = [p["name"].split(" · ")[1] for p in file["profiles"] if "waiter" in p["name"]]
    assert float(share.split()[0]) < 1


def test_files_are_named_below_their_packages_and_no_value_is_told() -> None:
    with working():
        text = json.dumps(to_speedscope(sampled(0.2)))
    files = {frame["file"] for frame in json.loads(text)["shared"]["frames"]}
    assert {"tests/profiling/workers.py", "threading.py"} <= files
    assert not {file for file in files if file.startswith("/")}
    assert "nobody is told" not in text
    assert str(Path.home()) not in text


def test_it_does_not_look_at_itself() -> None:
    assert threading.current_thread().name not in sampled(0.1).threads


def test_it_ends_when_it_is_told_to_or_nobody_waits_any_more() -> None:
    is_over = threading.Event()
    threading.Timer(0.05, is_over.set).start()
    assert Sampler().run(TIMEOUT_S, is_over, never).duration_s < TIMEOUT_S / 2
    assert Sampler().run(TIMEOUT_S, threading.Event(), lambda: True).duration_s < TIMEOUT_S / 2


def test_looks_that_cost_much_are_few() -> None:
    with ExitStack() as stack:
        for number in range(40):
            stack.enter_context(waiting(f"waiter {number}"))
        began_s = time.thread_time()
        profile = Sampler(interval_s=0.0001, max_share=0.02).run(1.0, threading.Event(), never)
        spent_s = time.thread_time() - began_s
    assert profile.look_count > 1
    assert spent_s / profile.duration_s < 0.03


def test_threads_made_by_the_hundred_count_as_one() -> None:
    with ExitStack() as stack:
        for number in range(5):
            stack.enter_context(waiting(f"Thread-{number} (process_request_thread)"))
            stack.enter_context(waiting(f"ThreadPoolExecutor-0_{number}"))
        names = sampled(0.1).threads
    assert {"Thread-N (process_request_thread)", "ThreadPoolExecutor-0_N"} <= set(names)


def test_names_without_end_have_an_end() -> None:
    with ExitStack() as stack:
        for number in range(MAX_NAMES + 10):
            stack.enter_context(waiting(f"number {number} of many"))
        profile = sampled(0.1)
    assert len(profile.threads) <= MAX_NAMES + 1
    assert OTHERS in profile.threads


def test_a_deep_stack_is_told_from_its_innermost_calls() -> None:
    with recursion(500):
        file = to_speedscope(sampled(0.1))
    Draft7Validator(SCHEMA).validate(file)
    [stack] = profiles_of(file)["deep"]["samples"]
    assert len(stack) == 128
    assert file["shared"]["frames"][stack[-1]]["name"].endswith("wait")
