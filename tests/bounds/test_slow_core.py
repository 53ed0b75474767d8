from __future__ import annotations

import subprocess
import sys
import time

from benchmarks.bounds.slow_core import SlowCore
from benchmarks.process import cpu_ns
from tests.waiting import wait_until

SLOWER = 4
CPU_NS = 40_000_000


def test_a_busy_process_gets_its_share_and_goes_on_afterwards() -> None:
    program = "print(flush=True)\nwhile True: pass"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as busy:
        try:
            assert busy.stdout is not None
            busy.stdout.readline()
            before_ns, begun_s = cpu_ns(busy.pid), time.monotonic()
            with SlowCore(busy.pid, SLOWER) as core:
                wait_until(lambda: cpu_ns(busy.pid) > before_ns + CPU_NS)
            used_ns, elapsed_s = cpu_ns(busy.pid) - before_ns, time.monotonic() - begun_s
            assert 0 < core.given_percent < 1.01 * 100 / SLOWER
            assert used_ns / 1e7 / elapsed_s < 1.5 * core.given_percent
            wait_until(lambda: cpu_ns(busy.pid) > before_ns + used_ns + CPU_NS)
        finally:
            busy.kill()
