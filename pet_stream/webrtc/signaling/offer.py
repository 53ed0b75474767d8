"""Reads a browser's offer into checked values. Pure text work.

Any text gives an Offer or raises InvalidOffer. Nothing is passed on unless it matched a pattern
here. The work is linear in the text's length: lines are counted before they are split, and of those
that may be repeated only as many are read as a viewer can use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from ...errors import InvalidOffer
from .candidates import offered_candidates
from .h264_format import DEFAULT_PROFILE_LEVEL_ID, H264Format

MAX_LINES = 1000
"""Browsers write up to 250."""
MAX_LINE_CHARS = 2048
"""Longer lines are left out: nothing that is read here is that long."""
MAX_SECTIONS = 64
MAX_FINGERPRINTS = 8
MAX_EXTENSIONS = 64
MAX_PARAMETERS = 32
"""Of one format, in its `a=fmtp` line."""
FEEDBACK = ("nack", "nack pli", "ccm fir")
MID_EXTENSION = "urn:ietf:params:rtp-hdrext:sdes:mid"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
SENT_EXTENSIONS = (PLAYOUT_DELAY, CAPTURE_TIME)
"""Header extensions that an answer accepts. They come with each IDR and hold until the next one:
browsers keep the delay and interpolate the time."""
_PAYLOAD_TYPES = {*range(64), *range(96, 128)}  # the others would look like RTCP (RFC 5761 4)
FINGERPRINT_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}

_MEDIA = re.compile(
    r"m=([a-z]{1,32}) ([0-9]{1,5})(?:/[0-9]{1,5})? ([!-~]{1,64}) ([!-~][!-~ ]{0,1999})"
)
MID = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]{1,64}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_FINGERPRINT = re.compile(r"([A-Za-z0-9\-]{1,16}) ((?:[0-9A-Fa-f]{2}:)+[0-9A-Fa-f]{2})")
_EXTENSION = re.compile(r"([0-9]{1,5})(?:/[a-z]{1,16})? ([!-~]{1,256})(?: .*)?")
RTPMAP = re.compile(r"(0|[1-9][0-9]{0,2}) ([A-Za-z0-9\-]{1,32})/([0-9]{1,9})(?:/[!-~]{1,32})?")
_FORMAT_VALUE = re.compile(r"(0|[1-9][0-9]{0,2}|\*) (.*)")


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One `m=` section of an offer: the line's fields and the attributes below it."""

    kind: str
    port: int
    protocol: str
    formats: str
    attributes: Mapping[str, Sequence[str]]
    """Values by name, in the offer's order."""

    def values(self, name: str) -> Sequence[str]:
        return self.attributes.get(name, ())

    def has(self, name: str) -> bool:
        return name in self.attributes

    @property
    def mid(self) -> str | None:
        return next(iter(self.values("mid")), None)


@dataclass(frozen=True, slots=True)
class Offer:
    """What is wanted (`video`, one of `sections`) and how the viewer can be reached."""

    sections: tuple[Section, ...]
    video: Section
    mid: str
    bundle: tuple[Section, ...]
    """The video section, after the section whose transport it uses if that is a different one;
    empty if the offer bundles nothing."""
    ice_ufrag: str
    ice_password: str
    is_ice_lite: bool
    fingerprints: tuple[str, ...]
    setup: str
    candidates: tuple[str, ...]
    extensions: tuple[tuple[int, str], ...]
    h264_formats: tuple[H264Format, ...]
    """May be empty. Those with packetization-mode 1, in the offer's order."""

    @property
    def extension_numbers(self) -> dict[str, int]:
        """The number of each header extension, by its URI."""
        return {uri: number for number, uri in self.extensions}


def parse_offer(sdp: str) -> Offer:
    """Read an offer. Raises InvalidOffer, whatever is wrong with it."""
    session, sections = _split_sections(sdp)
    default_direction = next(filter(session.has, ("recvonly", "sendonly", "inactive")), "sendrecv")
    wanting = [item for item in sections if _wants_video(item, default_direction)]
    if not wanting:
        raise InvalidOffer("no video section that receives")
    offered = ((item, _h264_formats(item)) for item in wanting)
    video, h264_formats = next((pair for pair in offered if pair[1]), (wanting[0], ()))
    mid = video.mid
    if mid is None or MID.fullmatch(mid) is None:
        raise InvalidOffer("the video section has no usable mid")
    bundle = next((g.split()[1:] for g in session.values("group") if g.startswith("BUNDLE ")), [])
    is_bundled = mid in bundle and MID.fullmatch(bundle[0]) is not None
    # a bundled section may leave the transport to the first one of its group (RFC 9143 7.1.3)
    tagged = next((s for s in sections if is_bundled and s.mid == bundle[0]), video)

    def inherited(name: str) -> Sequence[str]:
        return next(filter(None, (s.values(name) for s in (video, session, tagged))), ())

    setup = next(iter(inherited("setup")), "")
    if setup not in ("actpass", "active", "passive"):
        raise InvalidOffer("no usable setup attribute")
    if not (video.has("rtcp-mux") or tagged.has("rtcp-mux")):
        raise InvalidOffer("no rtcp-mux")
    return Offer(
        sections=sections,
        video=video,
        mid=mid,
        bundle=tuple(dict.fromkeys((tagged, video))) if is_bundled else (),
        ice_ufrag=_checked(_UFRAG, inherited("ice-ufrag"), "ice-ufrag"),
        ice_password=_checked(_PASSWORD, inherited("ice-pwd"), "ice-pwd"),
        is_ice_lite=session.has("ice-lite"),
        fingerprints=_fingerprints(inherited("fingerprint")),
        setup=setup,
        candidates=offered_candidates(inherited("candidate")),
        extensions=_extensions(video, mid),
        h264_formats=h264_formats,
    )


