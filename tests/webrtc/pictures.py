"""Pictures whose content does not matter."""

from __future__ import annotations

import random
from itertools import count

from pet_stream.media.access_unit import AccessUnit
from pet_stream.media.h264 import RecoveryPoint

FRAME_NS = 33_333_333
_serial = count()


def picture(
    *,
    is_idr: bool = False,
    size: int = 3000,
    at_ns: int | None = None,
    point: RecoveryPoint | None = None,
) -> AccessUnit:
    number = next(_serial)
    header = 0x65 if is_idr else 0x41
    return AccessUnit(
        nal_units=(bytes([header]) + random.Random(number).randbytes(size),),
        sequence=number,
        capture_ns=number * FRAME_NS if at_ns is None else at_ns,
        is_idr=is_idr,
        is_discontinuity=False,
        width=1,
        height=1,
        camera_id=0,
        frame_number=number,
        recovery_point=point,
    )
