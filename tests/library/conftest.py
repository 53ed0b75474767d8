"""The footage and the disks of the recorder's tests."""

from __future__ import annotations

from ..recording.conftest import full_disk, pictures, read_only_folder

__all__ = ["full_disk", "pictures", "read_only_folder"]
