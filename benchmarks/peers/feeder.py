"""The C program that feeds other servers from the ring (feeder.c)."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).with_name("feeder.c")
PAYLOAD_TYPE = 96
COMPILER = ("gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra")


class Feeder:
    """Sends to a UDP port of this machine from the first line to `stop`."""

    def __init__(self, segment: str, port: int) -> None:
        self._folder = tempfile.mkdtemp(prefix="pet_stream_bench_")
        program = f"{self._folder}/feeder"
        subprocess.run([*COMPILER, "-o", program, str(SOURCE)], check=True, timeout=60)
        self._process = subprocess.Popen(
            [program, segment, "127.0.0.1", str(port), str(PAYLOAD_TYPE)]
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder)
