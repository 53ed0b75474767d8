"""The table of all disturbances."""

from __future__ import annotations

from .cameras import CAMERA
from .disks import DISKS
from .disturbance import Disturbance
from .processes import PROCESSES
from .viewers import VIEWERS

ALL: tuple[Disturbance, ...] = (*CAMERA, *VIEWERS, *PROCESSES, *DISKS)
MILD: tuple[Disturbance, ...] = tuple(one for one in ALL if one.is_mild)
"""Those for the soak: no viewer of the audience has to connect anew because of them."""
