"""The server under attack, in the three ways in which people serve."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from ..children import CHECKOUT, START_TIMEOUT_S, BenchError, Child
from .honest import gets_health

HOST = "127.0.0.1"
THREADS = 40
DESCRIPTORS = "1024:4096"
"""Soft and hard limit, as a kernel sets them where nobody does."""
SERVERS: Mapping[str, tuple[str, ...]] = {
    "run": ("{command_line}", "run", "--host", HOST, "--port", "{port}"),
    "gunicorn": (
        *("gunicorn", "--bind", f"{HOST}:{{port}}", "--threads", f"{THREADS}"),
        "benchmarks.attacks.host:app",
    ),
    "app.run": ("benchmarks.attacks.host", "{port}"),
}


class Served(Child):
    """Answers when this is made. The package comes from `checkout`, which may be an older one.

    It keeps nothing of the past unless `environment` says so, so that its memory can be compared.
    """

    def __init__(
        self,
        kind: str,
        *,
        shm: str,
        folder: Path,
        checkout: Path,
        environment: Mapping[str, str],
        log: IO[str],
    ) -> None:
        self.address = (HOST, _free_port())
        module, *arguments = (
            word.format(port=self.address[1], command_line=_command_line(checkout))
            for word in SERVERS[kind]
        )
        super().__init__(
            module,
            *arguments,
            prefix=("prlimit", f"--nofile={DESCRIPTORS}"),
            log=log,
            folder=folder,
            environment={
                "PYTHONPATH": f"{checkout}:{CHECKOUT}",
                "HOME": str(folder),  # gunicorn leaves a socket there
                "FLASK_PET_STREAM_SHM": shm,
                "FLASK_PET_STREAM_DETECTIONS_SHM": f"{shm}_detections",
                "FLASK_PET_STREAM_RECORD_PATH": str(folder),
                "FLASK_PET_STREAM_ICE_HOSTS": f'["{HOST}"]',
                "FLASK_PET_STREAM_REPLAY_SECONDS": "0",
                "FLASK_PET_STREAM_PREROLL_SECONDS": "0",
                **environment,
            },
        )
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not gets_health(self.address, 1.0):
            if time.monotonic() > deadline_s:
                self.stop()
                raise BenchError(f"{kind} does not answer")
            time.sleep(0.1)
        self.serving_pid = _worker_of(self.pid) if kind == "gunicorn" else self.pid

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.address[1]}"


def _command_line(checkout: Path) -> str:
    is_new = (checkout / "pet_stream" / "command_line").is_dir()
    return "pet_stream.command_line" if is_new else "pet_stream.cli"


def _free_port() -> int:
    with socket.socket() as tcp:
        tcp.bind((HOST, 0))
        port: int = tcp.getsockname()[1]
        return port


def _worker_of(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    (worker,) = children
    return int(worker)
