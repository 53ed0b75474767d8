"""All viewers of a run, in a process of their own. Obeys commands, one JSON object a line:

{"do": "add", "count": 10}          connect so many more; answers with their times to the first IDR
{"do": "measure", "seconds": 10}    count for so long; answers with the name of a result file
{"do": "begin"}, {"do": "end"}      the same, for as long as somebody else decides
{"do": "reconnect", "count": 20}    connect and leave, one after the other; as "add"
{"do": "quit"}

python -m benchmarks.viewers http://127.0.0.1:8080/api/webrtc/offer
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import resource
import select
import sys
import tempfile
import time
from dataclasses import asdict
from typing import Any

from .viewer import CONNECT_TIMEOUT_S, LOOPBACK, Viewer, realtime_offset_ns, use_only

BATCH_S = 0.015
"""Between two looks at all sockets. The kernel notes the times of arrival, so nothing is lost by
it, and the receiver's wake-ups neither cost the sender's system calls nor the second core."""
PROMPT_S = 0.0005
"""While somebody connects."""
REPORT_S = 1.0
CONNECTS_AT_ONCE = 4


class Crowd:
    """The viewers, the loop that serves them, and what they saw."""

    def __init__(
        self, url: str, connect_timeout_s: float = CONNECT_TIMEOUT_S, *, answers: bool = False
    ) -> None:
        self.viewers: list[Viewer] = []
        self._url = url
        self._answers = answers
        self._connect_timeout_s = connect_timeout_s
        self._connecting = 0
        self._epoll = select.epoll()
        self._owner: dict[int, Viewer] = {}
        self._offset_ns = realtime_offset_ns()
        self._begin_ns = self._begin_cpu_ns = 0

    async def serve(self) -> None:
        """Drain the sockets for ever."""
        last_report = last_offset = time.monotonic()
        while True:
            await asyncio.sleep(PROMPT_S if self._connecting else BATCH_S)
            self.drain()
            now = time.monotonic()
            if now - last_report >= REPORT_S:
                last_report = now
                for viewer in self.viewers:
                    await viewer.report()
            if now - last_offset >= REPORT_S:
                last_offset = now
                self._offset_ns = realtime_offset_ns()

    def drain(self) -> None:
        for descriptor, _ in self._epoll.poll(0):
            self._owner[descriptor].drain(descriptor, self._offset_ns)

    async def add(self, count: int) -> list[float]:
        """Times from the offer to the first IDR, ms."""
        times_ms: list[float] = []
        gate = asyncio.Semaphore(CONNECTS_AT_ONCE)

        async def connect() -> None:
            async with gate:
                viewer = await self._connect()
                times_ms.append((viewer.check.first_idr_ns - viewer.offer_sent_ns) / 1e6)
                self.viewers.append(viewer)

        await asyncio.gather(*(connect() for _ in range(count)))
        return times_ms

    async def reconnect(self, count: int) -> list[float]:
        times_ms = []
        for _ in range(count):
            viewer = await self._connect()
            times_ms.append((viewer.check.first_idr_ns - viewer.offer_sent_ns) / 1e6)
            await self._close(viewer)
        return times_ms

    async def measure(self, seconds: float) -> dict[str, Any]:
        self.begin()
        await asyncio.sleep(seconds)
        return self.end()

    def begin(self) -> None:
        """Forget what was counted so far."""
        self.drain()
        for viewer in self.viewers:
            viewer.check.begin_window()
        self._begin_ns, self._begin_cpu_ns = time.monotonic_ns(), time.process_time_ns()

    def end(self) -> dict[str, Any]:
        """What was counted since `begin`."""
        self.drain()
        for viewer in self.viewers:
            viewer.check.end_window()
        end_ns, used_ns = time.monotonic_ns(), time.process_time_ns() - self._begin_cpu_ns
        return {
            "begin_ns": self._begin_ns,
            "end_ns": end_ns,
            "cpu_percent": used_ns / (end_ns - self._begin_ns) * 100,
            "viewers": [
                {"counts": asdict(v.check.counts), "arrivals": asdict(v.check.arrivals)}
                for v in self.viewers
            ],
        }

    async def close(self) -> None:
        await asyncio.gather(*(viewer.close() for viewer in self.viewers))

    async def _connect(self) -> Viewer:
        viewer = Viewer(self._url, self._connect_timeout_s, answers=self._answers)
        self._connecting += 1
        try:
            await viewer.connect(self._register)
        except BaseException:
            await self._close(viewer)
            raise
        finally:
            self._connecting -= 1
        return viewer

    async def _close(self, viewer: Viewer) -> None:
        for descriptor in [d for d, owner in self._owner.items() if owner is viewer]:
            self._epoll.unregister(descriptor)
            del self._owner[descriptor]
        await viewer.close()

    def _register(self, descriptor: int, viewer: Viewer) -> None:
        self._epoll.register(descriptor, select.EPOLLIN)
        self._owner[descriptor] = viewer


async def obey(crowd: Crowd) -> None:
    serving = asyncio.create_task(crowd.serve())
    while line := await asyncio.to_thread(sys.stdin.readline):
        command = json.loads(line)
        answer: dict[str, Any] = {}
        try:
            if command["do"] == "add":
                answer["first_idr_ms"] = await crowd.add(command["count"])
            elif command["do"] == "reconnect":
                answer["first_idr_ms"] = await crowd.reconnect(command["count"])
            elif command["do"] == "measure":
                answer["file"] = save(await crowd.measure(command["seconds"]))
            elif command["do"] == "begin":
                crowd.begin()
            elif command["do"] == "end":
                answer["file"] = save(crowd.end())
            else:
                break
        except Exception as exc:  # told to whoever commands
            answer["error"] = f"{type(exc).__name__}: {exc}"
        print(json.dumps(answer), flush=True)
    serving.cancel()
    await crowd.close()


def save(result: dict[str, Any]) -> str:
    """The name of a file for whoever commands, who removes it."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="pet_stream_bench_", suffix=".json", delete=False
    ) as file:
        json.dump(result, file)
    return file.name


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--answers", action="store_true", help="the url gives an offer")
    parser.add_argument("--address", default=LOOPBACK)
    parser.add_argument("--connect-timeout", type=float, default=CONNECT_TIMEOUT_S, metavar="S")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    use_only(arguments.address)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # two sockets for each viewer

    async def run() -> None:
        await obey(Crowd(arguments.url, arguments.connect_timeout, answers=arguments.answers))

    asyncio.run(run())


if __name__ == "__main__":
    main()
