"""Recording: what the camera sends, on the disk and found again."""

from .archive import Archive
from .folder_watch import FolderWatch
from .library import Library
from .recorder import Recorder
from .retention import Retention
from .rows import Recording
from .settings import RecorderSettings
from .snapshots import Snapshots
from .status import CurrentRecording, RecorderCounts, RecordingStatus

__all__ = [
    "Archive",
    "CurrentRecording",
    "FolderWatch",
    "Library",
    "Recorder",
    "RecorderCounts",
    "RecorderSettings",
    "Recording",
    "RecordingStatus",
    "Retention",
    "Snapshots",
]
