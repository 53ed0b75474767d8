"""Recording: what the camera sends, on the disk and found again."""

from .library import Library, Recording
from .recorder import Recorder
from .status import RecorderCounts, RecordingStatus

__all__ = ["Library", "Recorder", "RecorderCounts", "Recording", "RecordingStatus"]
