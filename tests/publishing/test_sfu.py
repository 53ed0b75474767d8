"""A real media server: Debian's Janus, in a network namespace of the run's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from .sfu import CHECKOUT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root makes network namespaces"),
]

LIMIT_S = 180


def test_janus_gets_the_stream_serves_its_viewers_and_may_be_restarted() -> None:
    """Two viewers get every picture from Janus; we go on after it was killed and started again."""
    command = [sys.executable, "-m", "tests.publishing.sfu"]
    result = subprocess.run(
        [*command, "--viewers", "2", "--seconds", "2", "--away", "1"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(re.findall(r"Janus killed", result.stdout)) == 2
