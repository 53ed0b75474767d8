"""Makes access units from pictures: only those that can be decoded, entry points complete."""

from __future__ import annotations

import logging
import time

from ..errors import BitstreamError, ParameterSetUnknown
from ..media.access_unit import AccessUnit
from ..media.h264 import ParameterSets, SequenceParameterSet
from ..media.h264.coded_picture import CodedPicture
from ..media.h264.display_order import DisplayOrder
from ..media.h264.playable import B_SLICE
from ..reason import NO_REASON, Reason
from .counts import CameraCounts
from .refused import cause_in_bitstream
from .ring_reader import Picture

logger = logging.getLogger(__name__)

_B_MEMORY = 300
"""Pictures without a B picture after which there are none."""
_LEFT_OUT_MEMORY = 128
"""The share of pictures that are left out is a mean of about the newest this many."""
_PICTURES_MISSING = Reason(
    "pictures_missing",
    "most pictures are left out, because they refer to others that did not come: each slot has to "
    "hold one picture, a whole one",
)
_MIN_STEP_NS = 100_000
"""Least time between two access units, so that their timestamps differ in RTP and in files."""
_RESTART_IT = ": these are left out. Restart the camera daemon, so that it sends it again"


class DecodableStream:
    """What of the pictures can be decoded by whoever has had the last ones. Owned by the camera
    thread."""

    def __init__(self) -> None:
        self.awaits_entry_point = True
        """Nothing can be decoded before the next entry point. Set it when pictures are missing."""
        self._told_sets = ParameterSets()
        """The parameter sets that came up to the last picture that could be decoded."""

    def complete(self, coded: CodedPicture) -> tuple[bytes, ...] | None:
        """Returns the NAL units of a picture that can be decoded: an entry point with all
        parameter sets that pictures may use from there on, any other with those that are new.

        None while an entry point is awaited, and for parameter sets or SEI alone. Raises
        BitstreamError for a picture whose parameter sets never came, and then awaits the next one.
        """
        if not coded.has_slice or (self.awaits_entry_point and not coded.is_entry_point):
            return None
        sets, told = coded.parameter_sets, None if coded.is_entry_point else self._told_sets
        nal_units = coded.nal_units
        if sets is not told or coded.slice_header is None:
            try:
                nal_units = sets.insert(nal_units, told)
            except BitstreamError:
                self.awaits_entry_point = True
                raise
        self._told_sets = sets
        self.awaits_entry_point = False
        return nal_units


class AccessUnits:
    """Numbers and times what is published.

    Owned by the camera thread; `video`, `missing_set`, `left_out` and `has_parameter_sets` may be
    read by any thread.
    """

    def __init__(self, counts: CameraCounts, first_sequence: int = 0) -> None:
        self._counts = counts
        self._stream = DecodableStream()
        self._display_order = DisplayOrder()
        self._parameter_sets = ParameterSets()
        self.next_sequence = first_sequence
        self._last_capture_ns = 0
        self._dropped_since_s: float | None = None
        self._pictures_since_b = _B_MEMORY
        self._left_out_share = 0.0
        self.missing_set = NO_REASON
        """Why the newest pictures are left out though there is an entry point to them."""
        self.video: SequenceParameterSet | None = None
        """The SPS of the newest entry point; None before the first one."""

    @property
    def has_parameter_sets(self) -> bool:
        """Whether the camera shown last has sent an SPS and its PPS."""
        return self._parameter_sets.is_complete

    @property
    def waits_s(self) -> float:
        """For how long pictures have come of which none can be decoded; 0 while they can."""
        since_s = self._dropped_since_s
        return 0.0 if since_s is None else time.monotonic() - since_s

    @property
    def has_b_pictures(self) -> bool:
        """Whether one was among the newest pictures."""
        return self._pictures_since_b < _B_MEMORY

    @property
    def left_out(self) -> Reason:
        """Why most of the newest pictures are left out though decoding has begun."""
        is_told = self._left_out_share <= 0.5 or self.missing_set
        return NO_REASON if is_told else _PICTURES_MISSING

    def make(self, picture: Picture, capture_ns: int) -> AccessUnit | None:
        """Returns the access unit of `picture`, taken at `capture_ns` of CLOCK_MONOTONIC.

        None if it can't be decoded: before the first entry point, between a discontinuity and the
        next one, and from one without its parameter sets up to the next complete one. These are
        counted.
        """
        coded, stream = picture.coded, self._stream
        slice_header = coded.slice_header
        is_b = slice_header is not None and slice_header.slice_type == B_SLICE
        self._pictures_since_b = 0 if is_b else self._pictures_since_b + 1
        stream.awaits_entry_point |= picture.is_discontinuity
        is_discontinuity = stream.awaits_entry_point
        self._parameter_sets = coded.parameter_sets
        try:
            nal_units = stream.complete(coded)
        except BitstreamError as exc:
            logger.debug("picture %d dropped: %s", picture.header.frame_number, exc)
            self._counts.process_errors += 1
            self._counts.refuse(cause_in_bitstream(exc))
            if isinstance(exc, ParameterSetUnknown):
                self.missing_set = Reason("parameter_set_missing", f"{exc}{_RESTART_IT}")
            nal_units = None
        if coded.is_entry_point and nal_units is not None:
            self.video = coded.sps
        if nal_units is None or self.video is None:
            self._counts.frames_dropped += 1
            if self.video is not None and coded.has_slice:
                self._left_out_share += (1 - self._left_out_share) / _LEFT_OUT_MEMORY
            if self._dropped_since_s is None:
                self._dropped_since_s = time.monotonic()
            return None
        self._dropped_since_s = None
        self._left_out_share -= self._left_out_share / _LEFT_OUT_MEMORY
        self._last_capture_ns = max(capture_ns, self._last_capture_ns + _MIN_STEP_NS)
        pic_order = None
        if slice_header is not None and slice_header.pic_order_cnt_lsb is not None:
            pic_order = self._display_order.place(coded)
        unit = AccessUnit(
            nal_units=nal_units,
            sequence=self.next_sequence,
            capture_ns=self._last_capture_ns,
            is_idr=coded.is_idr,
            is_discontinuity=is_discontinuity,
            width=self.video.width,
            height=self.video.height,
            camera_id=picture.header.camera_id,
            frame_number=picture.header.frame_number,
            stamp_ns=picture.header.captured_at_ns,
            recovery_point=coded.recovery_point,
            pic_order=pic_order,
            is_leading=pic_order is not None and self._display_order.is_leading,
        )
        if not unit.is_entry_point:  # an entry point may need others than the pictures after it
            self.missing_set = NO_REASON
        self.next_sequence += 1
        self._counts.frames_processed += 1
        self._counts.refused = None
        return unit
