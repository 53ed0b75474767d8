"""Offers that cost as much as they can, by kind. Each would be a good one without what is added."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.webrtc import offers

GOOD = offers.load(offers.CHROMIUM)
_VIDEO = next(line for line in GOOD.splitlines() if line.startswith("m=video"))
_PAYLOAD_TYPES = [*range(64), *range(96, 128)]


def worst_offers(size: int) -> dict[str, str]:
    """Of up to `size` characters each."""

    def filled(line: Callable[[int], str], max_lines: int = size, base: str = GOOD) -> str:
        added, room = [], size - len(base)
        for number in range(max_lines):
            added.append(line(number) + "\r\n")
            room -= len(added[-1])
            if room < 0:
                break
        return _with_lines(added[:-1], base)

    fitting = 990 - GOOD.count("\n")
    """As many more lines as an offer may have."""
    every_format = GOOD.replace(
        _VIDEO, f"m=video 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, _PAYLOAD_TYPES))}"
    )
    every_format = _with_lines(
        (
            f"a=rtpmap:{number} H264/90000\r\na=fmtp:{number} packetization-mode=1;x=1\r\n"
            for number in _PAYLOAD_TYPES
        ),
        every_format,
    )
    return {
        "lines": filled(lambda n: "a"),
        "attributes": filled(lambda n: f"a={n:x}"),
        "candidates": filled(
            lambda n: f"a=candidate:1 1 udp 1 1.2.{n >> 8 & 255}.{n & 255} 9 typ host"
        ),
        "fitting candidates": filled(
            lambda n: f"a=candidate:1 1 udp 1 fd00::{n:x} 9 typ host", fitting
        ),
        "bad candidates": filled(lambda n: "a=candidate:1 1 udp 1 1.2.3.999 9 typ host", fitting),
        "candidates of one long word": filled(lambda n: "a=candidate:" + "1" * 2000),
        "feedback": filled(lambda n: f"a=rtcp-fb:* {n:x}", fitting),
        "formats and feedback": filled(lambda n: f"a=rtcp-fb:* {n:x}", base=every_format),
        "fitting formats and feedback": filled(
            lambda n: f"a=rtcp-fb:* {n:x}", 990 - every_format.count("\n"), every_format
        ),
        "format names": filled(lambda n: "a=rtpmap:96 H264/90000", fitting),
        "format parameters": filled(lambda n: f"a=fmtp:{102 + n % 8} {';' * 2000}"),
        "a long line": filled(lambda n: "a=fmtp:102 " + ";" * (size - len(GOOD) - 100), 2),
        "a long m= line": GOOD.replace(_VIDEO, _VIDEO + " 102" * ((size - len(GOOD)) // 4)),
        "one format again and again": GOOD.replace(_VIDEO, _VIDEO + " 102" * 400),
        "fingerprints": filled(lambda n: "a=fingerprint:sha-256 " + ":".join(32 * ["AB"])),
        "a fingerprint without end": filled(lambda n: "a=fingerprint:sha-256 " + "AB:" * 600),
        "extensions": filled(lambda n: f"a=extmap:{n % 14 + 1} u{n:x}", fitting),
        "a large bundle": GOOD.replace("BUNDLE 0", "BUNDLE 0" + " x" * ((size - len(GOOD)) // 2)),
        "sections": GOOD + "m=audio 9 RTP/AVP 0\r\n" * ((size - len(GOOD)) // 21),
        "fitting sections": GOOD + f"m=audio 9 RTP/AVP {'0 ' * 200}0\r\n" * 63,
        "video sections": GOOD + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n" * 63,
        "equal sections": GOOD + GOOD[GOOD.index("m=video") :] * 63,
        "carriage returns": GOOD + "\r" * (size - len(GOOD)),
        "NUL": GOOD + "\0" * (size - len(GOOD)),
        "surrogates": filled(lambda n: "a=mid:" + "\ud800" * 1000),
        "digits": filled(lambda n: "a=rtpmap:" + "9" * 2000),
    }


def _with_lines(lines: Iterable[str], base: str) -> str:
    return base.replace("a=mid:0\r\n", "a=mid:0\r\n" + "".join(lines), 1)
