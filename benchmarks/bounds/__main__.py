"""What a board can do: upper bounds beside what is measured here, in about three minutes.

    python -m benchmarks.bounds           measure this machine, and print the tables
    python -m benchmarks.bounds --kept    the tables of docs/sizing.md, without measuring
    python -m benchmarks.bounds --keep    measure, and keep it for docs/sizing.md

Only root can measure what is written to the disk; others see what was kept of it. After --keep
`make format` writes the page.
"""

from __future__ import annotations

import argparse
import sys

from . import measured
from .tables import TABLES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bounds", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, default=8.0, help="of each measurement")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--kept", action="store_true", help="do not measure")
    what.add_argument("--keep", action="store_true", help="keep what is measured")
    arguments = parser.parse_args()
    if arguments.kept:
        figures = measured.read()
    else:
        from .measuring import measure  # imports aiortc, and needs the viewers' programs

        figures = measure(arguments.seconds)
        if arguments.keep:
            figures.save()
    print(figures.machine)
    for name, table in TABLES.items():
        print(f"\n{name}\n\n{table(figures)}", end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
