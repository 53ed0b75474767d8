"""The cameras whose pictures come in one ring, one after the other."""

from __future__ import annotations

from typing import Final

from ..media.h264.coded_picture import CodedPicture
from ..media.h264.continuity import Continuity
from ..media.ring import SlotHeader
from .camera_stream import CameraStream, SlotCopy

_MAX_CAMERAS: Final = 8


class Cameras:
    """The stream of each camera, and which picture was delivered last of all.

    Owned by the camera thread.
    """

    def __init__(self) -> None:
        self._streams: dict[int, CameraStream] = {}
        self._last: SlotHeader | None = None

    def reset(self) -> None:
        """The next picture has nothing to follow."""
        self._last = None

    def stream_of(self, camera_id: int) -> CameraStream:
        """A new one, not kept, until a picture of this camera is delivered."""
        return self._streams.get(camera_id) or CameraStream()

    def parse(self, copy: SlotCopy) -> CodedPicture:
        """What the bytes of `copy` say, as `CameraStream.parse` has it. Raises BitstreamError."""
        return self.stream_of(copy.header.camera_id).parse(copy)

    def check(self, copy: SlotCopy) -> Continuity:
        """How this picture follows the last one; FIRST if that was another camera's.

        Raises BitstreamError.
        """
        stream = self.stream_of(copy.header.camera_id)
        coded = stream.parse(copy)
        return stream.check(coded) if self._is_of_last(copy.header) else Continuity.FIRST

    def advance(self, header: SlotHeader, coded: CodedPicture) -> Continuity:
        """This picture, just parsed, is delivered; returns what `check` said of it."""
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
        """How many numbers the camera left out since the last picture; negative if it went back.

        They are not all missing: it also numbers the pictures that it does not encode.
        """
        if self._last is None or not self._is_of_last(header):
            return 0
        return header.frame_number - self._last.frame_number - 1

    def _is_of_last(self, header: SlotHeader) -> bool:
        return self._last is not None and header.camera_id == self._last.camera_id
