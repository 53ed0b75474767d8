"""What aiortc gets to see of an offer, and what becomes of its answer. Pure text work.

aiortc never sees the browser's SDP. It gets one written here from checked values: a single
receive-only video section with the one chosen H.264 format, under a payload type and a profile
that aiortc knows. Its answer is put back into the terms of the offer: the offered payload types,
the camera's profile-level-id, every other section refused (JSEP, RFC 8829 section 5.3.1).
"""

from __future__ import annotations

from .h264_format import DEFAULT_PROFILE_LEVEL_ID, H264Format
from .offer import MID, Offer, Section

AIORTC_H264 = 96
"""Payload types for aiortc: it keeps those from 96 on only, Chromium also offers lower ones."""
AIORTC_RTX = 97


def offer_for_aiortc(offer: Offer, format_: H264Format) -> str:
    """The offer as aiortc gets it, with nothing but `format_` in it.

    Without a candidate and without the end of candidates aiortc waits for the viewer's own checks.
    """
    has_rtx = format_.rtx_payload_type is not None
    lines = [
        "v=0",
        "o=- 0 0 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        *(["a=ice-lite"] if offer.is_ice_lite else []),
        f"a=group:BUNDLE {offer.mid}",
        f"m=video 9 UDP/TLS/RTP/SAVPF {AIORTC_H264}" + (f" {AIORTC_RTX}" if has_rtx else ""),
        "c=IN IP4 0.0.0.0",
        "a=recvonly",
        f"a=mid:{offer.mid}",
        "a=rtcp-mux",
        f"a=ice-ufrag:{offer.ice_ufrag}",
        f"a=ice-pwd:{offer.ice_password}",
        *(f"a=fingerprint:{fingerprint}" for fingerprint in offer.fingerprints),
        f"a=setup:{offer.setup}",
        *(f"a=extmap:{number} {uri}" for number, uri in offer.extensions),
        f"a=rtpmap:{AIORTC_H264} H264/90000",
        *(f"a=rtcp-fb:{AIORTC_H264} {feedback}" for feedback in format_.feedback),
        f"a=fmtp:{AIORTC_H264} level-asymmetry-allowed=1;packetization-mode=1;"
        f"profile-level-id={DEFAULT_PROFILE_LEVEL_ID}",
    ]
    if has_rtx:
        lines += [f"a=rtpmap:{AIORTC_RTX} rtx/90000", f"a=fmtp:{AIORTC_RTX} apt={AIORTC_H264}"]
    lines += [f"a=candidate:{candidate}" for candidate in offer.candidates]
    return _joined(lines)


def answer_from_aiortc(sdp: str, offer: Offer, format_: H264Format, profile_level_id: str) -> str:
    """aiortc's answer to `offer_for_aiortc` in the terms of the offer."""
    lines = sdp.splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("m="))
    port = lines[start].split()[1]
    payload_types = [format_.payload_type]
    format_lines = [
        f"a=rtpmap:{format_.payload_type} H264/90000",
        *(
            line.replace(f":{AIORTC_H264} ", f":{format_.payload_type} ", 1)
            for line in lines
            if line.startswith(f"a=rtcp-fb:{AIORTC_H264} ")
        ),
        f"a=fmtp:{format_.payload_type} "
        + ("level-asymmetry-allowed=1;" if format_.level_asymmetry_allowed else "")
        + f"packetization-mode=1;profile-level-id={profile_level_id}",
    ]
    if format_.rtx_payload_type is not None:
        payload_types.append(format_.rtx_payload_type)
        format_lines += [
            f"a=rtpmap:{format_.rtx_payload_type} rtx/90000",
            f"a=fmtp:{format_.rtx_payload_type} apt={format_.payload_type}",
        ]
    video_lines = [
        f"m=video {port} {offer.video.protocol} {' '.join(map(str, payload_types))}",
        *(
            line
            for line in lines[start + 1 :]
            if not line.startswith(("a=rtpmap:", "a=rtcp-fb:", "a=fmtp:"))
        ),
        *format_lines,
    ]
    answer = [line for line in lines[:start] if not line.startswith("a=group:")]
    if offer.is_bundled:
        answer.append(f"a=group:BUNDLE {offer.mid}")
    for section in offer.sections:
        answer += video_lines if section is offer.video else _refusal(section)
    return _joined(answer)


def _refusal(section: Section) -> list[str]:
    lines = [f"m={section.kind} 0 {section.protocol} {section.formats}", "c=IN IP4 0.0.0.0"]
    if section.mid is not None and MID.fullmatch(section.mid):
        lines.append(f"a=mid:{section.mid}")
    return [*lines, "a=inactive"]


def _joined(lines: list[str]) -> str:
    return "\r\n".join(lines) + "\r\n"
