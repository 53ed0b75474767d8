"""Makes access units from pictures: only those that can be decoded, IDRs with parameter sets."""

from __future__ import annotations

import logging

from ..errors import BitstreamError
from ..media.access_unit import AccessUnit
from ..media.h264 import ParameterSets, SequenceParameterSet
from .cameras import Cameras
from .counts import CameraCounts
from .refused import cause_in_bitstream
from .ring_reader import Picture

logger = logging.getLogger(__name__)

_MIN_STEP_NS = 100_000
"""Least time between two access units, so that their timestamps differ in RTP and in files."""


class AccessUnits:
    """Numbers and times what is published.

    Owned by the camera thread; `video` and `has_parameter_sets` may be read by any thread.
    """

    def __init__(self, cameras: Cameras, counts: CameraCounts) -> None:
        self._cameras = cameras
        self._counts = counts
        self._parameter_sets = ParameterSets()
        self._sequence = 0
        self._last_capture_ns = 0
        self.video: SequenceParameterSet | None = None
        """The SPS of the newest IDR; None before the first one."""

    @property
    def has_parameter_sets(self) -> bool:
        """Whether the camera shown last has sent an SPS and its PPS."""
        return self._parameter_sets.is_complete

    def make(self, picture: Picture, capture_ns: int) -> AccessUnit | None:
        """Returns the access unit of `picture`, taken at `capture_ns` of CLOCK_MONOTONIC.

        None if it can't be decoded: before the first IDR, between a discontinuity and the next IDR,
        and from an IDR without its parameter sets up to the next complete one. These are counted.
        """
        stream = self._cameras.stream_of(picture.header.camera_id)
        stream.awaits_idr |= picture.is_discontinuity
        is_discontinuity = stream.awaits_idr
        self._parameter_sets = picture.coded.parameter_sets
        try:
            nal_units = stream.complete(picture.coded)
        except BitstreamError as exc:
            logger.debug("picture %d dropped: %s", picture.header.frame_number, exc)
            self._counts.process_errors += 1
            self._counts.refuse(cause_in_bitstream(exc))
            nal_units = None
        if picture.coded.is_idr and nal_units is not None:
            self.video = picture.coded.sps
        if nal_units is None or self.video is None:
            self._counts.frames_dropped += 1
            return None
        self._last_capture_ns = max(capture_ns, self._last_capture_ns + _MIN_STEP_NS)
        unit = AccessUnit(
            nal_units=nal_units,
            sequence=self._sequence,
            capture_ns=self._last_capture_ns,
            is_idr=picture.coded.is_idr,
            is_discontinuity=is_discontinuity,
            width=self.video.width,
            height=self.video.height,
            camera_id=picture.header.camera_id,
            frame_number=picture.header.frame_number,
        )
        self._sequence += 1
        self._counts.frames_processed += 1
        self._counts.refused = None
        return unit
