from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pet_stream.errors import BitstreamError
from pet_stream.media.h264.parameter_sets import parse_pps, parse_sps
from tests.media.syntax import HIGH_PROFILES, BitWriter, Cropping, Hrd, Sps, Vui, nal_unit, pps

BYTE = st.integers(0, 255)
# Deltas that never bring nextScale to 0, so that each list is written whole (7.3.2.1.1.1).
FULL_LISTS = st.lists(st.none() | st.integers(0, 2), min_size=12, max_size=12)
HRDS = st.lists(
    st.tuples(st.integers(0, 2**32 - 2), st.integers(0, 2**32 - 2)), min_size=1, max_size=32
).map(lambda values: Hrd(tuple(values)))
VUIS = st.builds(
    Vui,
    aspect_ratio=st.just(()) | st.tuples(st.integers(0, 254)) | st.just((255, 4, 3)),
    overscan=st.none() | st.booleans(),
    colours=st.none() | st.just(()) | st.tuples(BYTE, BYTE, BYTE),
    chroma_location=st.none() | st.tuples(st.integers(0, 5), st.integers(0, 5)),
    timing=st.none() | st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
    nal_hrd=st.none() | HRDS,
    vcl_hrd=st.none() | HRDS,
    max_num_reorder_frames=st.none() | st.integers(0, 16),
)


@st.composite
def sequence_parameter_sets(draw: st.DrawFn) -> Sps:
    profile_idc = draw(st.sampled_from([66, 77, 88, *HIGH_PROFILES]))
    chroma = draw(st.integers(0, 3)) if profile_idc in HIGH_PROFILES else 1
    scaling = None
    if profile_idc in HIGH_PROFILES and draw(st.booleans()):
        count = 12 if chroma == 3 else 8
        scaling = tuple(
            None if delta is None else ((delta,) + (0,) * (15 if index < 6 else 63))
            for index, delta in enumerate(draw(FULL_LISTS)[:count])
        )
    return Sps(
        sps_id=draw(st.integers(0, 31)),
        profile_idc=profile_idc,
        constraint_flags=draw(BYTE),
        level_idc=draw(BYTE),
        chroma_format_idc=chroma,
        separate_colour_plane=chroma == 3 and draw(st.booleans()),
        scaling_lists=scaling,
        log2_max_frame_num=draw(st.integers(4, 16)),
        poc_type=draw(st.integers(0, 2)),
        poc_offsets=tuple(draw(st.lists(st.integers(-(2**31) + 1, 2**31 - 1), max_size=255))),
        gaps_allowed=draw(st.booleans()),
        width_mbs=draw(st.integers(1, 1055)),
        height_map_units=draw(st.integers(1, 1055)),
        frame_mbs_only=draw(st.booleans()),
        cropping=draw(st.none() | st.builds(Cropping, *[st.integers(0, 1)] * 4)),
        vui=draw(st.none() | VUIS),
    )


@given(sequence_parameter_sets())
def test_reads_any_legal_sps(written: Sps) -> None:
    sps = parse_sps(written.nal_unit())
    assert (sps.profile_idc, sps.constraint_flags, sps.level_idc) == (
        written.profile_idc,
        written.constraint_flags,
        written.level_idc,
    )
    assert sps.seq_parameter_set_id == written.sps_id
    assert sps.log2_max_frame_num == written.log2_max_frame_num
    assert sps.gaps_in_frame_num_allowed == written.gaps_allowed
    assert sps.frame_mbs_only == written.frame_mbs_only
    assert sps.separate_colour_plane == written.separate_colour_plane
    assert 0 < sps.width <= 16 * written.width_mbs
    assert 0 < sps.height <= 32 * written.height_map_units
    assert sps.max_num_reorder_frames == (
        written.vui.max_num_reorder_frames if written.vui else None
    )


