"""Writes the offer of a publication, and reads the answer to it. Pure text work.

The camera speaks first, to a media server (WHIP, RFC 9725). From the answer on nothing differs from
a viewer who has made an offer, so that is what the answer is read into.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import InvalidOffer, NoUsableH264
from ...media.h264 import SequenceParameterSet
from .h264_format import H264Format, nearest_signalled_level
from .offer import FEEDBACK, SENT_EXTENSIONS, Offer, parse_offer

H264 = 96
RTX = 97
"""Our payload types, which the answer keeps."""


@dataclass(frozen=True, slots=True)
class LocalTransport:
    """How we can be reached (RFC 8839, RFC 8122)."""

    ice_ufrag: str
    ice_password: str
    fingerprints: tuple[str, ...]
    """Algorithm and value."""
    candidates: tuple[str, ...]
    ssrc: int
    rtx_ssrc: int


def publication_offer(transport: LocalTransport, sps: SequenceParameterSet) -> str:
    """Returns an offer to send what the camera sends, as H.264 (packetization-mode 1) with RTX."""
    profile_level_id = (
        f"{sps.profile_idc:02x}{sps.constraint_flags:02x}"
        f"{nearest_signalled_level(sps.level_idc):02x}"
    )
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0",
        f"m=video 9 UDP/TLS/RTP/SAVPF {H264} {RTX}",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=mid:0",
        "a=sendonly",
        "a=msid:pet-stream camera",
        "a=bundle-only",  # this and rtcp-mux-only: RFC 9725 section 4.4.1
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        "a=rtcp-rsize",
        f"a=ice-ufrag:{transport.ice_ufrag}",
        f"a=ice-pwd:{transport.ice_password}",
        *(f"a=fingerprint:{fingerprint}" for fingerprint in transport.fingerprints),
        "a=setup:actpass",
        *(f"a=extmap:{number} {uri}" for number, uri in enumerate(SENT_EXTENSIONS, 1)),
        f"a=rtpmap:{H264} H264/90000",
        *(f"a=rtcp-fb:{H264} {feedback}" for feedback in FEEDBACK),
        f"a=fmtp:{H264} level-asymmetry-allowed=1;packetization-mode=1;"
        f"profile-level-id={profile_level_id}",
        f"a=rtpmap:{RTX} rtx/90000",
        f"a=fmtp:{RTX} apt={H264}",
        f"a=ssrc-group:FID {transport.ssrc} {transport.rtx_ssrc}",
        f"a=ssrc:{transport.ssrc} cname:pet-stream",
        f"a=ssrc:{transport.rtx_ssrc} cname:pet-stream",
        *(f"a=candidate:{candidate}" for candidate in transport.candidates),
        "a=end-of-candidates",
    ]
    return "\r\n".join(lines) + "\r\n"


def parse_publication_answer(sdp: str) -> tuple[Offer, H264Format]:
    """Read the answer to `publication_offer`: what it says of the media server, and the format in
    which it takes the camera's H.264. Raises InvalidOffer, NoUsableH264."""
    offer = parse_offer(sdp)
    payload_types = offer.video.formats.split()
    if offer.video.port == 0 or str(H264) not in payload_types:
        raise NoUsableH264("The media server does not take H.264")
    if offer.setup == "actpass":
        raise InvalidOffer("an answer has to choose who begins with DTLS")
    told = next((each for each in offer.h264_formats if each.payload_type == H264), None)
    feedback = told.feedback if told is not None else _all_feedback(offer.video.values("rtcp-fb"))
    rtx = RTX if str(RTX) in payload_types else None
    return offer, H264Format(H264, rtx_payload_type=rtx, feedback=feedback)


def _all_feedback(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(each for each in FEEDBACK if f"{H264} {each}" in values or f"* {each}" in values)
