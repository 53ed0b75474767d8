"""The cameras of one ring: from the bytes of a slot to a picture that follows the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..media.h264 import ParameterSets, split_annex_b
from ..media.h264.coded_picture import CodedPicture
from ..media.h264.continuity import Continuity, ReferenceChain
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
    """A camera's parameter sets and its reference chain, as far as its pictures were delivered.

    It outlives a segment, because the parameter sets may never be sent again. Owned by the camera
    thread.
    """

    def __init__(self) -> None:
        self._parameter_sets = ParameterSets()
        self._chain = ReferenceChain()

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


class Cameras:
    """The stream of each camera, and which picture was delivered last.

    Owned by the camera thread.
    """

    def __init__(self) -> None:
        self.last: SlotHeader | None = None
        """The header of the picture delivered last; None: the next one has nothing to follow."""
        self._streams: dict[int, CameraStream] = {}

    def reset(self) -> None:
        """Forget the last picture: the next one has nothing to follow."""
        self.last = None

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
        if self.last is None or self.last.camera_id != copy.header.camera_id:
            return Continuity.FIRST
        return stream.check(coded)

    def advance(self, copy: SlotCopy) -> tuple[CodedPicture, Continuity]:
        """Note that this picture is delivered. Returns it, and what `check` says of it.

        Raises BitstreamError, and then nothing has changed.
        """
        camera_id = copy.header.camera_id
        stream = self.stream_of(camera_id)
        coded = stream.parse(copy)
        if camera_id not in self._streams:
            if len(self._streams) >= _MAX_CAMERAS:
                self._streams.clear()
            self._streams[camera_id] = stream
        is_first = self.last is None or self.last.camera_id != camera_id
        self.last = copy.header
        continuity = stream.advance(coded)
        return coded, Continuity.FIRST if is_first else continuity

    def skipped_frame_numbers(self, header: SlotHeader) -> int:
        """Returns how many frame numbers lie between the last picture and this one; negative if the
        camera went back.

        Not all of them are missing: the camera also numbers pictures that it does not encode.
        """
        if self.last is None or header.camera_id != self.last.camera_id:
            return 0
        return header.frame_number - self.last.frame_number - 1
