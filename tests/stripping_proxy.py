"""A proxy that strips a path: `/cam/health` of its own is `/health` of the server behind it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from tests.waiting import TIMEOUT_S

_NOT_HERE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextmanager
def stripping_proxy(
    server_port: int, path: str = "/cam", *, passes_host: bool = True
) -> Iterator[str]:
    """Yields the address of what is below `path`, without a slash at its end. What is asked for
    elsewhere is 404. Without `passes_host` the server gets its own address as Host, as nginx does
    it unless it is told otherwise."""
    proxy = _Proxy(server_port, path.encode(), passes_host)
    thread = threading.Thread(target=asyncio.run, args=(proxy.run(),), name="stripping proxy")
    thread.start()
    try:
        assert proxy.is_ready.wait(TIMEOUT_S)
        yield f"http://127.0.0.1:{proxy.port}{path}"
    finally:
        proxy.stop()
        thread.join(TIMEOUT_S)


class _Proxy:
    def __init__(self, server_port: int, path: bytes, passes_host: bool) -> None:
        self.is_ready = threading.Event()
        self.port = 0
        self._server_port = server_port
        self._path = path
        self._passes_host = passes_host
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end = asyncio.Event()

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.is_ready.set()
        await self._end.wait()
        server.close()  # `asyncio.run` cancels what is still being served

    def stop(self) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._end.set)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, or one WebSocket."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            request, *fields = head[:-4].split(b"\r\n")
            method, target, version = request.split(b" ")
            if not target.startswith(self._path + b"/"):
                writer.write(_NOT_HERE)
                return
            if not any(field.lower().startswith(b"upgrade:") for field in fields):
                fields = _with(b"Connection", b"close", fields)
            if not self._passes_host:
                fields = _with(b"Host", b"127.0.0.1:%d" % self._server_port, fields)
            request = b" ".join((method, target[len(self._path) :], version))
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
            up_writer.write(b"\r\n".join((request, *fields, b"", b"")))
            try:
                await _first_end(_pass_on(reader, up_writer), _pass_on(up_reader, writer))
            finally:
                up_writer.close()
        except (OSError, asyncio.IncompleteReadError):  # either side has gone
            pass
        finally:
            writer.close()


def _with(name: bytes, value: bytes, fields: list[bytes]) -> list[bytes]:
    others = [f for f in fields if not f.lower().startswith(name.lower() + b":")]
    return [*others, name + b": " + value]


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


async def _first_end(*directions: Coroutine[Any, Any, None]) -> None:
    tasks = [asyncio.create_task(direction) for direction in directions]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
