from __future__ import annotations

import re

import pytest

from pet_stream.errors import InvalidOffer, NoUsableH264
from pet_stream.webrtc.signaling.h264_format import H264Format, choose_format
from pet_stream.webrtc.signaling.offer import parse_offer

from .. import offers

CHROMIUM = offers.load(offers.CHROMIUM)
VIDEO_LINE = next(line for line in CHROMIUM.splitlines() if line.startswith("m=video"))
LINES = CHROMIUM.splitlines()


def without(pattern: str) -> str:
    return "\r\n".join(line for line in LINES if not re.match(pattern, line))


def with_attribute(line: str, old: str = "a=rtcp-mux") -> str:
    return CHROMIUM.replace(old, f"{old}\r\n{line}", 1)


def test_a_chromium_offer_lists_its_h264_formats_in_order() -> None:
    offer = parse_offer(CHROMIUM)
    feedback = ("nack", "nack pli", "ccm fir")
    assert offer.h264_formats == tuple(
        H264Format(payload_type, profile_level_id, True, rtx, feedback)
        for payload_type, profile_level_id, rtx in (
            (102, "42001f", 103),
            (108, "42e01f", 109),
            (116, "4d001f", 117),
            (41, "f4001f", 42),
        )
    )
    assert offer.mid == "0"
    assert offer.setup == "actpass"


def test_firefox_without_h264_has_a_valid_offer_without_formats() -> None:
    offer = parse_offer(offers.load(offers.FIREFOX_WITHOUT_H264))
    assert offer.h264_formats == ()
    assert offer.ice_ufrag == "0c45382f"
    assert offer.fingerprints[0].startswith("sha-256 16:DE:15:94")  # from the session part
    with pytest.raises(NoUsableH264):
        choose_format(offer.h264_formats, None)


def test_the_video_section_is_found_behind_others() -> None:
    offer = parse_offer(offers.load(offers.CHROMIUM_AUDIO_FIRST))
    assert [section.kind for section in offer.sections] == ["audio", "video", "application"]
    assert offer.video is offer.sections[1]
    assert offer.mid == "1"
    assert [section.mid for section in offer.bundle] == ["0", "1"]


def test_a_bundled_section_may_leave_the_transport_to_the_first_of_its_group() -> None:
    sdp = offers.load(offers.CHROMIUM_AUDIO_FIRST)
    start = sdp.index("m=video")
    head, video = sdp[:start], sdp[start:].replace("m=video 9 ", "m=video 0 ", 1)
    stripped = re.sub(r"a=(ice-|fingerprint|setup|rtcp-mux|candidate).*\r\n", "", video)
    offer = parse_offer(head + stripped.replace("a=mid:1", "a=bundle-only\r\na=mid:1"))
    assert offer.ice_ufrag == parse_offer(sdp).ice_ufrag
    assert offer.fingerprints == parse_offer(sdp).fingerprints


@pytest.mark.parametrize(
    ("candidate", "kept"),
    [
        ("1 1 udp 100 192.168.1.7 5000 typ host", "1 1 udp 100 192.168.1.7 5000 typ host"),
        ("1 1 UDP 100 fd00::7 5000 typ host generation 0", "1 1 udp 100 fd00::7 5000 typ host"),
        (
            "1 1 udp 9 80.1.2.3 5000 typ srflx raddr 0.0.0.0 rport 0",
            "1 1 udp 9 80.1.2.3 5000 typ srflx",
        ),
        ("1 1 udp 100 28f26bae-43d2-4def-bdf4-e3acb5209b31.local 5000 typ host", None),
        ("1 1 tcp 100 192.168.1.7 9 typ host tcptype active", None),
        ("1 2 udp 100 192.168.1.7 5000 typ host", None),
        ("1 1 udp 100 192.168.1.7 0 typ host", None),
        ("1 1 udp 100 192.168.1.7 65536 typ host", None),
        ("1 1 udp 100 224.0.0.251 5353 typ host", None),
        ("1 1 udp 100 0.0.0.0 5000 typ host", None),
        ("1 1 udp 100 fe80::1 5000 typ host", None),
        ("1 1 udp 100 999.1.1.1 5000 typ host", None),
        ("1 1 udp 100 192.168.1.7 5000 typ strange", None),
        ("1 1 udp 100 192.168.1.7", None),
        ("", None),
    ],
)
def test_only_candidates_that_can_be_reached_are_kept(candidate: str, kept: str | None) -> None:
    offer = parse_offer(with_attribute(f"a=candidate:{candidate}"))
    assert offer.candidates == (() if kept is None else (kept,))


