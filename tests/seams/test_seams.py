from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Iterator

import pytest

from .rig import Failure, Rig, open_rig
from .seam import Seam
from .table import SEAMS

pytestmark = pytest.mark.slow


SUMS_UP = "pet_stream.loss_rates"
"""Says at some time that much has failed."""


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("there are no words for it")

    __repr__ = __str__


ERRORS: dict[str, Callable[[], Exception]] = {
    "an ordinary one": lambda: ValueError("broken on purpose"),
    "no memory": MemoryError,
    "no descriptor": lambda: OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
    "without words": Unspeakable,
}


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    segment = f"/pet_test_{os.getpid()}_seams"
    with open_rig(tmp_path_factory.mktemp("seams"), segment) as rig:
        rig.app.testing = False  # as outside of tests: an error is answered
        yield rig


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("seam", SEAMS, ids=lambda seam: seam.name)
def test_an_error_ends_at_its_owner(
    rig: Rig, seam: Seam, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    failure = Failure(ERRORS[error]())
    before = noted(rig, seam, failure)
    rig.forget_what_was_logged()
    caplog.clear()
    rig.see()
    with seam.fails(rig, failure):
        failure.wait()
        rig.see()
    rig.see()
    assert rig.get("/health") == 200
    if seam.part:
        assert noted(rig, seam, failure) > before
        lines = [
            record.getMessage()
            for record in caplog.records
            if record.levelno >= logging.WARNING and record.name != SUMS_UP
        ]
        assert len(lines) == 1 or seam.part == "web", lines  # what views raise is logged by the app


def noted(rig: Rig, seam: Seam, failure: Failure) -> int:
    counts = rig.stream.errors.counts
    name = type(failure.error).__name__
    return sum(counts[kind] for kind in counts if kind[:2] == (seam.part, name))
