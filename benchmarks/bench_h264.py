"""What splitting and judging a picture costs, next to plain Python doing the same split.

    python -m benchmarks.bench_h264

Needs nothing but the package; the goal is a split of a 50 kB picture within 20 µs.
"""

from __future__ import annotations

import random
import timeit
from collections.abc import Callable

from pet_stream.media.h264 import ParameterSets, parse_slice_header, split_annex_b
from pet_stream.media.h264.coded_picture import CodedPicture
from pet_stream.media.h264.continuity import ReferenceChain

PICTURE_BYTES = 50_000
REPEATS = 7

# 1280x720, Baseline, as libx264 writes them, and the first bytes of an IDR and a P slice.
SPS = bytes.fromhex("6742c01fda014016e840000003004000000f03c60ca8")
PPS = bytes.fromhex("68ce3c80")
IDR_SLICE = bytes.fromhex("6588843fe5ca445fa8")
P_SLICE = bytes.fromhex("419a2047c29e5f")


def plain_split(data: bytes) -> list[bytes]:
    """The textbook loop over a zero counter, byte by byte."""
    nal_units = []
    start = None
    zeros = 0
    for position, byte in enumerate(data):
        if byte == 0:
            zeros += 1
            continue
        if byte == 1 and zeros >= 2:
            if start is not None:
                nal_units.append(data[start : position - zeros])
            start = position + 1
        zeros = 0
    if start is not None:
        nal_units.append(data[start : len(data) - zeros])
    return nal_units


def payload(size: int, seed: int) -> bytes:
    """Random slice data with emulation prevention, as entropy coding leaves it."""
    data = random.Random(seed).randbytes(size)
    for byte in (0, 1, 2, 3):
        data = data.replace(bytes((0, 0, byte)), bytes((0, 0, 3, byte)))
    return data + b"\x80"


def report(name: str, function: Callable[[], object], number: int, note: str = "") -> float:
    """Print and return the best of a few runs, in µs per call."""
    best_us = min(timeit.repeat(function, number=number, repeat=REPEATS)) / number * 1e6
    print(f"{name:<44}{best_us:10.1f} µs  {note}".rstrip())
    return best_us


def measure_split_us() -> float:
    """What `split_annex_b` takes for a picture of 50 kB, µs, best of a few runs."""
    picture = b"\x00\x00\x00\x01" + P_SLICE + payload(PICTURE_BYTES, seed=1)
    return min(timeit.repeat(lambda: split_annex_b(picture), number=500, repeat=REPEATS)) / 500e-6


def main() -> None:
    slice_data = payload(PICTURE_BYTES, seed=1)
    zero_heavy = b"\x00\x00\x03" * (PICTURE_BYTES // 3)
    p_picture = b"\x00\x00\x00\x01" + P_SLICE + slice_data
    idr_picture = b"".join(
        b"\x00\x00\x00\x01" + nal_unit for nal_unit in (SPS, PPS, IDR_SLICE + slice_data)
    )
    worst_picture = b"\x00\x00\x00\x01" + P_SLICE + zero_heavy
    assert list(split_annex_b(idr_picture)) == plain_split(idr_picture)

    print(f"A picture of {PICTURE_BYTES // 1000} kB; best of {REPEATS} runs")
    plain_us = report("split, plain Python", lambda: plain_split(p_picture), 5)
    split_us = report("split_annex_b, P picture", lambda: split_annex_b(p_picture), 500, "goal: 20")
    report(
        "split_annex_b, IDR with SPS and PPS", lambda: split_annex_b(idr_picture), 500, "goal: 20"
    )
    report("split_annex_b, nothing but 00 00 03", lambda: split_annex_b(worst_picture), 500)

    chain = ReferenceChain()
    idr, picture = split_annex_b(idr_picture), split_annex_b(p_picture)
    parameter_sets = ParameterSets().including(idr)
    chain.advance(CodedPicture.parse(idr, parameter_sets))
    coded = CodedPicture.parse(picture, parameter_sets)
    report("parse_slice_header", lambda: parse_slice_header(picture[0], parameter_sets), 5000)
    report("CodedPicture, P picture", lambda: CodedPicture.parse(picture, parameter_sets), 5000)
    report("CodedPicture, IDR", lambda: CodedPicture.parse(idr, parameter_sets), 5000)
    report("ReferenceChain.check, P picture", lambda: chain.check(coded), 5000)
    report("ParameterSets.insert, both missing", lambda: parameter_sets.insert(idr[2:]), 5000)
    print(f"split_annex_b takes 1/{plain_us / split_us:.0f} of plain Python's time")


if __name__ == "__main__":
    main()
