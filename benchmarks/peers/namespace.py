"""A network of its own for a run. libnice offers no loopback addresses, so there is a device, too;
what is sent to its address goes through loopback all the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

ADDRESS = "10.213.8.1"
_INSIDE = "PET_STREAM_BENCH_NAMESPACE"
_SET_UP = (
    "link set lo up",
    "link add bench0 type veth peer name bench1",
    f"address add {ADDRESS}/24 dev bench0",
    "link set bench0 up",
    "link set bench1 up",
)


def enter(module: str, arguments: Sequence[str]) -> None:
    """Start this program anew in a network namespace, which ends with it; returns when it is there.
    Ends the program when it can't."""
    if os.environ.get(_INSIDE):
        return
    if os.geteuid() != 0 or not (shutil.which("unshare") and shutil.which("ip")):
        sys.exit("Needs root, unshare and ip, for a network namespace of its own.")
    lines = " && ".join(f"ip {line}" for line in _SET_UP)
    command = ["unshare", "--net", "sh", "-c", f'{lines} && exec "$@"', "sh"]
    own = [sys.executable, "-m", module, *arguments]
    sys.exit(subprocess.run([*command, *own], env={**os.environ, _INSIDE: "1"}).returncode)
