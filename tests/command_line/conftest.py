"""The command line in this process, by its real entrance."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from pet_stream.command_line import main

PetStreamCommand = Callable[..., Result]


@pytest.fixture
def pet_stream(monkeypatch: pytest.MonkeyPatch) -> PetStreamCommand:
    """Runs `pet-stream` with arguments; `input` is typed, other keywords are the environment."""
    for variable in ("PET_STREAM_TOKEN", "PET_STREAM_URL", "PET_STREAM_CONFIG"):
        monkeypatch.delenv(variable, raising=False)

    def run(*arguments: object, input: str | None = None, **environment: str | None) -> Result:
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(main, words, input=input, env=environment, prog_name="pet-stream")

    return run
