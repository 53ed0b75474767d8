"""Writes the offer that aiortc sees, and puts its answer into the browser's terms. Pure text work.

aiortc never sees the browser's SDP. It gets one written here from checked values: a single
receive-only video section with the one chosen H.264 format, under a payload type and a profile
that aiortc knows. Its answer is put back into the terms of the offer: the offered payload types,
the camera's profile-level-id, every other section refused (JSEP, RFC 8829 section 5.3.1).
"""

from __future__ import annotations

from .h264_format import DEFAULT_PROFILE_LEVEL_ID, H264Format
from .offer import MID, RTPMAP, SENT_EXTENSIONS, Offer, Section

AIORTC_H264 = 96
"""Payload type for aiortc, which keeps only those from 96 on; Chromium also offers lower ones."""
AIORTC_RTX = 97


def offer_for_aiortc(offer: Offer, format_: H264Format) -> str:
    """Returns the offer for aiortc, with `format_` as its only format.

    Without a candidate and without the end of candidates aiortc waits for the viewer's own checks.
    """
    has_rtx = format_.rtx_payload_type is not None
    # The DTLS server chooses the cipher, and we know which is fastest here (private.cipher).
    # Chromium would take AES-CM with SHA-1, at nearly twice the time of AES-GCM on most CPUs.
    setup = "active" if offer.setup == "actpass" else offer.setup
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
        f"a=setup:{setup}",
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
    """Returns aiortc's answer to `offer_for_aiortc` in the terms of the browser's offer."""
    session, (media, *lines) = _split_before_media(sdp.splitlines())
    kept = [line for line in lines if not line.startswith(("a=rtpmap:", "a=rtcp-fb:", "a=fmtp:"))]
    feedback = [line for line in lines if line.startswith(f"a=rtcp-fb:{AIORTC_H264} ")]
    port = media.split()[1]
    payload_types, format_lines = _format_lines(format_, feedback, profile_level_id)
    kept += [
        f"a=extmap:{number} {uri}" for number, uri in offer.extensions if uri in SENT_EXTENSIONS
    ]
    answer = [line for line in session if not line.startswith("a=group:")]
    if offer.bundle:
        answer.append("a=group:BUNDLE " + " ".join(str(item.mid) for item in offer.bundle))
    for section in offer.sections:
        if section is offer.video:
            answer.append(f"m=video {port} {section.protocol} {payload_types}")
            answer += kept + format_lines
        elif section in offer.bundle:
            answer += _carrier(section, port, [line for line in kept if _is_transport(line)])
        else:
            answer += _refusal(section)
    return _joined(answer)


def _split_before_media(lines: list[str]) -> tuple[list[str], list[str]]:
    start = next(index for index, line in enumerate(lines) if line.startswith("m="))
    return lines[:start], lines[start:]


def _format_lines(
    format_: H264Format, feedback: list[str], profile_level_id: str
) -> tuple[str, list[str]]:
    """The payload types for the m= line, and the attributes that describe them."""
    h264, rtx = format_.payload_type, format_.rtx_payload_type
    asymmetry = "level-asymmetry-allowed=1;" if format_.level_asymmetry_allowed else ""
    lines = [
        f"a=rtpmap:{h264} H264/90000",
        *(line.replace(f":{AIORTC_H264} ", f":{h264} ", 1) for line in feedback),
        f"a=fmtp:{h264} {asymmetry}packetization-mode=1;profile-level-id={profile_level_id}",
    ]
    if rtx is None:
        return f"{h264}", lines
    return f"{h264} {rtx}", [*lines, f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={h264}"]


def _is_transport(line: str) -> bool:
    names = ("c=", "a=ice-", "a=fingerprint:", "a=setup:", "a=candidate:", "a=end-of-candidates")
    return line.startswith(names)


def _carrier(section: Section, port: str, transport_lines: list[str]) -> list[str]:
    """A section that carries nothing but the transport of its bundle.

    With bundlePolicy "max-bundle" Chromium can't use an answer that refuses the bundle's first
    section (RFC 9143 section 7.3.3 would allow it).
    """
    first_format = section.formats.split()[0]
    lines = [f"m={section.kind} {port} {section.protocol} {first_format}", *transport_lines]
    lines += [f"a=mid:{section.mid}", "a=inactive", "a=rtcp-mux"]
    if section.kind == "application":
        return [*lines, "a=sctp-port:5000"]
    rtpmaps = filter(None, map(RTPMAP.fullmatch, section.values("rtpmap")))
    rtpmap = next((match[0] for match in rtpmaps if match[1] == first_format), None)
    return lines if rtpmap is None else [*lines, f"a=rtpmap:{rtpmap}"]


def _refusal(section: Section) -> list[str]:
    lines = [f"m={section.kind} 0 {section.protocol} {section.formats}", "c=IN IP4 0.0.0.0"]
    if section.mid is not None and MID.fullmatch(section.mid):
        lines.append(f"a=mid:{section.mid}")
    return [*lines, "a=inactive"]


def _joined(lines: list[str]) -> str:
    return "\r\n".join(lines) + "\r\n"
