from __future__ import annotations

import pytest

from pet_stream.errors import BadCandidate
from pet_stream.webrtc.signaling.fragment import MAX_LINES, parse_fragment

CREDENTIALS = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
HOST = "1 1 udp 1 192.0.2.1 61764 typ host"


def test_each_candidate_belongs_to_the_section_above_it() -> None:
    text = (
        f"a=candidate:{HOST}\r\nm=audio 9 RTP/AVP 0\r\na=mid:a\r\na=candidate:{HOST} 1\r\n"
        f"m=video 9 RTP/AVP 0\r\na=candidate:{HOST} 2\r\na=mid:v\r\na=candidate:{HOST} 3\r\n"
    )
    assert parse_fragment(text).candidates == (
        (None, HOST),
        ("a", f"{HOST} 1"),
        ("", f"{HOST} 2"),
        ("v", f"{HOST} 3"),
    )


@pytest.mark.parametrize(
    ("text", "is_same"),
    [
        (CREDENTIALS, True),
        ("a=end-of-candidates\n", True),
        (f"m=video 9 x 0\n{CREDENTIALS}m=audio 9 x 0\n{CREDENTIALS}", True),
        (f"{CREDENTIALS}m=video 9 x 0\na=ice-ufrag:ysXw\n", False),
        (CREDENTIALS.replace("EsAw", "ysXw"), False),
        (CREDENTIALS.replace("P2uY", "vw5L"), False),
    ],
)
def test_other_credentials_begin_ice_anew(text: str, is_same: bool) -> None:
    fragment = parse_fragment(text)
    assert fragment.is_of("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1") is is_same


@pytest.mark.parametrize(
    "text", ["", "\r\n\n", "x", "a:b", f"{HOST}\r\n", "a=x\n" * (MAX_LINES + 1)]
)
def test_what_is_no_fragment_is_refused(text: str) -> None:
    with pytest.raises(BadCandidate):
        parse_fragment(text)
