"""The order in which pictures are shown, where it is not that of decoding (H.264 8.2.1)."""

from __future__ import annotations

from .coded_picture import CodedPicture


class DisplayOrder:
    """Counts pictures in the order of showing: PicOrderCnt (TopFieldOrderCnt, 8.2.1.1).

    Owned by one thread. Known for pic_order_cnt_type 0, which every encoder of B pictures uses.
    memory_management_control_operation 5, which starts the count anew in mid-GOP, is not followed.
    """

    def __init__(self) -> None:
        self._msb = 0
        self._lsb = 0
        self._recovery_order: int | None = None
        self.is_leading = False
        """Whether the picture placed last is decoded after the newest entry point and shown before
        it. Such pictures may refer to others from before a recovery point."""

    def place(self, picture: CodedPicture) -> int | None:
        """Returns the place of the next picture in decoding order among those from the last IDR
        on; None where pictures are shown as they are decoded."""
        order = self._count(picture)
        if picture.is_entry_point:
            self._recovery_order = None if picture.is_idr else order
        first = self._recovery_order
        self.is_leading = order is not None and first is not None and order < first
        return order

    def _count(self, picture: CodedPicture) -> int | None:
        header, sps = picture.slice_header, picture.sps
        if header is None or sps is None or (lsb := header.pic_order_cnt_lsb) is None:
            return None
        if header.is_idr:
            self._msb = self._lsb = 0
        half = 1 << sps.log2_max_pic_order_cnt_lsb - 1
        msb = self._msb
        if lsb < self._lsb and self._lsb - lsb >= half:
            msb += 2 * half
        elif lsb > self._lsb and lsb - self._lsb > half:
            msb -= 2 * half
        if header.is_reference:
            self._msb, self._lsb = msb, lsb
        return msb + lsb
