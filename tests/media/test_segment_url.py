from __future__ import annotations

import pytest

from pet_stream.media.segment_url import parse_segment_url


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("/pet_camera_stream", "posix:/pet_camera_stream"),
        ("pet_camera_stream", "posix:/pet_camera_stream"),
        ("posix:/pet_camera_stream", "posix:/pet_camera_stream"),
        ("sysv:0x50455443", "sysv:0x50455443"),
        ("sysv:1346720835", "sysv:0x50455443"),
    ],
)
def test_a_url_has_one_canonical_form(url: str, canonical: str) -> None:
    assert parse_segment_url(url) == canonical
    assert parse_segment_url(canonical) == canonical


@pytest.mark.parametrize(
    "url",
    [
        *("/", "posix:", "posix:/a/b", "../shadow", "/..", "sysv:", "sysv:0", "sysv:-1"),
        *("sysv:camera", "sysv:0x80000000", "http://camera/", "", "a\0b", "/" + 300 * "x"),
    ],
)
def test_what_is_not_a_url_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        parse_segment_url(url)
