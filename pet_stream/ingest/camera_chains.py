"""Whether a picture follows the last one, whichever camera it is from."""

from __future__ import annotations

from typing import Final

from ..media.continuity import Continuity, ReferenceChain
from ..media.ring import SlotHeader

_MAX_CAMERAS: Final = 8


class CameraChains:
    """One reference chain for each camera, since parameter sets differ and may never come again.

    Owned by the camera thread.
    """

    def __init__(self) -> None:
        self._chains: dict[int, ReferenceChain] = {}
        self.last: SlotHeader | None = None
        """Of the last picture given to `advance`."""

    def reset(self) -> None:
        """The next picture has nothing to follow."""
        self.last = None

    def check(self, header: SlotHeader, nal_units: tuple[bytes, ...]) -> Continuity:
        """How this picture follows the last one; FIRST if that was another camera's.

        Raises BitstreamError as `ReferenceChain.check` does.
        """
        if self.last is None or header.camera_id != self.last.camera_id:
            return Continuity.FIRST
        return self._chain_of(header.camera_id).check(nal_units)

    def advance(self, header: SlotHeader, nal_units: tuple[bytes, ...]) -> Continuity:
        """This picture is delivered; what `check` said of it. Raises BitstreamError."""
        is_first = self.last is None or header.camera_id != self.last.camera_id
        continuity = self._chain_of(header.camera_id).advance(nal_units)
        self.last = header
        return Continuity.FIRST if is_first else continuity

    def skipped_frame_numbers(self, header: SlotHeader) -> int:
        """How many numbers the camera left out since the last picture; negative if it went back.

        They are not all missing: it also numbers the pictures that it does not encode.
        """
        if self.last is None or header.camera_id != self.last.camera_id:
            return 0
        return header.frame_number - self.last.frame_number - 1

    def _chain_of(self, camera_id: int) -> ReferenceChain:
        chain = self._chains.get(camera_id)
        if chain is None:
            if len(self._chains) >= _MAX_CAMERAS:
                self._chains.clear()
            chain = self._chains[camera_id] = ReferenceChain()
        return chain
