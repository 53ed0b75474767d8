"""The cameras of one ring: from the bytes of a slot to NAL units that can be decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..errors import BitstreamError
from ..media.h264 import ParameterSets, split_annex_b
from ..media.h264.coded_picture import CodedPicture
from ..media.h264.continuity import Continuity, ReferenceChain
from ..media.h264.display_order import DisplayOrder
from ..media.ring import SlotHeader

_MAX_CAMERAS: Final = 8


@dataclass(slots=True)
class SlotCopy:
    """What a slot held: a header, and bytes that may be of another picture, or of none."""

    header: SlotHeader
    data: bytes
    coded: CodedPicture | None = None
    """The bytes, once they have been parsed."""


class CameraStream:
    """A camera's parameter sets, its reference chain, and whether an entry point is awaited.

    It outlives a segment, because the parameter sets may never be sent again. Owned by the camera
    thread.
    """

    def __init__(self) -> None:
        self.awaits_entry_point = True
        """Nothing can be decoded before the next entry point. Set it when pictures are missing."""
        self._parameter_sets = ParameterSets()
        self._published_sets = self._parameter_sets
        """Those that came up to the last picture that could be decoded."""
        self._chain = ReferenceChain()
        self._display_order = DisplayOrder()

    def parse(self, copy: SlotCopy) -> CodedPicture:
        """Returns the bytes of `copy`, parsed. They are parsed once, unless the parameter sets have
        changed since. Raises BitstreamError."""
        coded = copy.coded
        if coded is None or coded.earlier_parameter_sets != self._parameter_sets:
            coded = CodedPicture.parse(split_annex_b(copy.data), self._parameter_sets)
            copy.coded = coded
        return coded

    def check(self, coded: CodedPicture) -> Continuity:
        """Returns how this picture follows the last one delivered; changes nothing."""
        return self._chain.check(coded)

    def advance(self, coded: CodedPicture) -> Continuity:
        """Note that this picture is delivered, and keep its parameter sets. Returns what `check`
        says of it."""
        self._parameter_sets = coded.later_parameter_sets
        return self._chain.advance(coded)

    def complete(self, coded: CodedPicture) -> tuple[bytes, ...] | None:
        """Returns the NAL units of a picture that can be decoded: an entry point with all
        parameter sets that pictures may use from there on, any other with those that are new.

        None while an entry point is awaited, and for parameter sets or SEI alone. Raises
        BitstreamError for a picture whose parameter sets never came, and then awaits the next one.
        """
        if not coded.has_slice or (self.awaits_entry_point and not coded.is_entry_point):
            return None
        sets, told = coded.parameter_sets, None if coded.is_entry_point else self._published_sets
        nal_units = coded.nal_units
        if sets is not told or coded.slice_header is None:
            try:
                nal_units = sets.insert(nal_units, told)
            except BitstreamError:
                self.awaits_entry_point = True
                raise
        self._published_sets = sets
        self.awaits_entry_point = False
        return nal_units

    def pic_order(self, coded: CodedPicture) -> int | None:
        """Returns the place of the next picture that is published in the order of showing
        (`AccessUnit.pic_order`)."""
        header = coded.slice_header
        if header is None or header.pic_order_cnt_lsb is None:
            return None
        return self._display_order.place(coded)

    @property
    def is_leading(self) -> bool:
        """Whether that picture is shown before the entry point that it follows."""
        return self._display_order.is_leading


class Cameras:
    """The stream of each camera, and which picture was delivered last.

    Owned by the camera thread.
    """

    def __init__(self) -> None:
        self._streams: dict[int, CameraStream] = {}
        self._last: SlotHeader | None = None

    def reset(self) -> None:
        """Forget the last picture: the next one has nothing to follow."""
        self._last = None

    def stream_of(self, camera_id: int) -> CameraStream:
        """Returns this camera's stream. It is a new one each time, until `advance` keeps it."""
        return self._streams.get(camera_id) or CameraStream()

    def parse(self, copy: SlotCopy) -> CodedPicture:
        """Returns the bytes of `copy`, parsed by `CameraStream.parse`. Raises BitstreamError."""
        return self.stream_of(copy.header.camera_id).parse(copy)

    def check(self, copy: SlotCopy) -> Continuity:
        """Returns how this picture follows the last one; FIRST if the camera has changed.

        Raises BitstreamError.
        """
        stream = self.stream_of(copy.header.camera_id)
        coded = stream.parse(copy)
        return stream.check(coded) if self._is_of_last(copy.header) else Continuity.FIRST

    def advance(self, header: SlotHeader, coded: CodedPicture) -> Continuity:
        """Note that this picture, just parsed, is delivered. Returns what `check` says of it."""
        camera_id = header.camera_id
        stream = self.stream_of(camera_id)
        if camera_id not in self._streams:
            if len(self._streams) >= _MAX_CAMERAS:
                self._streams.clear()
            self._streams[camera_id] = stream
        is_first = not self._is_of_last(header)
        self._last = header
        continuity = stream.advance(coded)
        return Continuity.FIRST if is_first else continuity

    def skipped_frame_numbers(self, header: SlotHeader) -> int:
        """Returns how many frame numbers lie between the last picture and this one; negative if the
        camera went back.

        Not all of them are missing: the camera also numbers pictures that it does not encode.
        """
        if self._last is None or not self._is_of_last(header):
            return 0
        return header.frame_number - self._last.frame_number - 1

    def is_of_another(self, header: SlotHeader) -> bool:
        """Whether the last picture was another camera's."""
        return self._last is not None and not self._is_of_last(header)

    def _is_of_last(self, header: SlotHeader) -> bool:
        return self._last is not None and header.camera_id == self._last.camera_id
