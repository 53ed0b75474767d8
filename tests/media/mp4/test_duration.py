"""How long a file is, by whatever program wrote it."""

from __future__ import annotations

import random
import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pet_stream.errors import BitstreamError
from pet_stream.media.mp4.boxes import Box, boxes, top_boxes
from pet_stream.media.mp4.reading import read_summary

FPS = 25
PICTURES = 60
SECONDS = PICTURES / FPS
FRAGMENTED = [
    "frag_keyframe+empty_moov",
    "frag_keyframe+empty_moov+default_base_moof",
    "frag_keyframe+empty_moov+omit_tfhd_offset",
    "frag_keyframe+empty_moov+separate_moof",
    "frag_keyframe+empty_moov+negative_cts_offsets",
    "frag_keyframe",
    "frag_keyframe+delay_moov",
    "frag_every_frame+empty_moov",
    "dash+frag_keyframe",
    "dash+frag_keyframe+global_sidx",
    "cmaf+frag_keyframe",
]


def film(path: Path, movflags: str, *, sound: bool = False) -> bytes:
    """A file of FFmpeg's muxer, of `SECONDS`."""
    options = {"movflags": movflags} if movflags else {}
    with av.open(str(path), "w", format="mp4", options=options) as file:
        video = file.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        video.options = {"x264-params": "bframes=0:keyint=10:min-keyint=10:scenecut=0:log=-1"}
        if sound:
            audio = file.add_stream("aac", rate=48_000)
            audio.layout = "mono"
            samples = int((SECONDS + 3) * 48_000)  # longer than the pictures
            for at in range(0, samples, 1024):
                sound_frame = av.AudioFrame("fltp", "mono", 1024)
                sound_frame.planes[0].update(bytes(sound_frame.planes[0].buffer_size))
                sound_frame.rate, sound_frame.pts = 48_000, at
                sound_frame.time_base = Fraction(1, 48_000)
                file.mux(audio.encode(sound_frame))
        for number in range(PICTURES):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        if sound:
            file.mux(audio.encode(None))
    return path.read_bytes()


def duration_s(data: bytes) -> float | None:
    return read_summary(lambda at, size: data[at : at + size], len(data)).duration_s


def find(data: bytes, *path: bytes) -> Box:
    """The box at the end of `path`, from the outermost box inwards."""
    found: Box | None = None
    for kind in path:
        start, end = (0, len(data)) if found is None else (found.payload, found.end)
        inner = boxes(lambda at, size: data[at : at + size], start, end)
        found = next(box for box in inner if box.kind == kind)
    assert found is not None
    return found


def patched(data: bytes, box: Box, offset: int, value: bytes) -> bytes:
    at = box.payload + offset
    return data[:at] + value + data[at + len(value) :]


@pytest.mark.parametrize("sound", [False, True])
@pytest.mark.parametrize("movflags", FRAGMENTED)
def test_a_fragmented_file_is_as_long_as_its_pictures(
    tmp_path: Path, movflags: str, sound: bool
) -> None:
    data = film(tmp_path / "a.mp4", movflags, sound=sound)
    assert duration_s(data) == pytest.approx(SECONDS, abs=1.5 / FPS)


def test_a_fragmented_file_need_not_begin_at_0(tmp_path: Path) -> None:
    data = film(tmp_path / "a.mp4", "frag_keyframe+empty_moov")
    parts = data.split(b"tfdt\1\0\0\0")
    later = [struct.pack(">Q", int.from_bytes(part[:8], "big") + 2**33) for part in parts[1:]]
    shifted = [start + part[8:] for start, part in zip(later, parts[1:], strict=True)]
    data = b"tfdt\1\0\0\0".join([parts[0], *shifted])
    assert duration_s(data) == pytest.approx(SECONDS, abs=1.5 / FPS)