def test_the_number_of_candidates_is_bounded() -> None:
    line = "a=candidate:1 1 udp 100 192.168.1.7 5000 typ host\r\n"
    assert len(parse_offer(CHROMIUM.replace("a=mid", 500 * line + "a=mid")).candidates) == 32


@pytest.mark.parametrize(
    "sdp",
    [
        "",
        "\x00",
        "v=0",
        "hello",
        "{}",
        "v=0\r\nm=",
        "v=0\r\nm=video",
        "v=0\r\nm=video x y z",
        "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF  \r\nm=video 9 UDP/TLS/RTP/SAVPF  ",
        "v=0\r\nm=video 99999999999999999999 UDP/TLS/RTP/SAVPF 96",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
        "v=0\r\n" + 100 * "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n",
        CHROMIUM.replace("v=0", "v=1", 1),
        CHROMIUM.replace("m=video", "m=audio"),
        CHROMIUM.replace("m=video 9 ", "m=video 0 "),
        CHROMIUM.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        CHROMIUM.replace("a=recvonly", "a=sendonly"),
        CHROMIUM.replace("a=recvonly", "a=inactive"),
        CHROMIUM.replace("a=setup:actpass", "a=setup:holdconn"),
        CHROMIUM.replace("a=setup:actpass", "a=setup"),
        CHROMIUM.replace("a=mid:0", "a=mid:"),
        CHROMIUM.replace("a=mid:0", "a=mid:a b"),
        CHROMIUM.replace("a=mid:0", "a=mid:\u00e9"),
        CHROMIUM.replace("a=ice-ufrag:", "a=ice-ufrag:x:"),
        re.sub("a=ice-pwd:.*\r\n", "a=ice-pwd:short\r\n", CHROMIUM),
        CHROMIUM.replace("sha-256", "md5"),
        re.sub("a=fingerprint:.*\r\n", "a=fingerprint:sha-256 AA:BB\r\n", CHROMIUM),
        re.sub("a=fingerprint:.*\r\n", "a=fingerprint\r\n", CHROMIUM),
        without("m=video"),
        without("a=mid"),
        without("a=setup"),
        without("a=rtcp-mux"),
        without("a=fingerprint"),
        without("a=ice-ufrag"),
        without("a=ice-pwd"),
    ],
)
def test_what_is_no_usable_offer_is_refused_as_such(sdp: str) -> None:
    with pytest.raises(InvalidOffer):
        parse_offer(sdp)


@pytest.mark.parametrize(
    "sdp",
    [
        CHROMIUM.replace("\r\n", "\n"),
        CHROMIUM.replace("a=recvonly", "a=sendrecv"),
        without("a=recvonly"),
        without("a=candidate"),
        without("a=group"),
        without("a=extmap"),
        without("a=rtcp-fb"),
        without("a=rtpmap:103"),
        CHROMIUM.replace("a=setup:actpass", "a=setup:active"),
        CHROMIUM.replace("a=rtcp-fb:102 ", "a=rtcp-fb:* "),
        with_attribute("a=extmap:x y\r\na=extmap:99999 z\r\na=rtpmap:\r\na=fmtp:\r\na=rtcp-fb:"),
        with_attribute("a=candidate\r\na=ssrc:x\r\na=fmtp:200 x=1\r\na=rtpmap:999 H264/90000"),
    ],
)
def test_what_a_browser_may_leave_out_or_add_does_no_harm(sdp: str) -> None:
    offer = parse_offer(sdp)
    assert choose_format(offer.h264_formats, None)


@pytest.mark.parametrize(
    "sdp",
    [
        CHROMIUM.replace("H264", "H265"),
        CHROMIUM.replace("packetization-mode=1", "packetization-mode=0"),
        CHROMIUM.replace("packetization-mode=1;", ""),
        without("a=fmtp"),
        without("a=rtpmap"),
        CHROMIUM.replace(VIDEO_LINE, "m=video 9 UDP/TLS/RTP/SAVPF 96 97"),
        re.sub("profile-level-id=.{6}", "profile-level-id=zzzzzz", CHROMIUM),
    ],
)
def test_an_offer_without_usable_h264_is_told_apart_from_an_invalid_one(sdp: str) -> None:
    with pytest.raises(NoUsableH264):
        choose_format(parse_offer(sdp).h264_formats, None)
