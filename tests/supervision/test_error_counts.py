from __future__ import annotations

import errno

import pytest

from pet_stream.errors import (
    AddressUnavailable,
    BadName,
    Busy,
    ConfigError,
    SegmentMissing,
    Severity,
    StorageError,
    severity_of,
)
from pet_stream.supervision.error_counts import MAX_KINDS, OTHER, ErrorCounts


@pytest.mark.parametrize(
    ("error", "severity"),
    [
        (SegmentMissing("none"), Severity.TEMPORARY),
        (Busy("full"), Severity.TEMPORARY),
        (OSError(errno.EMFILE, "too many"), Severity.TEMPORARY),
        (OSError(errno.EIO, "broken"), Severity.TEMPORARY),
        (MemoryError(), Severity.TEMPORARY),
        (ValueError("ours"), Severity.TEMPORARY),
        (SystemExit(), Severity.TEMPORARY),
        (OSError(errno.ENOSPC, "full"), Severity.DEGRADED),
        (OSError(errno.EROFS, "read-only"), Severity.DEGRADED),
        (StorageError("full"), Severity.DEGRADED),
        (BadName("x"), Severity.DEGRADED),
        (ConfigError("KEY", 1, "2"), Severity.FATAL),
        (AddressUnavailable("taken"), Severity.FATAL),
        (ImportError("av"), Severity.FATAL),
    ],
)
def test_each_error_has_one_class(error: BaseException, severity: Severity) -> None:
    assert severity_of(error) is severity


def test_errors_are_counted_by_part_and_kind() -> None:
    errors = ErrorCounts()
    for _ in range(2):
        errors.note("recorder", StorageError("full"))
    errors.note("loop", ValueError())
    assert {(k.part, k.kind, k.severity): count for k, count in errors.counts.items()} == {
        ("recorder", "StorageError", Severity.DEGRADED): 2,
        ("loop", "ValueError", Severity.TEMPORARY): 1,
    }
    assert errors.total == 3


def test_a_host_that_raises_new_kinds_for_ever_uses_up_no_memory() -> None:
    errors = ErrorCounts()
    for number in range(2 * MAX_KINDS):
        errors.note("rights", type(f"Error{number}", (Exception,), {})())
    assert len(errors.counts) <= MAX_KINDS + 1
    assert errors.total == 2 * MAX_KINDS
    assert any(kind.kind == OTHER for kind in errors.counts)
