"""Every error that pet_stream raises on purpose.

    PetStreamError
    ├── ConfigError             a setting is out of range; names key, value and range
    │   └── ConfigFileUnusable  the file with settings can't be read
    ├── BitstreamError          bytes from the camera are not the H.264 they claim to be
    │   └── ParameterSetUnknown a slice refers to an SPS or PPS that was not seen
    ├── SegmentError            the shared-memory segment can't be read
    │   ├── SegmentMissing      there is none of that name (yet)
    │   ├── SegmentInvalid      too small, truncated, or not a stream ring
    │   └── SegmentBusy         another writer is writing to it
    ├── BackupUnusable          not a backup of ours, or damaged
    ├── AccountsUnusable        the account file can't be read or written
    ├── SourceError             a video source can't be opened or read
    ├── AddressUnavailable      the web server can't listen where it should
    ├── CertificateUnusable     the web server's certificate or key can't be used
    ├── LoopUnavailable         the event loop did not answer in time, or is not running
    ├── ClientGone              the client has hung up; nobody reads the answer
    ├── RequestError            the request itself is at fault
    │   ├── BadRequest          not what the route expects
    │   ├── BadCandidate        not an ICE candidate, one too many, or of another connection
    │   ├── BadName             a file name that is not a plain name
    │   ├── BadSetting          no setting of owners, or not a value that it can have
    │   ├── HostRefused         the `Host` name may belong to a stranger
    │   ├── InvalidOffer        not a WebRTC offer
    │   ├── LastOwner           without this person nobody could invite
    │   ├── NotAllowed          whoever asks has no right to it
    │   ├── NotSignedIn         nobody is signed in
    │   ├── NoIceRestart        the viewer begins ICE anew, which needs a new offer here
    │   ├── NoUsableH264        the offer has no H.264 that fits the camera's stream
    │   ├── NotFound            no such peer or recording
    │   ├── OriginRefused       the request comes from a foreign page
    │   ├── SettingFixed        the command line, the app, the environment or the file names it
    │   ├── SettingsChanged     somebody else has changed them meanwhile
    │   ├── Superseded          this page's place went to a newer page of the same device
    │   └── TooLarge            the body exceeds its limit
    ├── NoPicture               the camera sends no picture that can be shown
    ├── NotLive                 the camera is offline, and whoever asks does not wait for it
    ├── Paused                  nobody sees and nothing records now
    ├── Full                    every viewer's place is taken
    ├── TooFewThreads           the web server runs too few requests at once for one that lasts
    ├── TooMany                 too many at once, or in a second; the others come first
    ├── Busy                    as many requests of this kind are running as can be served
    │   └── NoPort              every UDP port that the settings name is in use
    └── RecordingError
        ├── AlreadyRecording    only one at a time
        ├── NameExists          recordings are never overwritten
        ├── NotRecording        nothing to stop
        ├── OtherRecording      what runs is not the recording that was named
        ├── NotRecorderOwner    another process records into this folder
        ├── NothingToSave       there is no picture of the last seconds
        ├── RecordingInUse      it is still being written
        ├── Starred             it is marked to be kept
        ├── NotCuttable         a file without the times that a cut needs
        └── StorageError        the folder can't be written

Each class has the HTTP status and the `code` of its JSON response. `str(error)` is the text for a
person, without paths and tracebacks. `severity_of` says for any error what the part does in which
it ends.
"""

from __future__ import annotations

import errno
from enum import Enum

__all__ = [
    "MAX_FAILURES",
    "AccountsUnusable",
    "AddressUnavailable",
    "AlreadyRecording",
    "BackupUnusable",
    "BadCandidate",
    "BadName",
    "BadRequest",
    "BadSetting",
    "BitstreamError",
    "Busy",
    "CertificateUnusable",
    "ClientGone",
    "ConfigError",
    "ConfigFileUnusable",
    "Full",
    "HostRefused",
    "InvalidOffer",
    "LastOwner",
    "LoopUnavailable",
    "NameExists",
    "NoIceRestart",
    "NoPicture",
    "NoPort",
    "NoUsableH264",
    "NotAllowed",
    "NotCuttable",
    "NotFound",
    "NotLive",
    "NotRecorderOwner",
    "NotRecording",
    "NotSignedIn",
    "NothingToSave",
    "OriginRefused",
    "OtherRecording",
    "ParameterSetUnknown",
    "Paused",
    "PetStreamError",
    "RecordingError",
    "RecordingInUse",
    "RequestError",
    "SegmentBusy",
    "SegmentError",
    "SegmentInvalid",
    "SegmentMissing",
    "SettingFixed",
    "SettingsChanged",
    "Severity",
    "SourceError",
    "Starred",
    "StorageError",
    "Superseded",
    "TooFewThreads",
    "TooLarge",
    "TooMany",
    "severity_of",
]