@given(sequence_parameter_sets(), st.data())
def test_an_sps_cut_off_in_the_vui_keeps_the_rest(written: Sps, data: st.DataObject) -> None:
    out, vui_at = written.write()
    rbsp = out.rbsp()
    cut = data.draw(st.integers(0, len(rbsp) - 1))
    whole = parse_sps(nal_unit(7, rbsp))
    if 8 * cut < vui_at:
        with pytest.raises(BitstreamError):
            parse_sps(nal_unit(7, rbsp[:cut]))
    else:
        sps = parse_sps(nal_unit(7, rbsp[:cut]))
        assert sps.max_num_reorder_frames in (None, whole.max_num_reorder_frames)
        assert dataclasses.replace(sps, max_num_reorder_frames=None) == dataclasses.replace(
            whole, max_num_reorder_frames=None
        )


CROPPED = Cropping(left=1, right=2, top=3, bottom=4)


@pytest.mark.parametrize(
    ("sps", "width", "height"),
    [
        (Sps(), 320, 240),
        (Sps(width_mbs=120, height_map_units=68, cropping=Cropping(bottom=4)), 1920, 1080),
        (Sps(cropping=CROPPED), 320 - 2 * 3, 240 - 2 * 7),
        (Sps(frame_mbs_only=False), 320, 480),
        (Sps(frame_mbs_only=False, cropping=CROPPED), 320 - 2 * 3, 480 - 4 * 7),
        (
            Sps(height_map_units=34, frame_mbs_only=False, cropping=Cropping(bottom=2)),
            320,
            1080,
        ),
        (Sps(profile_idc=100, chroma_format_idc=0, cropping=CROPPED), 320 - 3, 240 - 7),
        (Sps(profile_idc=122, chroma_format_idc=2, cropping=CROPPED), 320 - 2 * 3, 240 - 7),
        (Sps(profile_idc=244, chroma_format_idc=3, cropping=CROPPED), 320 - 3, 240 - 7),
        (
            Sps(
                profile_idc=244,
                chroma_format_idc=3,
                separate_colour_plane=True,
                frame_mbs_only=False,
                cropping=CROPPED,
            ),
            320 - 3,
            480 - 2 * 7,
        ),
    ],
)
def test_cropping_counts_in_chroma_samples_and_field_lines(
    sps: Sps, width: int, height: int
) -> None:
    """H.264 equations 7-19 to 7-22."""
    parsed = parse_sps(sps.nal_unit())
    assert (parsed.width, parsed.height) == (width, height)


@pytest.mark.parametrize(
    "deltas",
    [
        (-8,),  # nextScale 0 at once: the default list, nothing more is written
        (1, -9),
        (0,) * 16,
        (127, 127, 2 - 8, 0) + (0,) * 12,  # the scale goes round modulo 256
        (-128, -8) + (0,) * 14,
    ],
)
def test_a_scaling_list_ends_where_its_scale_becomes_zero(deltas: tuple[int, ...]) -> None:
    scale, written = 8, []
    for delta in deltas:
        written.append(delta)
        scale = (scale + delta) % 256
        if scale == 0:
            break
    sps = Sps(profile_idc=100, scaling_lists=(tuple(written), *[None] * 7), width_mbs=45)
    assert parse_sps(sps.nal_unit()).width == 720


@pytest.mark.parametrize(
    ("sps", "reason"),
    [
        (Sps(sps_id=32), "seq_parameter_set_id is 32"),
        (Sps(log2_max_frame_num=17), "log2_max_frame_num_minus4 is 13"),
        (Sps(poc_type=3), "pic_order_cnt_type is 3"),
        (Sps(width_mbs=1056), "pic_width_in_mbs_minus1"),
        (Sps(height_map_units=2**31), "pic_height_in_map_units_minus1"),
        (Sps(cropping=Cropping(left=160)), "Cropping"),
        (Sps(cropping=Cropping(top=60, bottom=60)), "Cropping"),
        (Sps(cropping=Cropping(right=2**32 - 2)), "Cropping"),
        (Sps(profile_idc=100, chroma_format_idc=4), "chroma_format_idc is 4"),
        (Sps(poc_type=1, poc_offsets=(0,) * 256), "num_ref_frames"),
    ],
)
def test_refuses_an_sps_out_of_range(sps: Sps, reason: str) -> None:
    with pytest.raises(BitstreamError, match=reason):
        parse_sps(sps.nal_unit())


