"""WebSocket clients that break rules, or their word: in bounded time all that they had is free."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from pet_stream.accounts.accounts import Accounts
from pet_stream.errors import Busy
from pet_stream.websocket.pending import MAX_OF_CLIENT
from pet_stream.websocket.time_limits import TimeLimits
from tests.apps import mounted_app, stream_of
from tests.attacks.http_clients import ask, connect, descriptor_count, read_to_end
from tests.browser.processes import Process
from tests.waiting import TIMEOUT_S, wait_until
from tests.websocket.client import WebSocket, deaf_client, masked, served

VIDEO, STATE = "/api/stream/h264", "/api/stream/ws"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
FRAGMENT = 0
"""`first` byte of a frame that is not the last of its message."""
ENDLESS = masked(BINARY)[:1] + b"\xff" + (2**62).to_bytes(8, "big") + bytes(4)
HANDSHAKE = (
    b"GET /api/stream/ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
SHORT = TimeLimits(ping_s=0.2, silence_s=0.5, stalled_s=0.8, closing_s=0.2)
PATIENT = TimeLimits(silence_s=10 * TIMEOUT_S)
CHECKOUT = Path(__file__).resolve().parent.parent.parent

Attack = Callable[[socket.socket, threading.Event], object]
"""Goes on until the event is set, at most. The client never reads, nor answers a close."""


def say(data: bytes) -> Attack:
    """Once, and then nothing."""
    return repeat(b"", data)


def repeat(data: bytes, begin: bytes = b"", pause_s: float = 0.01) -> Attack:
    """`begin`, then `data` again and again, as much as the server takes."""

    def attack(client: socket.socket, is_over: threading.Event) -> None:
        with contextlib.suppress(ConnectionError):  # it may be over before all is said
            client.sendall(begin)
            client.setblocking(False)
            while data and not is_over.wait(pause_s):
                with contextlib.suppress(BlockingIOError):
                    client.send(data)

    return attack


def reset(client: socket.socket, is_over: threading.Event) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


PAGE_PING = masked(TEXT, b'{"type":"ping","t":1}')
ATTACKS: dict[str, Attack] = {
    "17 kB": say(masked(TEXT, b"x" * 17_000)),
    "17 kB in fragments": say(masked(TEXT, b"x" * 9_000, FRAGMENT) + masked(0, b"x" * 9_000)),
    "a frame without end": say(ENDLESS + bytes(17_000)),
    "a frame that does not come": say(ENDLESS),
    "fragments without end": repeat(masked(CONTINUATION, b"", 0), masked(TEXT, b"", FRAGMENT)),
    "pongs, but no end of a message": repeat(masked(PONG), masked(TEXT, b"", FRAGMENT), 0.1),
    "a byte now and then": repeat(b"x", masked(TEXT, bytes(10_000))[:8], 0.05),
    "not masked": say(masked(TEXT, b"x", mask=0)),
    "a reserved bit": say(masked(TEXT, b"x", 0xC0)),
    "an unknown frame": say(masked(11)),
    "not UTF-8": say(masked(TEXT, b"\xff\xff")),
    "pings": repeat(masked(PING, b"x") * 100),
    "pongs": repeat(masked(PONG) * 100),
    "messages": repeat(PAGE_PING * 100),
    "long messages": repeat(masked(TEXT, b"[" * 16_000)),
    "silence": say(b""),
    "half a close": say(masked(CLOSE, b"\x03")),
    "a close, and then silence": say(masked(CLOSE, b"\x03\xe8")),
    "half-closed": lambda client, _: client.shutdown(socket.SHUT_WR),
    "reset": reset,
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    with mounted_app(tmp_path, MAX_CLIENTS=2) as app:
        stream_of(app).connections.limits = SHORT
        yield app


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    with served(app) as address:
        yield address


@dataclass(frozen=True)
class Held:
    """What an app has taken."""

    viewers: int
    seats: int
    places: int
    threads: int
    descriptors: int

    @classmethod
    def by(cls, app: Flask) -> Held:
        stream = stream_of(app)
        return cls(
            stream.video_viewers.viewer_count,
            stream.live_state.listener_count,
            stream.places.active_count + stream.listener_places.active_count,
            threading.active_count(),
            descriptor_count(),
        )

    def is_no_more_than(self, before: Held) -> bool:
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(before), strict=True)
        return all(now <= then for now, then in pairs)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("path", [VIDEO, STATE])
def test_an_attacker_is_let_go_and_everything_is_free(
    url: str, app: Flask, path: str, attack: Attack
) -> None:
    before = Held.by(app)
    is_over = threading.Event()
    clients = [deaf_client(url + path) for _ in range(2)]
    threads = [threading.Thread(target=attack, args=(client, is_over)) for client in clients]
    for thread in threads:
        thread.start()
    wait_until(lambda: stream_of(app).connections.count == 0)
    is_over.set()
    for client, thread in zip(clients, threads, strict=True):
        thread.join(TIMEOUT_S)
        client.close()
    wait_until(lambda: Held.by(app).is_no_more_than(before))
    assert not stream_of(app).broadcaster.has_urgent_subscriber
    with WebSocket(url + path) as honest:
        assert honest.receive()["type"] in ("status", "state")


@pytest.mark.parametrize("path", [VIDEO, STATE])
@pytest.mark.parametrize("attack", ["silence", "pongs", "pings now and then"])
def test_who_does_not_answer_takes_no_place(url: str, app: Flask, path: str, attack: str) -> None:
    stream = stream_of(app)
    talk = ATTACKS.get(attack, repeat(masked(PING, b"x"), pause_s=0.1))
    is_over = threading.Event()
    clients = [deaf_client(url + path, answers_first=False) for _ in range(MAX_OF_CLIENT)]
    threads = [threading.Thread(target=talk, args=(client, is_over)) for client in clients]
    for thread in threads:
        thread.start()
    wait_until(lambda: stream.connections.count == 0)
    is_over.set()
    for client, thread in zip(clients, threads, strict=True):
        thread.join(TIMEOUT_S)
        client.close()
    assert stream.places.total_count == stream.listener_places.total_count == 0
    ended = stream.connections.vanished_count + stream.connections.refused_count
    assert ended == MAX_OF_CLIENT


def test_a_client_that_answers_is_let_in_among_those_that_do_not(url: str, app: Flask) -> None:
    connections = stream_of(app).connections
    connections.limits = dataclasses.replace(PATIENT, patience_s=0)
    with contextlib.ExitStack() as attackers:
        for _ in range(MAX_OF_CLIENT):
            attackers.enter_context(deaf_client(url + VIDEO, answers_first=False))
        wait_until(lambda: connections.count == MAX_OF_CLIENT)
        with WebSocket(url + STATE) as honest:
            assert honest.receive()["type"] == "state"
            assert connections.count == MAX_OF_CLIENT
    wait_until(lambda: connections.count == 0)


def test_more_handshakes_than_there_is_room_for_are_refused(url: str, app: Flask) -> None:
    stream_of(app).connections.limits = dataclasses.replace(PATIENT, patience_s=10 * TIMEOUT_S)
    with contextlib.ExitStack() as attackers:
        for _ in range(MAX_OF_CLIENT):
            attackers.enter_context(deaf_client(url + VIDEO, answers_first=False))
        wait_until(lambda: stream_of(app).connections.count == MAX_OF_CLIENT)
        answer = shake_hands(url, HANDSHAKE.removesuffix(b"\r\n"))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 1" in answer
        assert stream_of(app).connections.count <= MAX_OF_CLIENT


def test_what_ends_it_is_said(url: str, app: Flask) -> None:
    for data, code in ((b"x" * 17_000, 1009), (b"\xff", 1007)):
        with deaf_client(url + VIDEO) as client:
            client.sendall(masked(TEXT, data))
            assert b"\x88" in (said := read_to_end(client))
            assert struct.pack(">H", code) in said
    wait_until(lambda: stream_of(app).connections.refused_count == 2)


def test_neither_compression_nor_a_protocol_is_agreed_on(url: str) -> None:
    extension = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
    odd = HANDSHAKE.replace(b"Connection: ", b"Connection: \xe9, ")
    protocol = b"Sec-WebSocket-Protocol: \xe9\r\n"
    answer = shake_hands(url, odd + protocol + extension)
    assert answer.startswith(b"HTTP/1.1 101 ")
    assert b"extensions" not in answer.lower()


@pytest.mark.parametrize(
    "head",
    [
        HANDSHAKE + b"X: \xff\0",
        HANDSHAKE.replace(b"==", b"=\xe9") + b"X: 1",
        HANDSHAKE.replace(b"Host: a\r\n", b"") + b"X: 1",
        HANDSHAKE.replace(b"GET", b"HEAD") + b"X: 1",
        HANDSHAKE.replace(b"GET", b"OPTIONS") + b"X: 1",
    ],
)
def test_what_is_no_handshake_is_a_bad_request(url: str, app: Flask, head: bytes) -> None:
    app.config["TESTING"] = False  # an error of the view would be a 500, as for users
    assert shake_hands(url, head).startswith(b"HTTP/1.1 400 ")
    assert Held.by(app).places == 0


def shake_hands(url: str, head: bytes) -> bytes:
    """The answer, up to where the server ends the connection."""
    with connect(int(url.rpartition(":")[2]), head + b"\r\n\r\n") as client:
        return read_to_end(client)


@pytest.mark.parametrize("path", [VIDEO, STATE])
def test_nobody_outlives_a_stop(url: str, app: Flask, path: str) -> None:
    stream = stream_of(app)
    with deaf_client(url + path), deaf_client(url + path):
        wait_until(lambda: Held.by(app).places == 2)
        stream.stop()
        held = Held.by(app)
        assert (held.viewers, held.seats, held.places) == (0, 0, 0)
        assert not stream.broadcaster.has_urgent_subscriber
        stream.start()
        held = Held.by(app)
        assert (held.viewers, held.seats, held.places) == (0, 0, 0)
        with WebSocket(url + path) as honest:
            honest.receive()


class HangingDisk:
    """A look at the folder lasts until `is_back`."""

    def __init__(self) -> None:
        self.is_back = threading.Event()
        self.is_looked_at = threading.Event()

    def look(self) -> None:
        self.is_looked_at.set()
        assert self.is_back.wait(TIMEOUT_S)


def test_a_place_comes_back_without_its_requests_help(url: str, app: Flask) -> None:
    stream = stream_of(app)
    disk = HangingDisk()
    with deaf_client(url + STATE):
        wait_until(lambda: stream.live_state.listener_count == 1)
        stream.folder_watch = disk  # type: ignore[assignment]
        assert disk.is_looked_at.wait(TIMEOUT_S)
        wait_until(lambda: stream.listener_places.active_count == 0)
        assert stream.live_state.listener_count == 0
    disk.is_back.set()


SERVERS = {
    "app.run": ["tests.web_monitor"],
    "gunicorn": ["gunicorn", "--bind", "127.0.0.1:0", "--threads", "16", "tests.web_monitor:app"],
}


@dataclass(frozen=True)
class Host:
    pid: int
    port: int

    def held(self) -> tuple[int, int, int]:
        """Places, threads, descriptors."""
        metrics = ask(self.port, "/metrics")[1].decode()
        gauges = dict(line.split(" ", 1) for line in metrics.splitlines() if line[:1].isalpha())
        taken = ("streaming_active_clients", "pet_stream_state_listeners")
        threads = len(os.listdir(f"/proc/{self.pid}/task"))
        return int(sum(float(gauges[name]) for name in taken)), threads, descriptor_count(self.pid)


@pytest.fixture(params=SERVERS)
def host(request: pytest.FixtureRequest, segment_name: str, tmp_path: Path) -> Iterator[Host]:
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "HOME": str(tmp_path),  # gunicorn leaves a control socket there
        "FLASK_PET_STREAM_SHM": segment_name,
        "FLASK_PET_STREAM_RECORD_PATH": str(tmp_path / "recordings"),
    }
    command = [sys.executable, "-m", *SERVERS[request.param]]
    process = Process(command, env=environment, cwd=CHECKOUT)
    try:
        address = r"(?:Running on|Listening at:) http://127\.0\.0\.1:(\d+)"
        port = int(process.wait_for_line(address, TIMEOUT_S)[1])
        yield Host(int(ask(port, "/threads")[1].rpartition(b'"pid":')[2].split(b"}")[0]), port)
    finally:
        process.stop(signal.SIGKILL)
    assert "Traceback" not in process.log, process.log


QUICK = ("17 kB", "not masked", "not UTF-8", "pings", "messages", "half a close", "reset")
"""Those that no time limit has to end."""


def test_all_at_once_leave_a_server_as_it_was(host: Host) -> None:
    url = f"ws://127.0.0.1:{host.port}"
    with contextlib.ExitStack() as honest:  # gunicorn keeps the threads that it has started
        for _ in range(len(QUICK) + 2):
            honest.enter_context(WebSocket(url + STATE)).receive()
    wait_until(lambda: host.held()[0] == 0)
    before = host.held()
    is_over = threading.Event()
    with contextlib.ExitStack() as attackers:
        for name in QUICK:
            client = attackers.enter_context(deaf_client(url + STATE))
            thread = threading.Thread(target=ATTACKS[name], args=(client, is_over))
            attackers.callback(thread.join)
            thread.start()
        wait_until(lambda: host.held()[0] == 0)
        is_over.set()
    wait_until(lambda: all(now <= then for now, then in zip(host.held(), before, strict=True)))
    with WebSocket(url + VIDEO) as viewer:
        assert viewer.receive()["type"] == "status"


@pytest.mark.parametrize("path", [STATE, VIDEO])
def test_strangers_of_the_same_address_keep_no_device_out(tmp_path: Path, path: str) -> None:
    """Behind a proxy all may have one address. They are being told that they are not signed in."""
    file = tmp_path / "accounts.json"
    accounts = Accounts(file)
    cookie = accounts.accept(accounts.invite("guest", by="test"), device="Phone").cookie
    with (
        mounted_app(tmp_path, AUTH="builtin", ACCOUNTS=file) as app,
        served(app) as url,
        contextlib.ExitStack() as strangers,
    ):
        connections = stream_of(app).connections
        connections.limits = dataclasses.replace(
            PATIENT, patience_s=10 * TIMEOUT_S, closing_s=10 * TIMEOUT_S
        )
        for _ in range(MAX_OF_CLIENT):
            strangers.enter_context(deaf_client(url + path, answers_first=False))
        wait_until(lambda: connections.count == MAX_OF_CLIENT)
        with pytest.raises(Busy):
            connections.check("127.0.0.1")
        with WebSocket(url + path, None, Cookie=f"{cookie.name}={cookie.value}") as page:
            assert page.receive()["type"] in ("state", "status")
