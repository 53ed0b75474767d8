"""The offer of a publication (RFC 9725 section 4.4), and answers to it."""

from __future__ import annotations

import pytest

from pet_stream.errors import InvalidOffer, NoUsableH264
from pet_stream.webrtc.signaling.publication import (
    H264,
    RTX,
    LocalTransport,
    parse_publication_answer,
    publication_offer,
)
from tests.webrtc.sps import sps

TRANSPORT = LocalTransport(
    ice_ufrag="abcd",
    ice_password="p" * 24,
    fingerprints=("sha-256 " + ":".join(["AB"] * 32),),
    candidates=("1 1 udp 2130706431 192.0.2.1 5000 typ host",),
    ssrc=1,
    rtx_ssrc=2,
)


@pytest.fixture
def offer() -> str:
    return publication_offer(TRANSPORT, sps("42e01f"))


def answer_to(offer: str) -> str:
    return offer.replace("a=sendonly", "a=recvonly").replace("a=setup:actpass", "a=setup:passive")


@pytest.mark.parametrize(
    "line",
    [
        "a=group:BUNDLE 0",
        "a=bundle-only",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        "a=setup:actpass",
        "a=sendonly",
        "a=msid:pet-stream camera",
        "a=end-of-candidates",
    ],
)
def test_the_offer_says_what_whip_wants(offer: str, line: str) -> None:
    assert f"\r\n{line}\r\n" in offer


def test_an_answer_names_the_format_and_where_to_send(offer: str) -> None:
    told, h264_format = parse_publication_answer(answer_to(offer))
    assert (told.setup, told.ice_ufrag) == ("passive", "abcd")
    assert (h264_format.payload_type, h264_format.rtx_payload_type) == (H264, RTX)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("m=video 9 ", "m=video 0 ", NoUsableH264),
        (f"SAVPF {H264} {RTX}", f"SAVPF {RTX}", NoUsableH264),
        ("a=setup:passive", "a=setup:actpass", InvalidOffer),
        ("a=recvonly", "a=sendonly", InvalidOffer),
        ("a=fingerprint:", "a=nothing:", InvalidOffer),
        ("v=0", "", InvalidOffer),
    ],
)
def test_an_answer_of_no_use_is_an_error(
    offer: str, old: str, new: str, error: type[Exception]
) -> None:
    assert old in answer_to(offer)
    with pytest.raises(error):
        parse_publication_answer(answer_to(offer).replace(old, new))
