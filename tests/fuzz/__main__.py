"""Runs the targets for as long as is wanted, with other values each time: `make fuzz`."""

from __future__ import annotations

import argparse
import logging
import sys
import time
import traceback

from hypothesis import HealthCheck, Phase, given, settings

from .target import Target, check
from .targets import TARGETS

VALUES_A_TURN = 500
"""Of one target, before it is the next one's turn."""


def main() -> int:
    """Returns 1 if a target failed; its value is printed."""
    options = parse_options()
    logging.basicConfig(level=logging.ERROR)
    chosen = [t for t in TARGETS if not options.targets or t.name in options.targets]
    ends_at_s = time.monotonic() + 60 * options.minutes
    failed: set[str] = set()
    while time.monotonic() < ends_at_s and len(failed) < len(chosen):
        for target in chosen:
            if target.name not in failed and time.monotonic() < ends_at_s:
                failed |= set() if run(target, ends_at_s) else {target.name}
    print("failed: " + ", ".join(sorted(failed)) if failed else "nothing found")
    return 1 if failed else 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    names = [target.name for target in TARGETS]
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(names))
    options = parser.parse_args()
    if unknown := set(options.targets) - set(names):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    return options


def run(target: Target, ends_at_s: float) -> bool:
    """Returns whether nothing was found."""
    print(f"{target.name}: ", end="", flush=True)
    begun_s, count = time.monotonic(), 0
    with target.open() as call:

        @settings(
            max_examples=VALUES_A_TURN,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
            print_blob=False,
        )
        @given(target.values)
        def take(value: object) -> None:
            nonlocal count
            if time.monotonic() < ends_at_s:
                count += 1
                check(call, value, target.errors)

        try:
            take()
        except Exception:
            traceback.print_exc()
            return False
    print(f"{count} values, {time.monotonic() - begun_s:.1f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
