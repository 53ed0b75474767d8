"""What commands read: the settings' file, backups, and what servers answer."""

from __future__ import annotations

import functools
import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pet_stream.accounts.book import Book
from pet_stream.backup.content import Backup
from pet_stream.command_line.failures import Failure
from pet_stream.command_line.http_client import Client
from pet_stream.config import Config
from pet_stream.config_file import parse_settings
from pet_stream.errors import BackupUnusable, ConfigError
from pet_stream.page_settings import OWNERS, parse_page_settings
from tests.waiting import TIMEOUT_S

from .accounts import KEY
from .mutation import mutated_bytes
from .target import Call, Target, pure

SETTINGS = (
    b'max_clients = 3\nkeep_days = 1.5\nrecord_path = "/tmp"\nmetrics = false\n',
    b'pause_schedule = ["22:00-07:00"]\nallowed_hosts = ["cam"]\nice_hosts = "None"\n',
    b'ice_servers = [{urls = "turn:turn.example", username = "u", credential = "hidden"}]\n',
)
TOML_WORDS = (
    *(b"=", b'"', b"'", b'"""', b"[", b"]", b"[[", b"{", b"}", b"#", b"\n", b".", b",", b"\\u0000"),
    *(b"nan", b"inf", b"0x", b"1979-05-27", b"1e400", b"9" * 5000, b"true", b"\xff", b"keep_mb"),
)
PAGE = (
    b'{"version": 1, "settings": {"keep_days": 1.5, "keep_mb": 5, "language": "ja"}}',
    b'{"version": 1, "settings": {"camera_name": "K\\u00fcche", "preroll_seconds": 0}}',
)
PAGE_WORDS = (
    *(b"NaN", b"-Infinity", b"1e400", b"9" * 5000, b"null", b"true", b"[", b"{", b'"', b"\\ud800"),
    *(b"version", b"settings", b"shm", b"2", b"-", b"\xff", b"\\u0000", b"\\n"),
)
BLOCK = 512
TAR_WORDS = (
    *(b"ustar", b"\0", b"0000000", b"7777777", b"accounts.json", b"settings.toml", b"../", b"/"),
    *(b'"version"', b'"stars"', b"cat.mp4", b"[", b"{", b"2", b"5", b"L", b"x", b"\x80"),
)
ANSWERS = (
    b'HTTP/1.1 200 OK\r\nContent-Type: text/x\r\nContent-Length: 16\r\n\r\n{"status": "ok"}',
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"status": "ok"}\r\n0\r\n\r\n',
    b'HTTP/1.0 403 Forbidden\r\n\r\n{"error": "No right to it", "code": "not_allowed"}',
    b"HTTP/1.1 302 Found\r\nLocation: /health\r\nContent-Length: 0\r\n\r\n",
)
HTTP_WORDS = (
    *(b"\r\n", b"\n", b":", b" ", b"HTTP/1.1", b"HTTP/9", b"200", b"100", b"204", b"302", b"999"),
    *(b"Location: ", b"Content-Length: ", b"-1", b"9" * 20, b"//evil", b"http://[", b"@", b"{"),
)


def page_settings(data: bytes) -> None:
    for name, value in parse_page_settings(data).items():
        if name in OWNERS:
            OWNERS[name].parse(value)


def settings_file(data: bytes) -> None:
    Config.from_sources([parse_settings(data, Path("pet.toml"))])


@functools.cache
def archives() -> tuple[bytes, ...]:
    whole = Backup(Book(KEY), SETTINGS[0], ("cat.mp4", "dog.h264"))
    return tuple(gzip.decompress(each.to_bytes(1)) for each in (whole, Backup()))


def backup(archive: bytes) -> None:
    """Headers get a right checksum, so that more is read than that."""
    blocks = [bytearray(archive[at : at + BLOCK]) for at in range(0, len(archive), BLOCK)]
    for header in blocks:
        if header[257:262] == b"ustar" and len(header) == BLOCK:
            header[148:156] = b" " * 8
            header[148:156] = b"%06o\0 " % sum(header)
    found = Backup.from_bytes(gzip.compress(b"".join(blocks), 0))
    assert Backup.from_bytes(found.to_bytes(1)) == found


@contextmanager
def answers() -> Iterator[Call]:
    """A server that answers whatever it is given."""
    answer = b""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client, suppress(OSError):
                    client.settimeout(TIMEOUT_S)
                    client.recv(65_536)
                    client.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    port = listener.getsockname()[1]

    def ask(data: bytes) -> None:
        nonlocal answer
        answer = data
        Client(f"http://127.0.0.1:{port}", "secret", timeout_s=TIMEOUT_S).get_json("/health")

    try:
        yield ask
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(TIMEOUT_S)


TARGETS = (
    pure("settings file", mutated_bytes(lambda: SETTINGS, TOML_WORDS), settings_file, ConfigError),
    pure("page settings", mutated_bytes(lambda: PAGE, PAGE_WORDS), page_settings, ValueError),
    pure("backup", mutated_bytes(archives, TAR_WORDS), backup, BackupUnusable),
    Target("answers", mutated_bytes(lambda: ANSWERS, HTTP_WORDS), answers, (Failure,), examples=80),
)
