"""The cameras whose pictures come in one ring, one after the other."""

from __future__ import annotations

from typing import Final

from ..media.h264.coded_picture import CodedPicture
from ..media.h264.continuity import Continuity
from ..media.ring import SlotHeader
from .camera_stream import CameraStream, SlotCopy

_MAX_CAMERAS: Final = 8


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

    def _is_of_last(self, header: SlotHeader) -> bool:
        return self._last is not None and header.camera_id == self._last.camera_id
