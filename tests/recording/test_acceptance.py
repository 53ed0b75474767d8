from __future__ import annotations

from pathlib import Path

import pytest

from .acceptance import record_for


@pytest.mark.slow
def test_memory_stays_flat_over_many_files(tmp_path: Path) -> None:
    """Nine minutes, a file each half minute; `make soak-recording` has a day, a file an hour."""
    resident_bytes = record_for(tmp_path, hours=0.15, max_file_s=30)
    assert len(resident_bytes) > 6
    assert resident_bytes[-1] - resident_bytes[2] < 4_000_000, resident_bytes
