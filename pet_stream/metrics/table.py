"""Every metric, in the order of the page."""

from __future__ import annotations

from .camera import CAMERA
from .files import FILES
from .old_names import OLD_NAMES
from .row import Row
from .server import SERVER
from .viewers import VIEWERS

ROOMS: dict[str, tuple[Row, ...]] = {
    "Names of the old streaming server": OLD_NAMES,
    "Camera": CAMERA,
    "Viewers": VIEWERS,
    "Recordings": FILES,
    "Server and process": SERVER,
}
TABLE = tuple(row for rows in ROOMS.values() for row in rows)
