"""Writing H.264 syntax: the counterpart of what the package reads, made from the standard alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class BitWriter:
    def __init__(self) -> None:
        self.bits = ""

    def u(self, bit_count: int, value: int) -> BitWriter:
        assert 0 <= value < 1 << bit_count
        self.bits += f"{value:0{bit_count}b}" if bit_count else ""
        return self

    def flag(self, value: bool) -> BitWriter:
        return self.u(1, int(value))

    def ue(self, value: int) -> BitWriter:
        code = f"{value + 1:b}"
        self.bits += "0" * (len(code) - 1) + code
        return self

    def se(self, value: int) -> BitWriter:
        return self.ue(2 * value - 1 if value > 0 else -2 * value)

    def rbsp(self) -> bytes:
        """The bits with rbsp_trailing_bits (7.3.2.11)."""
        bits = self.bits + "1"
        bits += "0" * (-len(bits) % 8)
        return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def escape(rbsp: bytes) -> bytes:
    """With emulation prevention bytes, as 7.4.1 says; a final zero gets a 0x03 behind it."""
    out = bytearray()
    zeros = 0
    for byte in rbsp:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    if out and out[-1] == 0:
        out.append(3)
    return bytes(out)


def nal_unit(kind: int, rbsp: bytes, ref_idc: int = 3) -> bytes:
    return bytes([ref_idc << 5 | kind]) + escape(rbsp)


HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)


class Cropping(NamedTuple):
    left: int = 0
    right: int = 0
    top: int = 0
    bottom: int = 0


class Hrd(NamedTuple):
    cpb_values: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Vui:
    """None, or no values: the element's present flag is 0."""

    aspect_ratio: tuple[int, ...] = ()
    overscan: bool | None = None
    colours: tuple[int, ...] | None = None
    chroma_location: tuple[int, int] | None = None
    timing: tuple[int, int] | None = None
    nal_hrd: Hrd | None = None
    vcl_hrd: Hrd | None = None
    max_num_reorder_frames: int | None = None

    def write(self, out: BitWriter) -> None:
        out.flag(bool(self.aspect_ratio))
        if self.aspect_ratio:
            out.u(8, self.aspect_ratio[0])
            for value in self.aspect_ratio[1:]:
                out.u(16, value)
        out.flag(self.overscan is not None)
        if self.overscan is not None:
            out.flag(self.overscan)
        out.flag(self.colours is not None)
        if self.colours is not None:
            out.u(3, 5).flag(True).flag(bool(self.colours))
            for value in self.colours:
                out.u(8, value)
        out.flag(self.chroma_location is not None)
        for value in self.chroma_location or ():
            out.ue(value)
        out.flag(self.timing is not None)
        if self.timing is not None:
            out.u(32, self.timing[0]).u(32, self.timing[1]).flag(True)
        for hrd in (self.nal_hrd, self.vcl_hrd):
            out.flag(hrd is not None)
            if hrd is not None:
                out.ue(len(hrd.cpb_values) - 1).u(4, 1).u(4, 2)
                for bit_rate, size in hrd.cpb_values:
                    out.ue(bit_rate).ue(size).flag(True)
                out.u(5, 23).u(5, 23).u(5, 23).u(5, 24)
        if self.nal_hrd or self.vcl_hrd:
            out.flag(False)
        out.flag(True)  # pic_struct_present_flag
        out.flag(self.max_num_reorder_frames is not None)
        if self.max_num_reorder_frames is not None:
            out.flag(True).ue(0).ue(0).ue(11).ue(11)
            out.ue(self.max_num_reorder_frames).ue(16)


@dataclass(frozen=True)
class Sps:
    sps_id: int = 0
    profile_idc: int = 66
    constraint_flags: int = 0xC0
    level_idc: int = 31
    chroma_format_idc: int = 1
    separate_colour_plane: bool = False
    scaling_lists: tuple[tuple[int, ...] | None, ...] | None = None
    """The deltas of each list as written, None for a list that is not present."""
    log2_max_frame_num: int = 4
    poc_type: int = 2
    poc_offsets: tuple[int, ...] = ()
    gaps_allowed: bool = False
    width_mbs: int = 20
    height_map_units: int = 15
    frame_mbs_only: bool = True
    cropping: Cropping | None = None
    vui: Vui | None = field(default=None)

    def write(self) -> tuple[BitWriter, int]:
        """The bits, and how many of them stand before vui_parameters_present_flag."""
        out = BitWriter().u(8, self.profile_idc).u(8, self.constraint_flags).u(8, self.level_idc)
        out.ue(self.sps_id)
        if self.profile_idc in HIGH_PROFILES:
            out.ue(self.chroma_format_idc)
            if self.chroma_format_idc == 3:
                out.flag(self.separate_colour_plane)
            out.ue(0).ue(0).flag(False).flag(self.scaling_lists is not None)
            for deltas in self.scaling_lists or ():
                out.flag(deltas is not None)
                for delta in deltas or ():
                    out.se(delta)
        out.ue(self.log2_max_frame_num - 4).ue(self.poc_type)
        if self.poc_type == 0:
            out.ue(2)
        elif self.poc_type == 1:
            out.flag(False).se(-3).se(1).ue(len(self.poc_offsets))
            for offset in self.poc_offsets:
                out.se(offset)
        out.ue(1).flag(self.gaps_allowed)
        out.ue(self.width_mbs - 1).ue(self.height_map_units - 1).flag(self.frame_mbs_only)
        if not self.frame_mbs_only:
            out.flag(True)
        out.flag(True).flag(self.cropping is not None)
        for offset in self.cropping or ():
            out.ue(offset)
        vui_at = len(out.bits)
        out.flag(self.vui is not None)
        if self.vui is not None:
            self.vui.write(out)
        return out, vui_at

    def nal_unit(self) -> bytes:
        return nal_unit(7, self.write()[0].rbsp())


def pps(pps_id: int = 0, sps_id: int = 0, *, init_qp: int = 0, slice_groups: int = 1) -> bytes:
    """`init_qp` (pic_init_qp_minus26) only makes one differ from others of its id."""
    out = BitWriter().ue(pps_id).ue(sps_id).flag(False).flag(False).ue(slice_groups - 1)
    if slice_groups > 1:
        out.ue(2)  # slice_group_map_type: rectangles
        for _ in range(slice_groups - 1):
            out.ue(0).ue(7)
    out.ue(0).ue(0).flag(False).u(2, 0).se(init_qp).se(0).se(-2)
    out.flag(True).flag(False).flag(False)
    return nal_unit(8, out.rbsp())


def slice_nal_unit(
    frame_num: int = 0,
    *,
    idr: bool = False,
    ref_idc: int = 3,
    pps_id: int = 0,
    first_mb: int = 0,
    slice_type: int | None = None,
    field: str = "",
    idr_pic_id: int = 0,
    sps: Sps = Sps(),
) -> bytes:
    """A slice of which only the header's start means anything. `field`: "", "top" or "bottom"."""
    out = BitWriter().ue(first_mb)
    out.ue(slice_type if slice_type is not None else 7 if idr else 5).ue(pps_id)
    if sps.separate_colour_plane:
        out.u(2, 1)
    out.u(sps.log2_max_frame_num, frame_num)
    if not sps.frame_mbs_only:
        out.flag(bool(field))
        if field:
            out.flag(field == "bottom")
    if idr:
        out.ue(idr_pic_id)
    out.u(32, 0xFFABCDEF)
    return nal_unit(5 if idr else 1, out.rbsp(), ref_idc)
