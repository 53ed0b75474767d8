"""Sequence and picture parameter sets, parsed (H.264 7.3.2.1 and 7.3.2.2)."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import BitstreamError
from .bits import BitReader, unescape
from .nal_unit import NalUnitType, nal_unit_type

MAX_SPS_ID = 31
MAX_PPS_ID = 255
_MAX_SIDE_MBS = 1055  # of a picture at level 6.2: Sqrt(MaxFS * 8) (A.3.1)
_MAX_BYTES = 8192  # longer than any legal one that browsers decode: bounds work and memory
_MAX_PPS_START_BYTES = 20  # the elements below take 12 bytes at most, 17 with emulation prevention

# The profiles whose SPS speaks of chroma format, bit depth and scaling lists (7.3.2.1.1).
_PROFILES_WITH_CHROMA_FORMAT = frozenset(
    {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}
)
_BASELINE = 66
_EXTENDED_SAR = 255


@dataclass(frozen=True, slots=True)
class SequenceParameterSet:
    seq_parameter_set_id: int
    profile_idc: int
    constraint_flags: int
    """The byte between profile and level: constraint_set0_flag is its highest bit."""
    level_idc: int
    width: int
    """Pixels, cropped."""
    height: int
    log2_max_frame_num: int
    frame_mbs_only: bool
    separate_colour_plane: bool
    gaps_in_frame_num_allowed: bool
    max_num_reorder_frames: int | None
    """From the VUI; None: not given, so pictures may be reordered unless the profile forbids it."""
    pic_order_cnt_type: int = 2
    log2_max_pic_order_cnt_lsb: int = 0
    """0 unless `pic_order_cnt_type` is 0."""
    may_reorder: bool = False
    """Whether pictures may be shown in another order than that of decoding, as far as the order can
    be told (`display_order`): Baseline has no B pictures."""

    @property
    def profile_level_id(self) -> str:
        """Six hexadecimal digits, such as "42c01f" (RFC 6184 section 8.1)."""
        return f"{self.profile_idc:02x}{self.constraint_flags:02x}{self.level_idc:02x}"


@dataclass(frozen=True, slots=True)
class PictureParameterSet:
    pic_parameter_set_id: int
    seq_parameter_set_id: int


def parse_pps(nal_unit: bytes) -> PictureParameterSet:
    """Parse a picture parameter set up to redundant_pic_cnt_present_flag, or up to the map of its
    slice groups, which no browser decodes. Raises BitstreamError if that much breaks H.264
    7.3.2.2."""
    if nal_unit_type(nal_unit) != NalUnitType.PPS:
        raise BitstreamError("Not a picture parameter set")
    _check_length(nal_unit)
    reader = BitReader(unescape(nal_unit[1:_MAX_PPS_START_BYTES]))
    pps = PictureParameterSet(
        pic_parameter_set_id=reader.ue_up_to(MAX_PPS_ID, "pic_parameter_set_id"),
        seq_parameter_set_id=reader.ue_up_to(MAX_SPS_ID, "seq_parameter_set_id"),
    )
    reader.u(2)  # entropy_coding_mode_flag, bottom_field_pic_order_in_frame_present_flag
    if reader.ue_up_to(7, "num_slice_groups_minus1"):
        return pps
    reader.ue_up_to(31, "num_ref_idx_l0_default_active_minus1")
    reader.ue_up_to(31, "num_ref_idx_l1_default_active_minus1")
    reader.flag()  # weighted_pred_flag
    if reader.u(2) == 3:
        raise BitstreamError("weighted_bipred_idc is 3, more than 2")
    reader.se()  # pic_init_qp_minus26
    reader.se()  # pic_init_qs_minus26
    reader.se()  # chroma_qp_index_offset
    # deblocking_filter_control_present_flag, constrained_intra_pred_flag,
    # redundant_pic_cnt_present_flag
    reader.u(3)
    return pps


def parse_sps(nal_unit: bytes) -> SequenceParameterSet:
    """Parse a sequence parameter set. A truncated or malformed VUI is ignored.

    Raises BitstreamError for everything else that breaks H.264 7.3.2.1.1.
    """
    if nal_unit_type(nal_unit) != NalUnitType.SPS:
        raise BitstreamError("Not a sequence parameter set")
    _check_length(nal_unit)
    reader = BitReader(unescape(nal_unit[1:]))
    profile_idc = reader.u(8)
    constraint_flags = reader.u(8)
    level_idc = reader.u(8)
    seq_parameter_set_id = reader.ue_up_to(MAX_SPS_ID, "seq_parameter_set_id")
    chroma_format_idc, separate_colour_plane = 1, False
    if profile_idc in _PROFILES_WITH_CHROMA_FORMAT:
        chroma_format_idc, separate_colour_plane = _read_chroma_format(reader)
    log2_max_frame_num = 4 + reader.ue_up_to(12, "log2_max_frame_num_minus4")
    pic_order_cnt_type, log2_max_pic_order_cnt_lsb = _read_picture_order_count(reader)
    reader.ue()  # max_num_ref_frames
    gaps_in_frame_num_allowed = reader.flag()
    width, height, frame_mbs_only = _read_picture_size(reader, chroma_format_idc)
    max_num_reorder_frames = _read_max_num_reorder_frames(reader)
    return SequenceParameterSet(
        seq_parameter_set_id=seq_parameter_set_id,
        profile_idc=profile_idc,
        constraint_flags=constraint_flags,
        level_idc=level_idc,
        width=width,
        height=height,
        log2_max_frame_num=log2_max_frame_num,
        frame_mbs_only=frame_mbs_only,
        separate_colour_plane=separate_colour_plane,
        gaps_in_frame_num_allowed=gaps_in_frame_num_allowed,
        max_num_reorder_frames=max_num_reorder_frames,
        pic_order_cnt_type=pic_order_cnt_type,
        log2_max_pic_order_cnt_lsb=log2_max_pic_order_cnt_lsb,
        may_reorder=(
            pic_order_cnt_type == 0 and profile_idc != _BASELINE and max_num_reorder_frames != 0
        ),
    )


def _check_length(nal_unit: bytes) -> None:
    if len(nal_unit) > _MAX_BYTES:
        raise BitstreamError(f"It has {len(nal_unit)} bytes, more than {_MAX_BYTES}")


def _read_chroma_format(reader: BitReader) -> tuple[int, bool]:
    chroma_format_idc = reader.ue_up_to(3, "chroma_format_idc")
    separate_colour_plane = chroma_format_idc == 3 and reader.flag()
    reader.ue_up_to(6, "bit_depth_luma_minus8")
    reader.ue_up_to(6, "bit_depth_chroma_minus8")
    reader.flag()  # qpprime_y_zero_transform_bypass_flag
    if reader.flag():  # seq_scaling_matrix_present_flag
        for index in range(8 if chroma_format_idc != 3 else 12):
            if reader.flag():  # seq_scaling_list_present_flag
                _skip_scaling_list(reader, 16 if index < 6 else 64)
    return chroma_format_idc, separate_colour_plane


def _skip_scaling_list(reader: BitReader, size: int) -> None:
    scale = 8
    for _ in range(size):
        scale = (scale + reader.se()) & 0xFF
        if scale == 0:  # the rest repeats the last value
            return


def _read_picture_order_count(reader: BitReader) -> tuple[int, int]:
    """Returns pic_order_cnt_type and the length of pic_order_cnt_lsb, 0 if there is none."""
    pic_order_cnt_type = reader.ue_up_to(2, "pic_order_cnt_type")
    if pic_order_cnt_type == 0:
        return 0, 4 + reader.ue_up_to(12, "log2_max_pic_order_cnt_lsb_minus4")
    if pic_order_cnt_type == 1:
        reader.flag()  # delta_pic_order_always_zero_flag
        reader.se()  # offset_for_non_ref_pic
        reader.se()  # offset_for_top_to_bottom_field
        for _ in range(reader.ue_up_to(255, "num_ref_frames_in_pic_order_cnt_cycle")):
            reader.se()
    return pic_order_cnt_type, 0


def _read_picture_size(reader: BitReader, chroma_format_idc: int) -> tuple[int, int, bool]:
    """Width and height in pixels, cropped, and frame_mbs_only_flag."""
    width_mbs = 1 + reader.ue_up_to(_MAX_SIDE_MBS - 1, "pic_width_in_mbs_minus1")
    height_map_units = 1 + reader.ue_up_to(_MAX_SIDE_MBS - 1, "pic_height_in_map_units_minus1")
    frame_mbs_only = reader.flag()
    if not frame_mbs_only:
        reader.flag()  # mb_adaptive_frame_field_flag
    reader.flag()  # direct_8x8_inference_flag
    # Cropping counts in chroma samples, and in those of a field where there are fields (7-19..22).
    map_unit_frames = 1 if frame_mbs_only else 2
    crop_unit_x = 2 if chroma_format_idc in (1, 2) else 1
    crop_unit_y = 2 if chroma_format_idc == 1 else 1
    crop_x, crop_y = _read_cropping(reader)
    width = 16 * width_mbs - crop_unit_x * crop_x
    height = map_unit_frames * (16 * height_map_units - crop_unit_y * crop_y)
    if width <= 0 or height <= 0:
        raise BitstreamError("Cropping leaves nothing of the picture")
    return width, height, frame_mbs_only


def _read_cropping(reader: BitReader) -> tuple[int, int]:
    """Returns what is cropped left and right together, and top and bottom, in crop units."""
    if not reader.flag():
        return 0, 0
    left, right, top, bottom = (reader.ue() for _ in range(4))
    return left + right, top + bottom


def _read_max_num_reorder_frames(reader: BitReader) -> int | None:
    try:
        if not reader.flag():  # vui_parameters_present_flag
            return None
        _skip_vui_up_to_bitstream_restriction(reader)
        if not reader.flag():  # bitstream_restriction_flag
            return None
        reader.flag()  # motion_vectors_over_pic_boundaries_flag
        for _ in range(4):  # bytes per picture, bits per macroblock, two lengths of vectors
            reader.ue()
        return reader.ue_up_to(16, "max_num_reorder_frames")
    except BitstreamError:
        return None  # some encoders cut the VUI short; players accept that


def _skip_vui_up_to_bitstream_restriction(reader: BitReader) -> None:
    """VUI parameters (H.264 E.1.1)."""
    if reader.flag() and reader.u(8) == _EXTENDED_SAR:  # aspect_ratio_info_present_flag
        reader.u(32)  # sar_width, sar_height
    if reader.flag():  # overscan_info_present_flag
        reader.flag()
    if reader.flag():  # video_signal_type_present_flag
        reader.u(4)  # video_format, video_full_range_flag
        if reader.flag():  # colour_description_present_flag
            reader.u(24)
    if reader.flag():  # chroma_loc_info_present_flag
        reader.ue()
        reader.ue()
    if reader.flag():  # timing_info_present_flag
        reader.u(65)  # num_units_in_tick, time_scale, fixed_frame_rate_flag
    has_nal_hrd = reader.flag()
    if has_nal_hrd:
        _skip_hrd(reader)
    has_vcl_hrd = reader.flag()
    if has_vcl_hrd:
        _skip_hrd(reader)
    if has_nal_hrd or has_vcl_hrd:
        reader.flag()  # low_delay_hrd_flag
    reader.flag()  # pic_struct_present_flag


def _skip_hrd(reader: BitReader) -> None:
    """HRD parameters (H.264 E.1.2)."""
    cpb_count = 1 + reader.ue_up_to(31, "cpb_cnt_minus1")
    reader.u(8)  # bit_rate_scale, cpb_size_scale
    for _ in range(cpb_count):
        reader.ue()
        reader.ue()
        reader.flag()
    reader.u(20)  # four lengths of 5 bits
