from __future__ import annotations

import asyncio
import re

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import SessionDescription

from pet_stream.webrtc.signaling.answer import answer_from_aiortc, offer_for_aiortc
from pet_stream.webrtc.signaling.h264_format import answered_profile_level_id, choose_format
from pet_stream.webrtc.signaling.offer import parse_offer

from .. import offers
from ..sps import sps


def answer_by_aiortc(name: str, camera: str | None) -> str:
    return answer_by_aiortc_to(offers.load(name), camera)


def answer_by_aiortc_to(offered: str, camera: str | None) -> str:
    """The whole way: the offer reduced, answered by a real aiortc peer, put back."""
    known = None if camera is None else sps(camera)
    offer = parse_offer(offered)
    chosen = choose_format(offer.h264_formats, known)

    async def answer() -> str:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.addTransceiver("video", direction="sendonly")
        reduced = RTCSessionDescription(offer_for_aiortc(offer, chosen), "offer")
        await connection.setRemoteDescription(reduced)
        text = (await connection.createAnswer()).sdp
        await connection.close()
        return text

    profile_level_id = answered_profile_level_id(chosen, known)
    return answer_from_aiortc(asyncio.run(answer()), offer, chosen, profile_level_id)


def sections(sdp: str) -> list[list[str]]:
    return [part.splitlines() for part in re.split(r"\r\n(?=m=)", sdp)]


@pytest.mark.parametrize(
    ("name", "camera", "payload_types", "profile_level_id"),
    [
        (offers.CHROMIUM, "42c01f", "108 109", "42e01f"),
        (offers.CHROMIUM, "42c028", "108 109", "42e028"),
        (offers.CHROMIUM, "42001f", "102 103", "42001f"),
        (offers.CHROMIUM, "4d4028", "116 117", "4d0028"),
        (offers.CHROMIUM, "640028", "41 42", "f40028"),
        (offers.SAFARI, "640028", "96 97", "640c28"),
        (offers.SAFARI, "42c01f", "98 99", "42e01f"),
        (offers.SAFARI, None, "96 97", "640c1f"),
        (offers.PION, "42c01f", "125 107", "42e01f"),
        (offers.PION, "640028", "123 118", "640028"),
    ],
)
def test_the_answer_names_the_offered_h264_its_rtx_and_nothing_else(
    name: str, camera: str | None, payload_types: str, profile_level_id: str
) -> None:
    _, video, *_ = sections(answer_by_aiortc(name, camera))
    h264, rtx = payload_types.split()
    assert re.fullmatch(rf"m=video [0-9]+ UDP/TLS/RTP/SAVPF {payload_types}", video[0])
    settings = f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile_level_id}"
    assert [line for line in video if re.match("a=(rtpmap|fmtp|rtcp-fb)", line)] == [
        f"a=rtpmap:{h264} H264/90000",
        f"a=rtcp-fb:{h264} nack",
        f"a=rtcp-fb:{h264} nack pli",
        f"a=fmtp:{h264} {settings}",
        f"a=rtpmap:{rtx} rtx/90000",
        f"a=fmtp:{rtx} apt={h264}",
    ]


def test_who_offers_neither_retransmissions_nor_another_level_gets_neither() -> None:
    _, video = sections(answer_by_aiortc(offers.GSTREAMER, "42c028"))
    assert re.fullmatch("m=video [0-9]+ UDP/TLS/RTP/SAVPF 96", video[0])
    assert [line for line in video if re.match("a=(rtpmap|fmtp|rtcp-fb|mid)", line)] == [
        "a=mid:video0",
        "a=rtpmap:96 H264/90000",
        "a=rtcp-fb:96 nack pli",
        "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f",
    ]


@pytest.mark.parametrize(
    ("offered", "answered"),
    [("actpass", "passive"), ("active", "passive"), ("passive", "active")],
)
def test_the_dtls_roles_fit_together(offered: str, answered: str) -> None:
    offer = offers.load(offers.CHROMIUM).replace("a=setup:actpass", f"a=setup:{offered}")
    _, video = sections(answer_by_aiortc_to(offer, None))
    assert f"a=setup:{answered}" in video


@pytest.mark.parametrize("direction", ["recvonly", "sendrecv"])
def test_the_answer_sends_and_does_not_receive(direction: str) -> None:
    offer = offers.load(offers.CHROMIUM).replace("a=recvonly", f"a={direction}")
    _, video = sections(answer_by_aiortc_to(offer, None))
    assert [line for line in video if line in ("a=sendonly", "a=sendrecv")] == ["a=sendonly"]


