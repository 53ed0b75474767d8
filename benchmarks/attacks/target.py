"""What an attack is told, and what it can find out by itself."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.webrtc import offers

FIRST_ATTACKER = 2
"""127.0.0.2, not the address of the viewers, who must not pay for what is counted by address."""
TIMEOUT_S = 5.0
_PORT = re.compile(r"a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host")
_LOCAL_PORT = re.compile(r"^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) ")
_INODE_FIELD = 9


@dataclass(frozen=True, slots=True)
class Answer:
    """Of the server, to an offer."""

    port: int
    ice_ufrag: str
    ice_pwd: str


@dataclass(frozen=True, slots=True)
class Target:
    """A server under attack."""

    host: str
    port: int
    pid: int
    seconds: float
    """The attack ends by then."""
    long_recording: str
    addresses: int = 1
    """How many the attacker has."""
    begun_s: float = field(default_factory=time.monotonic)

    @property
    def address(self) -> tuple[str, int]:
        return self.host, self.port

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.begun_s

    @property
    def is_on(self) -> bool:
        return self.elapsed_s < self.seconds

    def source(self, number: int = 0) -> tuple[str, int]:
        """Where connection `number` comes from: one address after the other, any port."""
        return f"127.0.0.{FIRST_ATTACKER + number % self.addresses}", 0

    def connect(self, number: int = 0) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(
            self.host, self.port, timeout=TIMEOUT_S, source_address=self.source(number)
        )

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Status and body of the answer. Raises OSError, HTTPException."""
        connection = self.connect()
        try:
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def offer(self) -> Answer | None:
        """Make an offer that never connects; None if there is no answer to it."""
        body = {"type": "offer", "sdp": offers.load(offers.CHROMIUM)}
        try:
            status, data = self.ask("POST", "/api/webrtc/offer", body)
        except (OSError, http.client.HTTPException):
            return None
        if status != 200:
            return None
        sdp = json.loads(data)["sdp"]
        found = [re.search(rf"a=ice-{name}:(\S+)", sdp) for name in ("ufrag", "pwd")]
        ports = [int(port) for host, port in _PORT.findall(sdp) if host == self.host]
        ufrag, pwd = (match[1] if match else "" for match in found)
        return Answer(ports[0], ufrag, pwd) if ports else None

    def udp_ports(self) -> list[int]:
        """All that the server listens on: as good as a neighbour who tries every port there is."""
        inodes = set()
        for descriptor in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                link = os.readlink(descriptor)
            except FileNotFoundError:  # closed meanwhile
                continue
            if link.startswith("socket:["):
                inodes.add(link[len("socket:[") : -1])
        ports = []
        for line in Path(f"/proc/{self.pid}/net/udp").read_text().splitlines()[1:]:
            match = _LOCAL_PORT.match(line)
            if match and line.split()[_INODE_FIELD] in inodes:
                ports.append(int(match[1], 16))
        return ports

    def udp_socket(self) -> socket.socket:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(self.source())
        return udp
