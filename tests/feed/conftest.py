from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from .recording_writer import RecordingWriter


@pytest.fixture
def writer(segment_name: str) -> Iterator[RecordingWriter]:
    with contextlib.closing(RecordingWriter(segment_name)) as writer:
        yield writer
