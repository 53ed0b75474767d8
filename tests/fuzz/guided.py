"""Runs one target, its values led by what they reach in the code: `make fuzz-guided ARGS=SDP`.

It needs the extra `fuzz`: atheris, which has wheels for x86-64 and Python up to 3.11 only.
"""

from __future__ import annotations

import sys

import atheris
from hypothesis import HealthCheck, given, settings

with atheris.instrument_imports(include=["pet_stream"]):
    from .targets import TARGETS

from .target import check


def main() -> None:
    """Does not return: libFuzzer ends the process. Its options follow the target's name, such as
    `-max_total_time=600`."""
    name, *options = sys.argv[1:] or [""]
    target = next((each for each in TARGETS if each.name == name), None)
    if target is None:
        sys.exit(f"no such target; there are {', '.join(each.name for each in TARGETS)}")
    with target.open() as call:

        @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(target.values)
        def take(value: object) -> None:
            check(call, value, target.errors)

        take_bytes = take.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
        atheris.Setup([sys.argv[0], *options], take_bytes)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
