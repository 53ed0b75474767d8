"""One attack on one server, in front of three people who watch."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO

from ..camera import WRITINGS, open_camera
from ..children import BenchError, Child, running
from .catalogue import Attack
from .phases import LOOK_S, NEWCOMER_TIMEOUT_S, Phase, ServerEnded, Watch
from .recording import NAME, write_recording
from .served import Served
from .target import Target

VIEWERS = 3
ADD_TIMEOUT_S = 60.0
START_TIMEOUT_S = 30.0
BEFORE_S = 5.0
AFTER_S = 10.0
QUICK_S = 5.0
OVERTIME_S = 20.0
"""An attack that has not ended by then is ended."""


@dataclass(slots=True)
class Outcome:
    attack: Attack
    done: str = ""
    """What the attack says that it did."""
    before: Phase | None = None
    during: Phase | None = None
    after: Phase | None = None
    """The ten seconds that follow, and what is there at their end."""
    ended: str = ""
    """How the server ended, if it did."""

    def as_dict(self) -> dict[str, object]:
        phases = {"before": self.before, "during": self.during, "after": self.after}
        return {
            "attack": self.attack.name,
            "server": self.attack.server,
            "done": self.done,
            "ended": self.ended,
            **{name: asdict(phase) if phase else None for name, phase in phases.items()},
        }


def carry_out(attack: Attack, *, checkout: Path, log: IO[str]) -> Outcome:
    """Start everything, attack, look, end everything. Raises BenchError."""
    outcome = Outcome(attack)
    with _stage(attack, checkout, log) as (watch, target):
        try:
            _perform(outcome, watch, target, log)
        except ServerEnded as exc:
            outcome.ended = str(exc)
    return outcome


@contextmanager
def _stage(attack: Attack, checkout: Path, log: IO[str]) -> Iterator[tuple[Watch, Target]]:
    with (
        tempfile.TemporaryDirectory(prefix="pet_stream_attack_") as name,
        open_camera(WRITINGS["once"]) as camera,
    ):
        folder = Path(name)
        write_recording(folder)
        server = Served(
            attack.server,
            shm=camera.segment,
            folder=folder,
            checkout=checkout,
            environment=attack.environment,
            log=log,
        )
        offer_url = f"{server.url}/api/webrtc/offer"
        patience = ("--connect-timeout", f"{NEWCOMER_TIMEOUT_S}")
        with (
            running(server),
            running(Child("benchmarks.viewers", offer_url, log=log)) as viewers,
            running(Child("benchmarks.viewers", offer_url, *patience, log=log)) as newcomers,
        ):
            viewers.ask(ADD_TIMEOUT_S, do="add", count=VIEWERS)
            newcomers.ask(ADD_TIMEOUT_S, do="reconnect", count=2)  # makes what is made once
            time.sleep(attack.warm_up_s)
            yield (
                Watch(server, camera, viewers, newcomers, folder, attack.honest),
                Target(*server.address, server.serving_pid, attack.seconds, NAME, attack.addresses),
            )


def _perform(outcome: Outcome, watch: Watch, target: Target, log: IO[str]) -> None:
    attack = outcome.attack
    with running(Child("benchmarks.attacks.attacker", attack.name, log=log)) as attacker:
        attacker.read_line(START_TIMEOUT_S)
        outcome.before = _watch_for(watch, BEFORE_S)
        watch.begin()
        attacker.say(**_aim(target))
        try:
            deadline_s = time.monotonic() + attack.seconds + OVERTIME_S
            while (line := attacker.poll_line(LOOK_S)) is None and time.monotonic() < deadline_s:
                watch.look(asks=not attack.stops_server)
            outcome.done = json.loads(line)["done"] if line else "did not end in time"
        except BenchError as exc:
            outcome.done = str(exc)
        outcome.during = watch.end()
    outcome.after = _watch_for(watch, AFTER_S)


def _watch_for(watch: Watch, seconds: float) -> Phase:
    """What the viewers get meanwhile, and what there is at the end."""
    watch.begin()
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        watch.look(asks=False)
        time.sleep(LOOK_S)
    phase = watch.end()
    watch.settle(phase)
    return phase


def _aim(target: Target) -> dict[str, object]:
    fields = asdict(target)
    del fields["begun_s"]  # the attacker's own clock
    return fields


def shortened(attack: Attack) -> Attack:
    """A third of its time, but not so little that it does no harm."""
    seconds = max(attack.seconds / 3, min(attack.seconds, QUICK_S))
    return replace(attack, seconds=seconds, warm_up_s=attack.warm_up_s / 3)