MAX_FAILURES = 10
"""After this many in a row, a temporary error is none any more."""


class Severity(Enum):
    """What the part does in which an error ends. The host lives in any case."""

    TEMPORARY = "temporary"
    """It tries again, each time later, up to MAX_FAILURES."""
    DEGRADED = "degraded"
    """It goes on without, and says so."""
    FATAL = "fatal"
    """It stops in order: trying again would change nothing."""


class PetStreamError(Exception):
    http_status = 500
    code = "internal"
    severity = Severity.TEMPORARY
    retry_after_s: int | None = None
    """When it may succeed; None: that is not known, or never."""
    cause = ""
    """A code of what is behind it, where that is known."""


class ConfigError(PetStreamError):
    """The value of `key` is not what `expected` describes."""

    code = "config"
    severity = Severity.FATAL

    def __init__(self, key: str, value: object, expected: str) -> None:
        super().__init__(key, value, expected)
        self.key = key
        self.value = value
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.key} = {self.value!r}: expected {self.expected}"


class ConfigFileUnusable(ConfigError):
    def __init__(self, path: object, what: str) -> None:
        super().__init__(str(path), None, what)

    def __str__(self) -> str:
        return f"{self.key} {self.expected}"


class BitstreamError(PetStreamError):
    code = "bitstream"


class ParameterSetUnknown(BitstreamError):
    pass


class SegmentError(PetStreamError):
    http_status = 503
    code = "segment_unusable"


class SegmentMissing(SegmentError):
    code = "segment_missing"


class SegmentInvalid(SegmentError):
    code = "segment_invalid"


class SegmentBusy(SegmentError):
    code = "segment_busy"


class AccountsUnusable(PetStreamError):
    http_status = 503
    code = "accounts"
    severity = Severity.DEGRADED


class BackupUnusable(PetStreamError):
    code = "backup"


class SourceError(PetStreamError):
    code = "source"
    severity = Severity.DEGRADED


class AddressUnavailable(PetStreamError):
    code = "address"
    severity = Severity.FATAL


class CertificateUnusable(PetStreamError):
    code = "certificate"
    severity = Severity.FATAL


class LoopUnavailable(PetStreamError):
    http_status = 503
    code = "busy"


class ClientGone(PetStreamError):
    http_status = 400
    code = "client_gone"


class RequestError(PetStreamError):
    http_status = 400
    code = "bad_request"
    severity = Severity.DEGRADED


class BadRequest(RequestError):
    pass


class BadCandidate(RequestError):
    code = "bad_candidate"

    def __str__(self) -> str:
        return super().__str__() or "Not an ICE candidate"


class BadName(RequestError):
    code = "bad_name"


class BadSetting(RequestError):
    code = "bad_setting"


class HostRefused(RequestError):
    http_status = 421
    code = "host"


class InvalidOffer(RequestError):
    code = "invalid_offer"

    def __str__(self) -> str:
        return "Invalid offer data"


class LastOwner(RequestError):
    http_status = 409
    code = "last_owner"

    def __str__(self) -> str:
        return "This is the only owner: invite another one first"


class NotAllowed(RequestError):
    """Whoever asks is known, or the host decides, and has no right to `right`."""

    http_status = 403
    code = "not_allowed"

    def __init__(self, right: str, why: str = "") -> None:
        super().__init__(right, why)
        self.right = right
        self.why = why

    def __str__(self) -> str:
        return f"This needs the right to {self.right}" + (f": {self.why}" if self.why else "")


class NotSignedIn(RequestError):
    http_status = 401
    code = "sign_in"

    def __str__(self) -> str:
        return super().__str__() or "Sign in first"


