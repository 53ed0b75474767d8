"""The programs that a run starts: each ends with it, whatever happens."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, TypeVar

CHECKOUT = Path(__file__).resolve().parents[1]
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0
ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONWARNINGS": "ignore",
    "PYTHONDONTWRITEBYTECODE": "",  # compiling at each start costs 2 MB and 0.1 s; see __main__
}
OFFERING = ("janus", "gstreamer")
"""Systems that send the offer; their viewers answer."""
WHEP = "--whep"
"""Not for the server: its viewers come by WHEP."""
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)

AnyChild = TypeVar("AnyChild", bound="Child")


class BenchError(Exception):
    """A program of the bench ended, or did not answer in time."""


class Child:
    """`python -m MODULE ARGUMENTS`, spoken to over its standard input and output."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        prefix: Sequence[str] = (),
        log: IO[str] | None = None,
        folder: Path = CHECKOUT,
        environment: Mapping[str, str] | None = None,
        python: str = sys.executable,
    ) -> None:
        self._name = module
        self._unread = b""
        self._process = subprocess.Popen(
            [*prefix, python, "-m", module, *arguments],
            cwd=folder,
            env={**os.environ, **ENVIRONMENT, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            preexec_fn=_die_with_parent,  # safe: this process has one thread
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, **command: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()

    def ask(self, timeout_s: float, **command: object) -> dict[str, Any]:
        """One command and its answer. Raises BenchError."""
        self.say(**command)
        answer: dict[str, Any] = json.loads(self.read_line(timeout_s))
        if "error" in answer:
            raise BenchError(f"{self._name}: {answer['error']}")
        return answer

    def read_line(self, timeout_s: float) -> str:
        """Raises BenchError."""
        line = self.poll_line(timeout_s)
        if line is None:
            raise BenchError(f"{self._name}: no answer within {timeout_s:g} s")
        return line

    def poll_line(self, timeout_s: float = 0.0) -> str | None:
        """The next line, if it comes in time. Raises BenchError when there will be none."""
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        deadline = time.monotonic() + timeout_s
        while b"\n" not in self._unread:
            wait_s = max(0.0, deadline - time.monotonic())
            if not select.select([descriptor], [], [], wait_s)[0]:
                return None
            data = os.read(descriptor, 65536)
            if not data:
                raise BenchError(f"{self._name} ended with {self._process.wait(STOP_TIMEOUT_S)}")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line.decode()

    def stop(self) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()


class Server(Child):
    """A system under test, ready to answer."""

    def __init__(
        self, system: str, shm: str, *options: str, host: str = "127.0.0.1", **more: Any
    ) -> None:
        told = [option for option in options if option != WHEP]
        super().__init__(
            f"benchmarks.systems.{system}", "--shm", shm, "--host", host, *told, **more
        )
        self._speaks_whep = WHEP in options
        try:
            word, port, *pids = self.read_line(START_TIMEOUT_S).split()
        except (BenchError, ValueError):
            self.stop()
            raise
        assert word == "ready"
        self.system, self.host = system, host
        self.url = f"http://{host}:{port}"
        self.pids = tuple(map(int, pids)) or (self.pid,)
        """The processes that do the work."""

    @property
    def offer_url(self) -> str:
        return f"{self.url}/whep" if self._speaks_whep else f"{self.url}/api/webrtc/offer"

    @property
    def viewer_arguments(self) -> tuple[str, ...]:
        """What benchmarks.viewers has to know of it."""
        if self.system in OFFERING:
            return (f"{self.url}/offer", "--answers", "--address", self.host)
        return (self.offer_url, "--address", self.host)

    def metrics(self) -> dict[str, float]:
        """All samples of `/metrics` without labels; empty if this server has no such page."""
        try:
            text = self.request("GET", "/metrics").decode()
        except urllib.error.HTTPError:
            return {}
        samples = (line.split() for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in samples if "{" not in name}

    def scrape_ms(self) -> float:
        """Ask for `/metrics` once, as Prometheus does. Returns how long that took."""
        accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
        request = urllib.request.Request(f"{self.url}/metrics", headers={"Accept": accept})
        began_s = time.perf_counter()
        with urllib.request.urlopen(request, timeout=START_TIMEOUT_S) as response:
            response.read()
        return 1000 * (time.perf_counter() - began_s)

    def request(
        self, method: str, path: str, body: object = None, timeout_s: float = 10.0
    ) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=timeout_s) as response:
            answer: bytes = response.read()
            return answer


@contextlib.contextmanager
def running(child: AnyChild) -> Iterator[AnyChild]:
    try:
        yield child
    finally:
        child.stop()


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
