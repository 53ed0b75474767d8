"""Names and addresses: short texts that people, pages and files give."""

from __future__ import annotations

from pet_stream.errors import BadName
from pet_stream.host_names import is_allowed_host, parse_host
from pet_stream.media.segment_url import parse_segment_url
from pet_stream.origins import normalize_origin
from pet_stream.recording import names

from .mutation import mutated_text
from .target import pure

NAMES = (
    *("cat.mp4", "cat.h264", "cat", "recording_20260101_000000.mp4", "my cat.1.mp4"),
    *("recording_20260101_000000_2.003_recovered_4.mp4", "cat.002_recovered.mp4"),
)
HOSTS = ("my_pi", "camera.local:8080", "192.168.1.20", "[fe80::1%25eth0]:80", "pi.example.org.")
ORIGINS = ("null", *(f"http://{host}" for host in HOSTS), "https://cam.example:443/")
SEGMENTS = ("posix:/pet_camera_stream", "pet_camera_stream", "sysv:0x50455443", "sysv:12")
SIGNS = (".", ":", "/", "[", "]", "%", "_", "0x", "_recovered", ".001")


def name(text: str) -> None:
    for suffix in names.SUFFIXES:
        try:
            requested = names.requested_name(text, suffix)
        except BadName:
            continue
        assert names.stored_name(requested) == requested
        assert "/" not in requested
    stored = names.stored_name(text)
    assert "/" not in stored
    assert not stored.startswith(".")
    names.composite_of(stored)
    names.names_before(stored)
    names.start_time_in(stored)
    names.recovered_name(stored)
    names.is_recovered(stored)


def host(text: str) -> None:
    host, port = parse_host(text)
    assert parse_host(host if port is None else f"{host}:{port}") == (host, port)
    is_allowed_host(host, (".example.org", "camera"))


def origin(text: str) -> None:
    normal = normalize_origin(text)
    assert normalize_origin(normal) == normal


def segment(text: str) -> None:
    url = parse_segment_url(text)
    assert parse_segment_url(url) == url


TARGETS = (
    pure("recording names", mutated_text(lambda: NAMES, SIGNS), name, BadName),
    pure("host names", mutated_text(lambda: HOSTS, SIGNS), host, ValueError),
    pure("origins", mutated_text(lambda: ORIGINS, SIGNS), origin, ValueError),
    pure("segment URLs", mutated_text(lambda: SEGMENTS, SIGNS), segment, ValueError),
)
