"""Checks whether browsers can play a source's H.264 as it is, and gives its pictures as Annex B."""

from __future__ import annotations

from ..errors import BitstreamError
from ..media.access_unit import START_CODE
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


class NotPlayable(Exception):
    """Browsers don't play this stream as it is; the text says why."""


class PassthroughStream:
    """Checks and completes one stream's access units, in decoding order. Owned by one thread."""

    def __init__(self, extradata: bytes | None) -> None:
        """`extradata` is what the container says of the stream. Annex B parameter sets are taken
        from it (an RTSP camera's SDP has them); any other (MP4's) the bitstream filter handles."""
        self._parameter_sets = ParameterSets()
        if extradata and extradata.startswith((START_CODE, START_CODE[1:])):
            try:
                nal_units = split_annex_b(extradata)
                self._parameter_sets = self._parameter_sets.including(nal_units)
            except BitstreamError:
                pass  # then the stream itself has to bring them
        self._last_idr_s: float | None = None
        self.width = 0
        self.height = 0
        self.idr_count = 0

    def process(self, data: bytes, time_s: float) -> tuple[bytes, bool] | None:
        """Returns an access unit with its parameter sets, and whether it is an IDR; None before the
        first IDR and for a damaged one.

        Raises NotPlayable as soon as the stream has something that browsers don't play.
        """
        try:
            nal_units = split_annex_b(data)
            self._parameter_sets = self._parameter_sets.including(nal_units)
            self._check_slices(nal_units)
            idr = is_idr(nal_units)
            completed = self._parameter_sets.insert(nal_units) if idr else nal_units
        except BitstreamError:
            return None
        if idr:
            self._last_idr_s = time_s
            self.idr_count += 1
        elif self._last_idr_s is None:
            return None
        elif time_s - self._last_idr_s > MAX_IDR_INTERVAL_S + _TOLERANCE_S:
            raise NotPlayable(f"more than {MAX_IDR_INTERVAL_S:g} s between its key frames")
        if completed is not nal_units:
            data = START_CODE + START_CODE.join(completed)
        return data, idr

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
        sps = self._parameter_sets.sps_for(pic_parameter_set_id)
        assert sps is not None, "the slice header was parsed with it"
        if sps.profile_idc not in PLAYABLE_PROFILES:
            raise NotPlayable(f"its profile is {sps.profile_idc}")
        if not sps.frame_mbs_only:
            raise NotPlayable("it is interlaced")
        if sps.width * sps.height > MAX_PIXELS:
            raise NotPlayable(f"{sps.width}×{sps.height} is larger than 1080p")
        self.width, self.height = sps.width, sps.height
