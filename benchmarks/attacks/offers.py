"""Offers of seven kinds, and the host's own page as fast as offers come."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from tests.webrtc import offers

from .target import Target

OFFERS = 10_000
CONNECTIONS = 4
SIZES = (31_000, 120_000)
"""Bytes: below the limit of an offer as it is, and as it once was."""
CHROMIUM = offers.load(offers.CHROMIUM)
_END = "\r\n"


def offer_flood(target: Target) -> str:
    """10 000 offers of seven kinds, over four connections as fast as they are answered"""
    bodies = [
        json.dumps({"type": "offer", "sdp": make(size)}).encode()
        for size in SIZES
        for make in KINDS.values()
    ]
    return _flood(target, "POST", "/api/webrtc/offer", bodies)


def page_flood(target: Target) -> str:
    """for comparison: the host's own `GET /`, over four connections as fast as it is answered"""
    return _flood(target, "GET", "/", [None])


def _silent(size: int) -> str:
    return CHROMIUM


def _huge_lines(size: int) -> str:
    line = "a=ssrc-group:" + "x" * (size // 4)
    return CHROMIUM + _filled(size, itertools.repeat(line))


def _many_candidates(size: int) -> str:
    return CHROMIUM + _filled(
        size,
        (
            f"a=candidate:{n} 1 udp {n + 1} 127.0.{n >> 8 & 63}.{n & 255} {n + 1024} typ host"
            for n in itertools.count(1)
        ),
    )


def _formats_and_feedback(size: int) -> str:
    """Half of the lines are formats, half feedback for all of them."""
    numbers = " ".join(str(number) for number in range(size // 60))
    head = CHROMIUM.replace("a=rtcp-mux", f"a=rtcp-mux{_END}a=rtcp-fb:* nack pli", 1)
    head = head.replace("SAVPF 96", f"SAVPF {numbers} 96", 1)
    lines: Iterator[str] = (
        line
        for number in itertools.count()
        for line in (f"a=rtpmap:{number % 1000} H264/90000", f"a=rtcp-fb:* x{number}")
    )
    return head + _filled(size - len(numbers), lines)


def _many_sections(size: int) -> str:
    section = f"m=audio 9 UDP/TLS/RTP/SAVPF 0{_END}a=mid:{{}}{_END}a=inactive"
    return CHROMIUM + _filled(size, (section.format(n) for n in itertools.count(1)))


def _broken(size: int) -> str:
    return CHROMIUM[: len(CHROMIUM) // 2] + "\0\n=\r\r\nm=\r\na=\r\nv" * (size // 40)


def _without_h264(size: int) -> str:
    return offers.load(offers.FIREFOX_WITHOUT_H264)


KINDS: dict[str, Callable[[int], str]] = {
    "valid, silent afterwards": _silent,
    "huge lines": _huge_lines,
    "many candidates": _many_candidates,
    "many formats, much feedback": _formats_and_feedback,
    "many sections": _many_sections,
    "broken": _broken,
    "no H.264": _without_h264,
}


def _filled(size: int, lines: Iterator[str]) -> str:
    """As many of `lines` as fit behind Chromium's offer, in JSON."""
    room = size - len(json.dumps(CHROMIUM)) - 200
    taken = []
    for line in lines:
        room -= len(line) + 4
        if room < 0:
            break
        taken.append(line + _END)
    return "".join(taken)


def _flood(target: Target, method: str, path: str, bodies: Sequence[bytes | None]) -> str:
    statuses: Counter[str] = Counter()
    numbers = itertools.count()

    def send() -> None:
        while target.is_on and (number := next(numbers)) < OFFERS:
            connection = target.connect(number)
            try:
                headers = {"Content-Type": "application/json"}
                connection.request(method, path, bodies[number % len(bodies)], headers)
                status = str(connection.getresponse().status)
            except (OSError, http.client.HTTPException):
                status = "none"
            finally:
                connection.close()
            statuses[status] += 1

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = ", ".join(f"{count} × {status}" for status, count in statuses.most_common())
    return f"{statuses.total()} in {target.elapsed_s:.0f} s: {told}"
