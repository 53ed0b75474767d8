"""The footage and the disks of the recorder's tests."""

from __future__ import annotations

from ..recording.conftest import pictures, read_only_folder

__all__ = ["pictures", "read_only_folder"]
