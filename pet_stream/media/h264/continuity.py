"""Whether a picture is the next one of its stream, by frame_num alone (H.264 7.4.3)."""

from __future__ import annotations

from enum import Enum, auto

from . import SliceHeader
from .coded_picture import CodedPicture


class Continuity(Enum):
    FIRST = auto()
    """No picture was delivered yet, so there is nothing to follow."""
    NEXT = auto()
    """Follows the last picture delivered."""
    GAP = auto()
    """Does not follow: reference pictures are missing, or this picture is older."""
    UNKNOWN = auto()
    """Can't be decided: its parameter sets are unknown, or there is no slice in it."""


class ReferenceChain:
    """Follows frame_num from picture to picture. Owned by one thread.

    A picture's frame_num is one more than that of the last *reference* picture, modulo
    MaxFrameNum, and 0 at an IDR. Not detected: a lost non-reference picture (nothing else depends
    on it), a non-reference picture delivered twice, and the loss of exactly MaxFrameNum reference
    pictures. memory_management_control_operation 5, which resets frame_num to 0 in mid-GOP, is not
    followed: the picture after it counts as a gap.
    """

    def __init__(self) -> None:
        self._reference_frame_num: int | None = None
        self._open_field: SliceHeader | None = None

    def check(self, picture: CodedPicture) -> Continuity:
        """Returns how this picture follows the last one given to `advance`; changes nothing.

        An IDR is always NEXT: it refers to nothing.
        """
        if not picture.has_slice:
            return Continuity.UNKNOWN
        if picture.is_idr:
            return Continuity.NEXT
        header, sps = picture.slice_header, picture.sps
        if header is None or sps is None:
            return Continuity.UNKNOWN
        if self._reference_frame_num is None:
            return Continuity.FIRST
        if header.frame_num == (self._reference_frame_num + 1) % (1 << sps.log2_max_frame_num):
            return Continuity.NEXT
        if header.frame_num == self._reference_frame_num:
            return Continuity.NEXT if self._is_second_field(header) else Continuity.GAP
        return Continuity.NEXT if sps.gaps_in_frame_num_allowed else Continuity.GAP

    def advance(self, picture: CodedPicture) -> Continuity:
        """Note that this picture was delivered; the next one has to follow it. Returns what `check`
        says of it. A picture without a slice changes nothing."""
        continuity = self.check(picture)
        if picture.has_slice:
            self._follow(picture)
        return continuity

    def _follow(self, picture: CodedPicture) -> None:
        header, sps = picture.slice_header, picture.sps
        if header is None or sps is None:
            self._reference_frame_num = 0 if picture.is_idr else None
            self._open_field = None
            return
        completes_frame = self._open_field is not None and self._is_second_field(header)
        is_first_field = header.is_field and header.is_reference and not completes_frame
        self._open_field = header if is_first_field else None
        self._reference_frame_num = (
            header.frame_num
            if header.is_reference
            else (header.frame_num - 1) % (1 << sps.log2_max_frame_num)
        )

    def _is_second_field(self, header: SliceHeader) -> bool:
        """Whether the last picture and this one are the two reference fields of one frame."""
        first = self._open_field
        return (
            first is not None
            and header.is_field
            and header.is_reference
            and header.frame_num == first.frame_num
            and header.is_bottom_field != first.is_bottom_field
        )
