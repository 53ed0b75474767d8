"""SPS values of cameras of several kinds."""

from __future__ import annotations

from pet_stream.media.h264 import SequenceParameterSet


def sps(profile_level_id: str) -> SequenceParameterSet:
    profile_idc, constraint_flags, level_idc = bytes.fromhex(profile_level_id)
    return SequenceParameterSet(
        seq_parameter_set_id=0,
        profile_idc=profile_idc,
        constraint_flags=constraint_flags,
        level_idc=level_idc,
        width=1280,
        height=720,
        log2_max_frame_num=4,
        frame_mbs_only=True,
        separate_colour_plane=False,
        gaps_in_frame_num_allowed=False,
        max_num_reorder_frames=0,
    )