@pytest.mark.parametrize("movflags", FRAGMENTED)
def test_a_file_that_breaks_off_is_shorter_or_unknown_but_never_0(
    tmp_path: Path, movflags: str
) -> None:
    data = film(tmp_path / "a.mp4", movflags)
    longest_s = 0.0
    for size in range(0, len(data), 101):
        try:
            found_s = duration_s(data[:size])
        except BitstreamError:
            continue
        if found_s is not None:
            assert longest_s <= found_s <= SECONDS + 0.1
            longest_s = found_s
            assert found_s > 0
    assert longest_s > SECONDS / 2


def test_without_times_in_its_fragments_the_length_is_unknown(tmp_path: Path) -> None:
    data = film(tmp_path / "a.mp4", "frag_keyframe+empty_moov")
    assert duration_s(data.replace(b"tfdt", b"free")) is None
    assert duration_s(data.replace(b"trun", b"free")) is None


def test_a_fragmented_file_without_a_fragment_has_an_unknown_length(tmp_path: Path) -> None:
    data = film(tmp_path / "a.mp4", "frag_keyframe+empty_moov")
    assert duration_s(data[: find(data, b"moov").end]) is None


@pytest.mark.parametrize("movflags", ["", "faststart"])
def test_a_complete_file_whose_header_says_0_or_unknown_is_as_long_as_its_index(
    tmp_path: Path, movflags: str
) -> None:
    data = film(tmp_path / "a.mp4", movflags)
    mdhd = find(data, b"moov", b"trak", b"mdia", b"mdhd")
    for value in (0, 0xFFFFFFFF):
        changed = patched(data, mdhd, 16, struct.pack(">I", value))
        assert duration_s(changed) == pytest.approx(SECONDS, abs=0.05)
        assert duration_s(changed.replace(b"stts", b"free")) is None


def test_boxes_of_64_bits_are_read(tmp_path: Path) -> None:
    data = film(tmp_path / "a.mp4", "frag_keyframe+empty_moov")
    wide = b""
    for box in top_boxes(lambda at, size: data[at : at + size], len(data)):
        payload = data[box.payload : box.end]
        wide += struct.pack(">I4sQ", 1, box.kind, 16 + len(payload)) + payload
    assert duration_s(wide) == pytest.approx(SECONDS, abs=1.5 / FPS)


def test_a_file_without_h264_is_no_film(tmp_path: Path) -> None:
    data = film(tmp_path / "a.mp4", "frag_keyframe+empty_moov", sound=True)
    with pytest.raises(BitstreamError, match="no H"):
        duration_s(data.replace(b"avc1", b"hvc1"))


def test_damage_gives_a_length_or_none_or_a_refusal(tmp_path: Path) -> None:
    data = film(tmp_path / "a.mp4", "frag_keyframe+empty_moov", sound=True)
    chance = random.Random(1)
    moofs = [
        box
        for box in top_boxes(lambda at, size: data[at : at + size], len(data))
        if box.kind in (b"moov", b"moof")
    ]
    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            box = chance.choice(moofs)
            damaged[chance.randrange(box.start, box.end)] = chance.randrange(256)
        try:
            found_s = duration_s(bytes(damaged))
        except BitstreamError:
            continue
        assert found_s is None or found_s > 0


def test_of_a_long_file_only_the_sizes_of_its_boxes_are_read(tmp_path: Path) -> None:
    data = film(tmp_path / "a.mp4", "frag_keyframe+empty_moov")
    moov = find(data, b"moov")
    fragments = data[moov.end :] * 500
    data = data[: moov.end] + fragments
    read_bytes = 0

    def read_at(offset: int, size: int) -> bytes:
        nonlocal read_bytes
        read_bytes += len(found := data[offset : offset + size])
        return found

    assert read_summary(read_at, len(data)).duration_s == pytest.approx(SECONDS, abs=0.1)
    boxes_in_it = sum(1 for _ in top_boxes(lambda at, size: data[at : at + size], len(data)))
    assert read_bytes < 2 * 16 * boxes_in_it + 10_000