@pytest.mark.parametrize("vui", [Vui(max_num_reorder_frames=17), Vui(nal_hrd=Hrd(((1, 1),) * 33))])
def test_a_wrong_vui_says_nothing(vui: Vui) -> None:
    assert parse_sps(Sps(vui=vui).nal_unit()).max_num_reorder_frames is None


def test_reads_the_longest_legal_sps_to_its_end() -> None:
    lowest = -(2**31) + 1
    hrd = Hrd(((2**32 - 2, 2**32 - 2),) * 32)
    sps = Sps(
        profile_idc=244,
        chroma_format_idc=3,
        scaling_lists=tuple(((-127, 127) * 32)[: 16 if i < 6 else 64] for i in range(12)),
        poc_type=1,
        poc_offsets=(lowest,) * 255,
        vui=Vui(nal_hrd=hrd, vcl_hrd=hrd, max_num_reorder_frames=16),
    )
    assert len(sps.nal_unit()) > 4000
    assert parse_sps(sps.nal_unit()).max_num_reorder_frames == 16


@pytest.mark.parametrize(
    ("profile", "flags", "level", "expected"),
    [(66, 0xC0, 31, "42c01f"), (100, 0, 40, "640028"), (77, 0x40, 9, "4d4009")],
)
def test_profile_level_id(profile: int, flags: int, level: int, expected: str) -> None:
    sps = Sps(profile_idc=profile, constraint_flags=flags, level_idc=level)
    assert parse_sps(sps.nal_unit()).profile_level_id == expected


@given(st.integers(0, 255), st.integers(0, 31))
def test_reads_both_ids_of_a_pps(pps_id: int, sps_id: int) -> None:
    parsed = parse_pps(pps(pps_id, sps_id))
    assert (parsed.pic_parameter_set_id, parsed.seq_parameter_set_id) == (pps_id, sps_id)


@given(st.integers(-62, 25), st.integers(1, 8))
def test_reads_the_rest_of_a_pps_only_to_know_that_it_is_there(qp: int, slice_groups: int) -> None:
    whole = pps(255, 31, init_qp=qp, slice_groups=slice_groups)
    assert parse_pps(whole).pic_parameter_set_id == 255
    if slice_groups == 1:
        for size in range(1, len(whole) - 1):  # the last byte may be nothing but the stop bit
            with pytest.raises(BitstreamError):
                parse_pps(whole[:size])


WEIGHTED = BitWriter().ue(0).ue(0).u(2, 0).ue(0).ue(0).ue(0).u(3, 3).se(0).se(0).se(0).u(3, 0)
REFERENCES = BitWriter().ue(0).ue(0).u(2, 0).ue(0).ue(32).ue(0).u(3, 0).se(0).se(0).se(0).u(3, 0)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\x68",
        b"\x68\0\0\0\0\0",
        pps(256, 0),
        pps(0, 32),
        pps(slice_groups=9),
        nal_unit(8, WEIGHTED.rbsp()),
        nal_unit(8, REFERENCES.rbsp()),
        pps() + bytes([1]) * 9000,
    ],
)
def test_refuses_a_broken_pps(broken: bytes) -> None:
    with pytest.raises(BitstreamError):
        parse_pps(broken)


@pytest.mark.parametrize("other", [b"", b"\x65\x88\x84", b"\x41\x9a\x24", b"\x09\x10"])
def test_refuses_nal_units_of_another_type(other: bytes) -> None:
    with pytest.raises(BitstreamError):
        parse_sps(other)
    with pytest.raises(BitstreamError):
        parse_pps(other)
    with pytest.raises(BitstreamError):
        parse_sps(pps())
    with pytest.raises(BitstreamError):
        parse_pps(Sps().nal_unit())