class NoIceRestart(RequestError):
    http_status = 422
    code = "ice_restart"

    def __str__(self) -> str:
        return "ICE does not begin anew here: send a new offer"


class NoUsableH264(RequestError):
    http_status = 422
    code = "no_h264"


class NotFound(RequestError):
    http_status = 404
    code = "not_found"


class OriginRefused(RequestError):
    http_status = 403
    code = "origin"


class SettingFixed(RequestError):
    http_status = 409
    code = "setting_fixed"


class SettingsChanged(RequestError):
    http_status = 412
    code = "settings_changed"

    def __str__(self) -> str:
        return "Somebody else has changed the settings meanwhile"


class Superseded(RequestError):
    http_status = 409
    code = "superseded"

    def __str__(self) -> str:
        return "This device watches in newer pages"


class TooLarge(RequestError):
    http_status = 413
    code = "too_large"


class NoPicture(PetStreamError):
    http_status = 503
    code = "no_picture"


class NotLive(PetStreamError):
    """`cause` is the code of the camera's reason."""

    http_status = 409
    code = "not_live"
    retry_after_s: int

    def __init__(self, message: str, cause: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.cause = cause
        self.retry_after_s = retry_after_s


class Paused(PetStreamError):
    http_status = 409
    code = "paused"

    def __str__(self) -> str:
        return "The camera is paused: nobody sees and nothing records"


class Full(PetStreamError):
    """Every place is taken; a place may be free again after `retry_after_s`."""

    http_status = 503
    code = "full"
    retry_after_s: int

    def __init__(self, max_clients: int, retry_after_s: int = 5) -> None:
        super().__init__(max_clients, retry_after_s)
        self.max_clients = max_clients
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"All {self.max_clients} viewer places are taken"


class TooFewThreads(PetStreamError):
    http_status = 503
    code = "too_few_threads"


class TooMany(PetStreamError):
    """Too expensive to do for everybody at once; it may succeed after `retry_after_s`."""

    http_status = 429
    code = "too_many"
    retry_after_s: int

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Busy(PetStreamError):
    """There may be room after `retry_after_s`."""

    http_status = 503
    code = "busy"
    retry_after_s: int

    def __init__(self, message: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoPort(Busy):
    code = "no_port"

    def __init__(self, ports: range) -> None:
        super().__init__(f"Every UDP port for WebRTC is in use: {ports[0]} to {ports[-1]}")


class RecordingError(PetStreamError):
    http_status = 409
    code = "recording"
    severity = Severity.DEGRADED


class AlreadyRecording(RecordingError):
    code = "already_recording"


class NameExists(RecordingError):
    code = "name_exists"


class NotRecording(RecordingError):
    code = "not_recording"


class OtherRecording(RecordingError):
    code = "other_recording"


class NotRecorderOwner(RecordingError):
    """`owner` describes the process that records."""

    code = "not_recorder_owner"

    def __init__(self, owner: str) -> None:
        super().__init__(owner)
        self.owner = owner

    def __str__(self) -> str:
        return f"Recordings are made by {self.owner}, and by one process only"


class NothingToSave(RecordingError):
    code = "nothing_to_save"


class RecordingInUse(RecordingError):
    code = "recording_in_use"


class Starred(RecordingError):
    code = "starred"

    def __str__(self) -> str:
        return "The recording has a star: say that it is meant"


class NotCuttable(RecordingError):
    http_status = 422
    code = "not_cuttable"


class StorageError(RecordingError):
    """`cause` is the code of the disk's fault, where it is known (`recording/disk.py`)."""

    http_status = 507
    code = "storage"

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause


_LASTING = frozenset(
    {
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EPERM,
        errno.ENOENT,
        errno.ENOTDIR,
    }
)
"""What a disk says until somebody does something about it."""


def severity_of(error: BaseException) -> Severity:
    """Returns the class of `error`. A mistake of ours or of a host's callback is temporary, too:
    the next picture, or a part that begins anew, may not meet it."""
    if isinstance(error, PetStreamError):
        return error.severity
    if isinstance(error, ImportError):
        return Severity.FATAL
    if isinstance(error, OSError) and error.errno in _LASTING:
        return Severity.DEGRADED
    return Severity.TEMPORARY
