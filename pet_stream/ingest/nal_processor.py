"""Makes access units of pictures: complete with parameter sets, none that can't be decoded."""

from __future__ import annotations

import logging

from ..errors import BitstreamError
from ..media.access_unit import AccessUnit
from ..media.h264 import (
    SLICE_TYPES,
    NalUnitType,
    ParameterSets,
    SequenceParameterSet,
    nal_unit_type,
    parse_slice_header,
)
from .counts import CameraCounts
from .ring_reader import Picture

logger = logging.getLogger(__name__)

_MAX_CAMERAS = 8
_MIN_STEP_NS = 100_000
"""Between two access units, so that every clock of a container or of RTP tells them apart."""


class NalProcessor:
    """Holds the parameter sets of each camera and waits for an IDR after every discontinuity.

    Owned by the camera thread; `video` and `has_parameter_sets` may be read by any thread.
    """

    def __init__(self, counts: CameraCounts) -> None:
        self._counts = counts
        self._parameter_sets: dict[int, ParameterSets] = {}
        self._awaits_idr = True
        self._sequence = 0
        self._last_capture_ns = 0
        self.video: SequenceParameterSet | None = None
        """The SPS of the newest IDR; None before the first one."""
        self.has_parameter_sets = False

    def process(self, picture: Picture, capture_ns: int) -> AccessUnit | None:
        """The access unit of `picture`, taken at `capture_ns` of CLOCK_MONOTONIC.

        None if it can't be decoded: before the first IDR, after a discontinuity up to the next
        one, and from a malformed parameter set up to the next good IDR. All are counted.
        """
        if picture.is_discontinuity:
            self._awaits_idr = True
        try:
            nal_units = self._complete(picture)
        except BitstreamError as exc:
            logger.debug("picture %d dropped: %s", picture.header.frame_number, exc)
            self._counts.process_errors += 1
            self._awaits_idr = True
            nal_units = None
        if nal_units is None or self.video is None:
            self._counts.frames_dropped += 1
            return None
        is_discontinuity, self._awaits_idr = self._awaits_idr, False
        self._last_capture_ns = max(capture_ns, self._last_capture_ns + _MIN_STEP_NS)
        unit = AccessUnit(
            nal_units=nal_units,
            sequence=self._sequence,
            capture_ns=self._last_capture_ns,
            is_idr=picture.is_idr,
            is_discontinuity=is_discontinuity,
            width=self.video.width,
            height=self.video.height,
            camera_id=picture.header.camera_id,
            frame_number=picture.header.frame_number,
        )
        self._sequence += 1
        self._counts.frames_processed += 1
        return unit

    def _complete(self, picture: Picture) -> tuple[bytes, ...] | None:
        """The NAL units with what an IDR needs in front of it.

        None while an IDR is awaited, and for a slot that holds parameter sets or SEI alone.
        """
        parameter_sets = self._sets_of(picture.header.camera_id)
        parameter_sets.update(picture.nal_units)
        self.has_parameter_sets = parameter_sets.is_complete
        if not picture.is_idr:
            has_slice = any(nal_unit_type(n) in SLICE_TYPES for n in picture.nal_units)
            return picture.nal_units if has_slice and not self._awaits_idr else None
        nal_units = parameter_sets.insert(picture.nal_units)
        first_slice = next(n for n in nal_units if nal_unit_type(n) == NalUnitType.IDR_SLICE)
        header = parse_slice_header(first_slice, parameter_sets)
        self.video = parameter_sets.sps_for(header.pic_parameter_set_id)
        return nal_units

    def _sets_of(self, camera_id: int) -> ParameterSets:
        parameter_sets = self._parameter_sets.get(camera_id)
        if parameter_sets is None:
            if len(self._parameter_sets) >= _MAX_CAMERAS:
                self._parameter_sets.clear()
            parameter_sets = self._parameter_sets[camera_id] = ParameterSets()
        return parameter_sets