def _split_sections(sdp: str) -> tuple[Section, tuple[Section, ...]]:
    """Returns the session part, as a section without a kind, and the media sections."""
    if not sdp.startswith("v=0"):
        raise InvalidOffer("not SDP")
    if sdp.count("\n") > MAX_LINES:
        raise InvalidOffer("too many lines")
    lines = [line.rstrip("\r") for line in sdp.split("\n")]
    starts = [index for index, line in enumerate(lines) if line.startswith("m=")]
    if len(starts) > MAX_SECTIONS:
        raise InvalidOffer("too many sections")
    sections = []
    for start, end in pairwise([*starts, len(lines)]):
        match = _MEDIA.fullmatch(lines[start])
        if match is None:
            raise InvalidOffer("malformed m= line")
        kind, port, protocol, formats = match.groups()
        attributes = _attributes(lines[start + 1 : end])
        sections.append(Section(kind, int(port), protocol, formats, attributes))
    first = starts[0] if starts else len(lines)
    return Section("", 0, "", "", _attributes(lines[:first])), tuple(sections)


def _attributes(lines: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("a=") and len(line) <= MAX_LINE_CHARS:
            name, _, value = line[2:].partition(":")
            found.setdefault(name, []).append(value)
    return found


def _wants_video(section: Section, default_direction: str) -> bool:
    directions = ("sendrecv", "recvonly", "sendonly", "inactive")
    direction = next(filter(section.has, directions), default_direction)
    return (
        section.kind == "video"
        and section.protocol.endswith("RTP/SAVPF")
        and (section.port != 0 or section.has("bundle-only"))
        and direction in ("sendrecv", "recvonly")
    )


def _checked(pattern: re.Pattern[str], values: Sequence[str], name: str) -> str:
    if not values or pattern.fullmatch(values[0]) is None:
        raise InvalidOffer(f"no usable {name}")
    return values[0]


def _fingerprints(values: Sequence[str]) -> tuple[str, ...]:
    """Returns those that aiortc can check, at least one."""
    found = []
    for match in filter(None, map(_FINGERPRINT.fullmatch, values[:MAX_FINGERPRINTS])):
        algorithm, digest = match[1].lower(), match[2].upper()
        if len(digest) == 3 * FINGERPRINT_BYTES.get(algorithm, 0) - 1:
            found.append(f"{algorithm} {digest}")
    if not found:
        raise InvalidOffer("no usable fingerprint")
    return tuple(found)


def _extensions(video: Section, mid: str) -> tuple[tuple[int, str], ...]:
    """Returns RTP header extensions by number. In the one-byte form of RFC 8285 a mid has at most
    16 bytes."""
    found: dict[int, str] = {}
    values = video.values("extmap")[:MAX_EXTENSIONS]
    for match in filter(None, map(_EXTENSION.fullmatch, values)):
        number, uri = int(match[1]), match[2]
        if 0 < number < 15 and (uri != MID_EXTENSION or len(mid) <= 16):
            found.setdefault(number, uri)
    return tuple(found.items())


def _h264_formats(video: Section) -> tuple[H264Format, ...]:
    codecs = {
        match[1]: match[2].lower()
        for match in filter(None, map(RTPMAP.fullmatch, video.values("rtpmap")))
        if int(match[1]) in _PAYLOAD_TYPES and match[3] == "90000"
    }
    parameters = {
        match[1]: match[2]
        for match in filter(None, map(_FORMAT_VALUE.fullmatch, video.values("fmtp")))
    }
    feedback = {
        (match[1], match[2].strip())  # pion writes "nack "
        for match in filter(None, map(_FORMAT_VALUE.fullmatch, video.values("rtcp-fb")))
    }
    listed = {
        word: _parameters(parameters.get(word, ""))
        for word in dict.fromkeys(video.formats.split())
        if codecs.get(word) in ("h264", "rtx")
    }
    rtx = {settings.get("apt"): word for word, settings in listed.items() if codecs[word] == "rtx"}
    found = []
    for word, settings in listed.items():
        if codecs[word] != "h264" or settings.get("packetization-mode") != "1":
            continue
        found.append(
            H264Format(
                payload_type=int(word),
                profile_level_id=settings.get("profile-level-id", DEFAULT_PROFILE_LEVEL_ID),
                level_asymmetry_allowed=settings.get("level-asymmetry-allowed") == "1",
                rtx_payload_type=int(rtx[word]) if word in rtx else None,
                feedback=tuple(
                    value
                    for value in FEEDBACK
                    if ("*", value) in feedback or (word, value) in feedback
                ),
            )
        )
    return tuple(found)


def _parameters(text: str) -> dict[str, str]:
    items = (item.strip().partition("=") for item in text.split(";", MAX_PARAMETERS))
    return {name.lower(): value for name, _, value in islice(items, MAX_PARAMETERS)}
