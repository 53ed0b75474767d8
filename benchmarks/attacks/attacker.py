"""The process of one attack: `python -m benchmarks.attacks.attacker NAME`.

Reads what it is aimed at as a line of JSON, attacks, answers with a line of JSON, and ends.
"""

from __future__ import annotations

import json
import logging
import resource
import sys

from .catalogue import ATTACKS
from .target import Target


def main() -> None:
    logging.disable()  # of aiortc, which is told to misbehave
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print("ready", flush=True)
    target = Target(**json.loads(sys.stdin.readline()))
    done = ATTACKS[sys.argv[1]].run(target)
    print(json.dumps({"done": done}), flush=True)


if __name__ == "__main__":
    main()