def test_of_several_video_sections_the_first_that_receives_h264_is_taken() -> None:
    session, video = sections(offers.load(offers.CHROMIUM))
    others = [
        [line.replace("a=recvonly", "a=sendonly") for line in video],
        [line.replace("H264", "H265") for line in video],
        video,
        video,
    ]
    numbered = [
        line.replace("a=mid:0", f"a=mid:{mid}")
        for mid, lines in enumerate(others)
        for line in lines
    ]
    session = [line.replace("a=group:BUNDLE 0", "a=group:BUNDLE 0 1 2 3") for line in session]
    answer = answer_by_aiortc_to("\r\n".join([*session, *numbered]) + "\r\n", None)
    assert "a=group:BUNDLE 0 2" in answer.splitlines()
    _, first, second, third, fourth = sections(answer)
    assert "a=inactive" in first  # it carries the transport
    assert "a=sendonly" in third
    for refused in (second, fourth):
        assert refused[0].startswith("m=video 0 ")


def test_an_ice_lite_peer_is_the_controlled_one() -> None:
    offer = offers.load(offers.CHROMIUM).replace("s=-", "s=-\r\na=ice-lite", 1)
    text = offer_for_aiortc(parse_offer(offer), parse_offer(offer).h264_formats[0])

    async def is_controlling() -> bool:
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        sender = connection.addTransceiver("video", direction="sendonly").sender
        await connection.setRemoteDescription(RTCSessionDescription(text, "offer"))
        await connection.setLocalDescription()
        role = sender.transport.transport.role
        await connection.close()
        return role == "controlling"

    assert asyncio.run(is_controlling())


def test_a_section_that_is_not_wanted_is_refused_in_its_place() -> None:
    _, _, video, data = sections(answer_by_aiortc(offers.CHROMIUM_AUDIO_FIRST, "42c01f"))
    assert data[0] == "m=application 0 UDP/DTLS/SCTP webrtc-datachannel"
    assert "a=mid:2" in data
    assert "a=sendonly" in video
    assert "a=setup:passive" in video


def test_the_first_section_of_a_bundle_stays_to_carry_the_transport() -> None:
    session, audio, video, _ = sections(answer_by_aiortc(offers.CHROMIUM_AUDIO_FIRST, "42c01f"))
    assert "a=group:BUNDLE 0 1" in session
    assert re.fullmatch("m=audio [1-9][0-9]* UDP/TLS/RTP/SAVPF 111", audio[0])
    assert "a=inactive" in audio
    assert "a=rtpmap:111 opus/48000/2" in audio
    for name in ("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:"):
        carried = [line for line in audio if line.startswith(name)]
        assert carried
        assert carried == [line for line in video if line.startswith(name)]


def test_a_data_channel_in_front_of_the_bundle_stays_too() -> None:
    session, _, video, data = sections(offers.load(offers.CHROMIUM_AUDIO_FIRST))
    session[4] = "a=group:BUNDLE 2 1"
    offer = parse_offer("\r\n".join([*session, *data, *video]))
    chosen = choose_format(offer.h264_formats, None)
    answer = "v=0\r\nm=video 5 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=ice-ufrag:abcd\r\n"
    _, answered, _ = sections(answer_from_aiortc(answer, offer, chosen, "42e01f"))
    assert answered[0] == "m=application 5 UDP/DTLS/SCTP webrtc-datachannel"
    assert "a=ice-ufrag:abcd" in answered
    assert "a=sctp-port:5000" in answered


def test_an_answer_can_be_read_again() -> None:
    parsed = SessionDescription.parse(answer_by_aiortc(offers.CHROMIUM_AUDIO_FIRST, None))
    assert [media.kind for media in parsed.media] == ["audio", "video", "application"]
    assert parsed.media[1].rtp.codecs[0].mimeType == "video/H264"


def test_an_offer_without_a_bundle_gets_an_answer_without_one() -> None:
    offer = parse_offer(offers.load(offers.CHROMIUM).replace("a=group:BUNDLE 0\r\n", ""))
    chosen = choose_format(offer.h264_formats, None)
    answer = "v=0\r\na=group:BUNDLE 0\r\nm=video 5 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:0\r\n"
    assert "BUNDLE" not in answer_from_aiortc(answer, offer, chosen, "42e01f")


def test_local_names_and_the_end_of_candidates_do_not_reach_aiortc() -> None:
    offer = parse_offer(offers.load(offers.FIREFOX_WITHOUT_H264))
    (chosen, *_) = parse_offer(offers.load(offers.CHROMIUM)).h264_formats
    text = offer_for_aiortc(offer, chosen)
    assert ".local" not in text
    assert "end-of-candidates" not in text


def test_the_answer_takes_the_header_extensions_that_are_sent_under_the_offers_numbers() -> None:
    _, video = sections(answer_by_aiortc(offers.CHROMIUM, "42c01f"))
    extensions = {line for line in video if line.startswith("a=extmap:")}
    assert "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay" in extensions
    assert not any("abs-capture-time" in line for line in extensions), "it was not asked for"
    assert not any("transport-wide-cc" in line for line in extensions), "nobody would send it"
