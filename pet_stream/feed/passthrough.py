"""Checks whether browsers can play a source's H.264 as it is, and completes its pictures."""

from __future__ import annotations

from ..errors import BitstreamError
from ..media.access_unit import START_CODE
from ..media.gop_memory import GOP_BYTES, GOP_UNITS
from ..media.h264 import (
    SLICE_TYPES,
    ParameterSets,
    is_idr,
    nal_unit_type,
    parse_slice_header,
    split_annex_b,
)
from ..media.h264.playable import B_SLICE, MAX_IDR_INTERVAL_S, MAX_PIXELS, PLAYABLE_PROFILES

_TOLERANCE_S = 0.1
_OTHER_PROFILES = {
    44: "CAVLC 4:4:4",
    88: "Extended",
    110: "High 10",
    118: "Multiview High",
    122: "High 4:2:2",
    128: "Stereo High",
    244: "High 4:4:4",
}


class NotPlayable(Exception):
    """Browsers don't play this stream as it is; the text says why."""


class PassthroughStream:
    """Checks and completes one stream's access units, in decoding order. Owned by one thread.

    It goes on after NotPlayable: what follows may be playable.
    """

    def __init__(self, nal_units: tuple[bytes, ...] = ()) -> None:
        """`nal_units` may hold parameter sets that the container says, and the stream doesn't."""
        self._parameter_sets = ParameterSets().including(nal_units)
        self._gop_pictures = 0  # 0: an IDR is awaited
        self._gop_bytes = 0
        self.width = 0
        self.height = 0

    def process(self, data: bytes, interval_s: float) -> tuple[bytes, bool] | None:
        """Returns an access unit with its parameter sets, and whether it is an IDR; None before the
        first IDR and for a damaged one. A picture is usually shown for `interval_s`.

        Raises NotPlayable for each picture with something that browsers don't play.
        """
        idr = False
        try:
            nal_units = split_annex_b(data)
            self._parameter_sets = self._parameter_sets.including(nal_units)
            idr = is_idr(nal_units)
            self._count(len(data), idr)
            self._check_slices(nal_units)
            completed = self._parameter_sets.insert(nal_units) if idr else nal_units
        except BitstreamError:
            if idr:
                self._gop_pictures = 0  # the pictures up to the next one can't be decoded
            return None
        if not self._gop_pictures:
            return None
        self._check_gop(interval_s)
        if completed is not nal_units:
            data = START_CODE + START_CODE.join(completed)
        return data, idr

    def _count(self, size: int, idr: bool) -> None:
        if idr:
            self._gop_pictures = self._gop_bytes = 0
        if idr or self._gop_pictures:
            self._gop_pictures += 1
            self._gop_bytes += size

    def _check_gop(self, interval_s: float) -> None:
        """By the usual interval: a pause of the camera makes no GOP long."""
        if (self._gop_pictures - 1) * interval_s > MAX_IDR_INTERVAL_S + _TOLERANCE_S:
            raise NotPlayable(f"more than {MAX_IDR_INTERVAL_S:g} s between its key frames")
        if self._gop_pictures > GOP_UNITS:
            raise NotPlayable(f"more than {GOP_UNITS} pictures between its key frames")
        if self._gop_bytes > GOP_BYTES:
            raise NotPlayable(f"more than {GOP_BYTES >> 20} MiB between its key frames")

    def _check_slices(self, nal_units: tuple[bytes, ...]) -> None:
        for nal_unit in nal_units:
            if nal_unit_type(nal_unit) not in SLICE_TYPES:
                continue
            header = parse_slice_header(nal_unit, self._parameter_sets)
            if header.slice_type == B_SLICE:
                raise NotPlayable("it has B pictures")
            if header.is_idr:
                self._check_parameter_sets(header.pic_parameter_set_id)

    def _check_parameter_sets(self, pic_parameter_set_id: int) -> None:
        sps = self._parameter_sets.sps_by_pps.get(pic_parameter_set_id)
        assert sps is not None, "the slice header was parsed with it"
        if (profile := sps.profile_idc) not in PLAYABLE_PROFILES:
            name = f" ({_OTHER_PROFILES[profile]})" if profile in _OTHER_PROFILES else ""
            raise NotPlayable(f"its profile is {profile}{name}")
        if not sps.frame_mbs_only:
            raise NotPlayable("it is interlaced")
        if sps.width * sps.height > MAX_PIXELS:
            raise NotPlayable(f"{sps.width}×{sps.height} is larger than 1080p")
        self.width, self.height = sps.width, sps.height
