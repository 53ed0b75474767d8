"""Attacks on the server, three viewers watching, each attack in a process of its own.

    python -m benchmarks.attacks                        all of them (make bench-attacks, 18 minutes)
    python -m benchmarks.attacks --quick                a third of the time each
    python -m benchmarks.attacks --only sweep offers
    python -m benchmarks.attacks --checkout FOLDER      the package of another checkout

Everything stays on loopback. Prints a table with a verdict on each attack and ends with 1 if one of
them did harm. A server that takes 4 GB of memory is killed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from ..children import CHECKOUT, BenchError
from ..machine import describe_machine
from ..report import machine_line
from ..runs import say
from .catalogue import ATTACKS
from .run import Outcome, carry_out, shortened
from .table import as_table, is_held, verdict

LOG = Path(__file__).parents[1] / "results" / "attacks.log"


def main() -> int:
    arguments = _parser().parse_args()
    outcomes: dict[str, Outcome] = {}
    notes = []
    machine = describe_machine(arguments.checkout.resolve())
    begun_s = time.monotonic()
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        for name in arguments.only or ATTACKS:
            attack = shortened(ATTACKS[name]) if arguments.quick else ATTACKS[name]
            try:
                outcomes[name] = carry_out(attack, checkout=arguments.checkout.resolve(), log=log)
            except BenchError as exc:
                notes.append(f"{name}: {exc}")
                say(notes[-1])
                continue
            say(f"{name}: {outcomes[name].done}: {verdict(outcomes[name], outcomes)}")
    if arguments.json:
        rows = [outcome.as_dict() for outcome in outcomes.values()]
        arguments.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    print(machine_line(machine), "", as_table(outcomes), "", sep="\n")
    for note in notes:
        print(f"- {note}")
    say(f"{time.monotonic() - begun_s:.0f} s; what server and viewers said: {LOG}")
    are_held = [is_held(outcome, outcomes) for outcome in outcomes.values()]
    return 0 if all(are_held) and not notes else 1


def _parser() -> argparse.ArgumentParser:
    attacks = "\n".join(f"  {attack.name:20}{attack.does}" for attack in ATTACKS.values())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.attacks",
        description=__doc__,
        epilog=f"attacks:\n{attacks}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", nargs="+", choices=ATTACKS, metavar="NAME", help="these attacks alone"
    )
    parser.add_argument("--quick", action="store_true", help="a third of the time each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there")
    parser.add_argument(
        "--checkout",
        type=Path,
        default=CHECKOUT,
        metavar="FOLDER",
        help="take the package from this checkout instead of this one",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
