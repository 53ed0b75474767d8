"""Every disturbance, one after the other, each with a line: `make chaos`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence

import pytest

from .disturbance import Disturbance
from .disturbances import ALL
from .endurance import endure, site_for


def main() -> int:
    """Returns 1 if something was not as it must be."""
    options = parse_options()
    logging.basicConfig(level=logging.CRITICAL)
    chosen = chosen_of(options.names)
    ends_at_s = time.monotonic() + 60 * options.minutes
    failed = 0
    while True:
        for disturbance in chosen:
            failed += not run(disturbance)
            if options.minutes and time.monotonic() >= ends_at_s:
                break
        if time.monotonic() >= ends_at_s:
            break
    print(f"{failed} failed" if failed else "all was well again each time")
    return 1 if failed else 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=0.0, help="again and again, for this long; 0: each once"
    )
    names = ", ".join(one.name for one in ALL)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"the beginning of one of: {names}"
    )
    options = parser.parse_args()
    for name in options.names:
        if not chosen_of([name]):
            parser.error(f"no disturbance begins with {name!r}: {names}")
    return options


def chosen_of(names: Sequence[str]) -> list[Disturbance]:
    return [one for one in ALL if not names or one.name.startswith(tuple(names))]


def run(disturbance: Disturbance) -> bool:
    """Returns whether all was well again."""
    print(f"{disturbance.name:34} ", end="", flush=True)
    try:
        with site_for(disturbance, f"/pet_test_{os.getpid()}_chaos") as site:
            print(endure(site, disturbance), flush=True)
    except pytest.skip.Exception as exc:
        print(f"not here: {exc}", flush=True)
    except (AssertionError, OSError, RuntimeError, TimeoutError) as exc:
        print(f"FAILED: {type(exc).__name__}: {str(exc)[:2000]}", flush=True)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
